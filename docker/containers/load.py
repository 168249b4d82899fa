"""Requests that go on while something happens to the containers."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

Ask = Callable[[httpx.Client], httpx.Response]


class Load:
    """Asks from some threads, and counts what comes: by status, or by the name of the error."""

    def __init__(self, connect: Callable[[], httpx.Client], ask: Ask, threads: int) -> None:
        self.answers: Counter[str] = Counter()
        self._connect, self._ask = connect, ask
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]

    def _work(self) -> None:
        while not self._stopping.is_set():
            # A connection for each request, as from callers who come and go.
            with self._connect() as client:
                try:
                    found = str(self._ask(client).status_code)
                except httpx.TransportError as error:
                    found = type(error).__name__
            with self._lock:
                self.answers[found] += 1
            if found != "200":
                self._stopping.wait(0.2)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def load(connect: Callable[[], httpx.Client], ask: Ask, threads: int = 4) -> Iterator[Load]:
    """Requests until the end."""
    running = Load(connect, ask, threads)
    running.start()
    try:
        yield running
    finally:
        running.stop()
