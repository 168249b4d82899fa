"""A distributed deployment as processes of this machine, for benchmarks."""

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from tests.processes import FACET, RedisServer, free_port, redis_server, running, wait_until


class Deployment:
    """Processes over one Redis and one database, which can be killed and restarted."""

    def __init__(self, place: Path, redis: RedisServer, stack: contextlib.ExitStack, model: str) -> None:
        self._place = place
        self.redis = redis
        self._stack = stack
        self._model = model
        self.workers: dict[str, list[subprocess.Popen[bytes]]] = {"inference": [], "search": []}
        self.apis: list[subprocess.Popen[bytes]] = []
        self.urls: list[str] = []
        self.kills = 0

    def start_worker(self, queue: str, *options: str) -> None:
        """One more worker of a queue."""
        self.workers[queue].append(self._worker(queue, *options))

    def start_api(self, **settings: str) -> str:
        """One more API process; gives its address once it answers."""
        port = free_port()
        self.apis.append(self._run(["serve", "--port", str(port)], "api", settings))
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _lives(url))
        self.urls.append(url)
        return url

    def ready(self) -> None:
        """Return when every API process finds every part."""
        for url in self.urls:
            wait_until(lambda: httpx.get(f"{url}/health/ready").status_code == 200)  # noqa: B023 - called at once

    def kill_a_worker(self, chance: random.Random) -> None:
        """End one worker of any queue with SIGKILL, and start another in its place."""
        queue = chance.choice(list(self.workers))
        workers = self.workers[queue]
        place = chance.randrange(len(workers))
        workers[place].kill()
        workers[place].wait()
        workers[place] = self._worker(queue)
        self.kills += 1

    def _worker(self, queue: str, *options: str) -> subprocess.Popen[bytes]:
        return self._run(["worker", "--queues", queue, *options], queue, {"FACET_MODEL": self._model})

    def _run(self, arguments: Sequence[str], log: str, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "FACET_INFERENCE": "celery",
            "FACET_SEARCH": "celery",
            "FACET_REDIS_URL": self.redis.url,
            "FACET_DATA_DIR": str(self._place / "data"),
            "FACET_LOG_LEVEL": "warning",
            **settings,
        }
        return self._stack.enter_context(running([*FACET, *arguments], self._place / f"{log}.log", environment))


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.ConnectError:
        return False


@contextlib.contextmanager
def deployment(place: Path, *, apis: int, workers: int, searchers: int, model: str = "dummy") -> Iterator[Deployment]:
    """A deployment that is ready."""
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(redis_server(place))
        made = Deployment(place, redis, stack, model)
        for _ in range(apis):
            made.start_api()
        for _ in range(workers):
            made.start_worker("inference")
        for _ in range(searchers):
            made.start_worker("search")
        wait_until(lambda: redis.workers() == workers + searchers)
        made.ready()
        yield made
