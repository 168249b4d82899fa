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
        self._answers: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._connect, self._ask = connect, ask
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]

    @property
    def answers(self) -> Counter[str]:
        """What came so far."""
        with self._lock:
            return self._answers.copy()

    @property
    def reasons(self) -> Counter[str]:
        """What was said, so far, of what was no success."""
        with self._lock:
            return self._reasons.copy()

    def _work(self) -> None:
        while not self._stopping.is_set():
            # A connection for each request, as from callers who come and go.
            with self._connect() as client:
                try:
                    answer = self._ask(client)
                    found, good, reason = str(answer.status_code), answer.is_success, answer.text
                except httpx.TransportError as error:
                    found, good, reason = type(error).__name__, False, str(error)
            with self._lock:
                self._answers[found] += 1
                if not good:
                    self._reasons[reason[:300]] += 1
            if not good:
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
