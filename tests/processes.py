"""Real processes for tests: Redis, workers, and whatever else is started by a command."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import redis

ROOT = Path(__file__).parents[1]
FACET = [sys.executable, "-m", "facet"]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return when something holds; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the project's root that is stopped at the end, if it still runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            process.kill()


class RedisServer:
    """A Redis of one's own on a free port, which can be stopped and started again; it keeps nothing on disk."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._place = place
        self._process = ExitStack()

    def start(self) -> None:
        """Start it and wait until it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("there is no redis-server; Debian has it in the package redis-server")
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._place)]
        self._process.enter_context(running(command, self._place / "redis.log"))
        wait_until(self.answers)

    def answers(self) -> bool:
        """Whether it can be reached."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """Stop it; what it held is lost."""
        self._process.close()

    def client(self) -> redis.Redis:
        """A connection to it."""
        return redis.Redis(port=self.port)

    def workers(self) -> int:
        """How many inference workers live."""
        return len(self.worker_keys())

    def worker_keys(self) -> set[bytes]:
        """The key of each inference worker that lives."""
        with self.client() as client:
            return set(client.scan_iter("facet:worker:*"))


@contextmanager
def redis_server(place: Path) -> Iterator[RedisServer]:
    """A running Redis."""
    server = RedisServer(place)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_milvus(place: Path) -> Iterator[str]:
    """The address of a Milvus Lite of one's own in a process of its own, where any number of others may use it."""
    port = free_port()
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(place / "milvus"), "--port", str(port)]

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with running(command, place / "milvus.log"):
        wait_until(listens)
        yield f"http://127.0.0.1:{port}"


INFERENCE_WORKER = (*FACET, "worker", "--model", "dummy")
SEARCH_WORKER = (*FACET, "worker", "--queues", "search")


@contextmanager
def worker_process(
    server: RedisServer,
    place: Path,
    command: Sequence[str] = INFERENCE_WORKER,
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that has said that it is ready."""
    before = server.worker_keys()
    with running([*command, "--redis-url", server.url], place / "worker.log", environment) as process:
        wait_until(lambda: bool(server.worker_keys() - before) or process.poll() is not None)
        assert process.poll() is None, (place / "worker.log").read_text()
        yield process


@contextmanager
def published() -> Iterator[httpx.Client | None]:
    """A client of the deployment that `make containers` names; None where a test starts its own."""
    url = os.environ.get("PUBLISHED_URL")
    if url is None:
        yield None
        return
    with httpx.Client(base_url=url, timeout=60, headers={"X-API-Key": os.environ["PUBLISHED_KEY"]}) as client:
        yield client


@contextmanager
def distributed(place: Path, data_dir: Path) -> Iterator[dict[str, str]]:
    """The settings of a service in a data directory whose model and whose indexes are in workers, which run."""
    with (
        redis_server(place) as redis,
        worker_process(redis, place),
        worker_process(redis, place, SEARCH_WORKER, {"FACET_DATA_DIR": str(data_dir)}),
    ):
        yield {"inference": "celery", "search": "celery", "redis_url": redis.url}
