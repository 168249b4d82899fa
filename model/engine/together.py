"""Single calls of many threads, answered in batches."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Call(Generic[Item, Result]):
    item: Item
    taken: bool = False
    result: Result | None = None
    error: Exception | None = None
    done: bool = False


class Together(Generic[Item, Result]):
    """A function of batches as a function of one item, for threads that call it at the same moment.

    It has no thread of its own: whoever comes while fewer than `lanes` batches run takes all items that wait along, so
    that a call that comes alone runs at once, and under load batches fill by themselves.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Result]], most: int, lanes: int = 1) -> None:
        """`run` gives one result for each of at most `most` items, in order; `lanes` threads may be in it at a time."""
        self._run, self._most, self._free = run, most, lanes
        self._waiting: deque[_Call[Item, Result]] = deque()
        self._changed = Condition()

    def __call__(self, item: Item) -> Result:
        """The result for an item. Raises what its batch met."""
        mine = _Call[Item, Result](item)
        with self._changed:
            self._waiting.append(mine)
        while not mine.done:
            self._answer(self._batch(mine))
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[return-value]

    def _batch(self, mine: _Call[Item, Result]) -> list[_Call[Item, Result]]:
        """Wait until another thread has answered a call, which gives none, or until this one may run a batch."""
        with self._changed:
            self._changed.wait_for(lambda: mine.done or (not mine.taken and self._free))
            if mine.done:
                return []
            self._free -= 1
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            for call in batch:
                call.taken = True
            return batch

    def _answer(self, batch: list[_Call[Item, Result]]) -> None:
        if not batch:
            return
        error: Exception | None = None
        results: Sequence[Result] = ()
        try:
            results = self._run([call.item for call in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"a batch of {len(batch)} gave {len(results)} results")
        except Exception as met:  # noqa: BLE001 - whatever it is, it is that of every call of the batch
            error = met
        with self._changed:
            self._free += 1
            for number, call in enumerate(batch):
                call.result, call.error, call.done = None if error else results[number], error, True
            self._changed.notify_all()
