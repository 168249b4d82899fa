"""A service on the dummy model, as a process that can be ended and begun again."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from tests.processes import FACET, ROOT, free_port, wait_until

START_SECONDS = 180.0
"""A GPU's programs are recorded before a service is ready."""


class Service:
    """`facet serve` over a data directory."""

    def __init__(
        self, place: Path, settings: Mapping[str, str] | None = None, model: str = "dummy", checkout: Path = ROOT
    ) -> None:
        """`settings` are variables of its environment; `checkout` is whose code runs."""
        self._place = place
        self._checkout = checkout
        self._settings = settings or {}
        self._model = model
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.ready_since = float("inf")
        """By the monotonic clock."""
        self.log = place / "log"
        """What it says, of all its starts."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Begin, and wait until it is ready."""
        self.ready_since = float("inf")
        command = [*FACET, "serve", "--model", self._model, "--port", str(self._port), "--data-dir", str(self._place)]
        environment = {**os.environ, **self._settings}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._checkout, stdout=log, stderr=log, env=environment)
        wait_until(self._is_ready, START_SECONDS)
        self.ready_since = time.monotonic()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, and wait for the end."""
        os.kill(self.pid, how)
        assert self._process is not None
        self._process.wait(60)

    def megabytes(self) -> float:
        """What it holds in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def service(
    place: Path, settings: Mapping[str, str] | None = None, model: str = "dummy", checkout: Path = ROOT
) -> Iterator[Service]:
    """A running service, which leaving ends."""
    running = Service(place, settings, model, checkout)
    running.start()
    try:
        yield running
    finally:
        running.end()
