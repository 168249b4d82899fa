"""Writes that many threads ask for: one at a time, in the order of their coming, and small ones together."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Generic, TypeVar

from model.errors import StorageFull, Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Turns:
    """A lock whose waiters get it in the order of their coming. Not re-entrant."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def taken(self, seconds: float | None) -> Iterator[None]:
        """Have it alone. Raises Unavailable after so many seconds of waiting; None waits for as long as it takes."""
        mine = object()
        with self._changed:
            self._queue.append(mine)
            if not self._changed.wait_for(lambda: self._queue[0] is mine, seconds):
                self._queue.remove(mine)
                raise Unavailable("too much is being written to the gallery at a time; try again later")
        try:
            yield
        finally:
            with self._changed:
                self._queue.popleft()
                self._changed.notify_all()


@dataclass(eq=False)
class _Call(Generic[T, R]):
    item: T
    result: R | None = None
    error: Exception | None = None
    done: bool = False


class GroupedWrites(Generic[T, R]):
    """Calls that come while another one writes go together into the next transaction."""

    def __init__(self, write: Callable[[Sequence[T]], Sequence[R]], turns: Turns, most: int) -> None:
        """`write` gives the result of each item; of those that come together at most so many are given to it.

        It does nothing where it fails.
        """
        self._write, self._turns, self._most = write, turns, most
        self._lock = Lock()
        self._waiting: deque[_Call[T, R]] = deque()

    def __call__(self, item: T, seconds: float | None) -> R:
        """The result of an item. Raises what `write` raises of it alone, and Unavailable as `Turns` does."""
        call: _Call[T, R] = _Call(item)
        with self._lock:
            self._waiting.append(call)
        try:
            with self._turns.taken(seconds):
                if not call.done:
                    self._write_all(self._group(call))
        except Unavailable:
            if not call.done:
                raise
        finally:
            with self._lock:
                if call in self._waiting:
                    self._waiting.remove(call)
        if call.error is not None:
            raise call.error
        assert call.done
        return call.result  # type: ignore[return-value]

    def _group(self, call: _Call[T, R]) -> list[_Call[T, R]]:
        """A call and those that wait with it, which wait no longer."""
        with self._lock:
            self._waiting.remove(call)
            others = min(len(self._waiting), self._most - 1)
            return [call, *(self._waiting.popleft() for _ in range(others))]

    def _write_all(self, group: list[_Call[T, R]]) -> None:
        try:
            for call, result in zip(group, self._write([call.item for call in group]), strict=True):
                call.result, call.done = result, True
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the callers'
            # A database that does not answer answers none of them; anything else may be the fault of one.
            if len(group) == 1 or isinstance(error, Unavailable | StorageFull):
                for call in group:
                    call.error, call.done = error, True
                return
            for call in group:
                self._write_all([call])
