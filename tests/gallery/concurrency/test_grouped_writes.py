"""Who writes when, and what is written together."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event, Thread

import pytest

from gallery.concurrency.grouped_writes import GroupedWrites, Turns
from model.errors import InvalidRequest, StorageFull, Unavailable


def soon(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class Writer:
    """Notes what it is given, and may be held up; items that are negative cannot be written."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.free = Event()
        self.broken: Exception | None = None

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.groups.append([*items])
        assert self.free.wait(10.0)
        if self.broken is not None:
            raise self.broken
        if any(item < 0 for item in items):
            raise InvalidRequest("no number below 0")
        return [10 * item for item in items]


@pytest.fixture
def writer() -> Writer:
    return Writer()


def asked(writes: GroupedWrites[int, int], writer: Writer, items: Sequence[int]) -> list[int | Exception]:
    """What each of some items gives, the first of which writes while the others come, one after the other."""
    with ThreadPoolExecutor(len(items)) as threads:
        calls = []
        for place, item in enumerate(items):
            calls.append(threads.submit(writes, item, 10.0))
            soon(lambda place=place: len(writer.groups) == 1 and len(writes._waiting) == place)  # type: ignore[misc]
        writer.free.set()
        wait(calls)
    return [call.exception() or call.result() for call in calls]  # type: ignore[misc]


def test_what_comes_while_one_writes_is_written_together(writer: Writer) -> None:
    writes = GroupedWrites(writer, Turns(), 100)
    assert asked(writes, writer, [1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert writer.groups == [[1], [2, 3, 4, 5]]


def test_no_more_than_so_many_go_together(writer: Writer) -> None:
    writes = GroupedWrites(writer, Turns(), 2)
    assert asked(writes, writer, [1, 2, 3, 4, 5, 6]) == [10, 20, 30, 40, 50, 60]
    assert writer.groups == [[1], [2, 3], [4, 5], [6]]


def test_what_cannot_be_written_is_told_to_who_asked_for_it(writer: Writer) -> None:
    writes = GroupedWrites(writer, Turns(), 100)
    one, two, bad, three = asked(writes, writer, [1, 2, -1, 3])
    assert (one, two, three) == (10, 20, 30)
    assert isinstance(bad, InvalidRequest)
    assert writer.groups == [[1], [2, -1, 3], [2], [-1], [3]]


@pytest.mark.parametrize("error", [Unavailable("gone"), StorageFull("full")])
def test_a_database_that_is_gone_is_asked_once_for_all(writer: Writer, error: Exception) -> None:
    writer.broken = error
    writes = GroupedWrites(writer, Turns(), 100)
    assert asked(writes, writer, [1, 2, 3]) == [error] * 3
    assert writer.groups == [[1], [2, 3]]


def test_who_waits_too_long_is_told_and_is_not_written_later(writer: Writer) -> None:
    writes = GroupedWrites(writer, Turns(), 100)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(writes, 1, None)
        soon(lambda: len(writer.groups) == 1)
        with pytest.raises(Unavailable, match="too much is being written"):
            writes(2, 0.05)
        writer.free.set()
        assert first.result() == 10
    assert writes(3, 1.0) == 30
    assert writer.groups == [[1], [3]]


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order, threads = Turns(), list[int](), list[Thread]()

    def take(number: int) -> None:
        with turns.taken(None):
            order.append(number)

    with turns.taken(None):
        for number in range(8):
            threads.append(Thread(target=take, args=(number,)))
            threads[-1].start()
            soon(lambda number=number: len(turns._queue) == number + 2)  # type: ignore[misc]
        with pytest.raises(Unavailable), turns.taken(0.01):
            pass
    for thread in threads:
        thread.join()
    assert order == [*range(8)]
    with turns.taken(0.0):
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns()
    with pytest.raises(InvalidRequest), turns.taken(None):
        raise InvalidRequest("no")
    with turns.taken(0.0):
        pass
