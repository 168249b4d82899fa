"""The compose file's profile `cpu`, started for real under a name of its own and stopped again."""

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from docker.containers.bases import ROOT
from docker.containers.engine import Engine

PROJECT = "facet-trial"
_ORDER = ("api", "worker", "search", "redis", "postgres")
"""Of stopping: what needs another before what it needs."""
_SECRETS = ROOT / "docker" / "secrets"


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 240.0) -> float:
    """Seconds until something holds. Raises TimeoutError."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - began


class Deployment:
    """The containers that run, and their API."""

    def __init__(self, engine: Engine, model: str = "", tag: str = "latest") -> None:
        """model: the one that workers have, by default the bundled one. tag: of the images."""
        self.engine = engine
        self.port = free_port()
        self.key = ""
        self.seconds_to_ready = 0.0
        engine.environment |= {"FACET_PUBLISH": f"127.0.0.1:{self.port}", "FACET_MODEL": model, "FACET_TAG": tag}
        engine.environment["FACET_MAX_REQUESTS"] = "1000000"  # all callers have one key

    @property
    def url(self) -> str:
        """Where the API is published."""
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, timeout: float = 300) -> str:
        """A command of compose for this deployment."""
        file = str(ROOT / "docker-compose.yml")
        return self.engine.compose("-p", PROJECT, "-f", file, "--profile", "cpu", *arguments, timeout=timeout)

    def containers(self, service: str = "") -> list[str]:
        """The names of the containers, of one service or of all, in order."""
        label = "com.docker.compose.{}={}".format
        filters = [label("project", PROJECT), *([label("service", service)] if service else [])]
        arguments = [part for wanted in filters for part in ("--filter", f"label={wanted}")]
        return sorted(self.engine.run("ps", "--all", "--format", "{{.Names}}", *arguments).split())

    def beside(self, service: str, name: str, tag: str, *options: str) -> str:
        """One more container of a service, of the image with a tag; gives its name."""
        self.engine.environment["FACET_TAG"] = tag
        self.compose("run", "--detach", "--no-deps", "--name", name, *options, service)
        return name

    def health(self, container: str) -> str:
        """`healthy`, `starting`, `unhealthy`, or empty where nobody knows yet."""
        state = self.engine.inspect(container)["State"]
        return str((state.get("Health") or state.get("Healthcheck") or {}).get("Status", ""))

    def start(self) -> None:
        """Start what keeps data, make a key, and start the rest with two workers."""
        self.compose("up", "--detach", "redis", "postgres")
        wait_until(
            lambda: all(self.health(name) == "healthy" for name in self.containers()), "Redis, PostgreSQL healthy"
        )
        made = self.compose(
            "run", "--rm", "--no-deps", "-T", "api", "facet", "keys", "create", "admin", "--scope", "admin"
        )
        self.key = made.split()[-1]
        began = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--scale", "worker=2")
        wait_until(self.ready, "the API is ready")
        self.seconds_to_ready = time.monotonic() - began
        wait_until(lambda: all(self.health(name) == "healthy" for name in self.containers()), "every container healthy")

    def client(self, port: int | None = None) -> httpx.Client:
        """A client that has the key; of the published port, or of another."""
        base = f"http://127.0.0.1:{port or self.port}"
        return httpx.Client(base_url=base, headers={"X-API-Key": self.key}, timeout=60)

    def ready(self, port: int | None = None) -> bool:
        """Whether the API says so."""
        try:
            return httpx.get(f"http://127.0.0.1:{port or self.port}/health/ready", timeout=10).is_success
        except httpx.TransportError:
            return False

    def remove(self) -> None:
        """Remove all of it, whatever state it is in."""
        for name in self._last_needed_last():
            # By force, as what restarts by itself would come back while the others are stopped.
            self.engine.run("rm", "--force", "--volumes", name, check=False)
        self.compose("down", "--volumes")

    def stop(self) -> dict[str, int]:
        """Stop every container; gives their exit codes."""
        names = self._last_needed_last()
        for name in names:
            self.halt(name)
        return {name: int(self.engine.inspect(name)["State"]["ExitCode"]) for name in names}

    def halt(self, name: str) -> None:
        """Stop a container, with the compose file's grace; Podman's own is 10 s."""
        self.engine.run("stop", "--time", "40", name, timeout=90)

    def _last_needed_last(self) -> list[str]:
        return [name for service in _ORDER for name in self.containers(service)]


@contextmanager
def deployment(engine: Engine, model: str = "", tag: str = "latest") -> Iterator[Deployment]:
    """Nothing of it is left at the end, its volumes neither."""
    with _secrets(), _checking(engine) as current:
        current.append(found := Deployment(engine, model, tag))
        found.remove()
        try:
            yield found
        except BaseException:
            for name in found.containers():
                print(f"--- {name}", engine.logs(name), sep="\n", flush=True)
            raise
        finally:
            current.clear()
            found.remove()


@contextmanager
def _checking(engine: Engine) -> Iterator[list[Deployment]]:
    """Runs the containers' health checks where no systemd does it for Podman."""
    current: list[Deployment] = []
    stopping = threading.Event()

    def check() -> None:
        while not stopping.wait(2.0):
            for deployment in list(current):
                for name in deployment.containers():
                    engine.succeeds("healthcheck", "run", name)

    thread = threading.Thread(target=check, daemon=True)
    if engine.name == "podman" and not Path("/run/systemd/system").exists():
        thread.start()
    yield current
    stopping.set()
    if thread.ident:
        thread.join()


@contextmanager
def _secrets() -> Iterator[None]:
    """The files that docker/README.md tells to make, for as long as this runs; those that are there stay."""
    if _SECRETS.exists():
        yield
        return
    _SECRETS.mkdir(mode=0o700)
    password = secrets.token_hex(24)
    url = f"postgresql+psycopg://facet:{password}@postgres/facet"
    files = {"postgres_password": password, "facet_database_url": url}
    try:
        for name, text in files.items():
            (_SECRETS / name).write_text(text)
            (_SECRETS / name).chmod(0o444)
        yield
    finally:
        for name in files:
            (_SECRETS / name).unlink(missing_ok=True)
        _SECRETS.rmdir()
