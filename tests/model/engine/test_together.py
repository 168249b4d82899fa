"""Threads that call at the same moment share batches, and each gets its own result."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from model.engine.together import Together
from tests.processes import wait_until


class Doubling:
    """Doubles numbers, once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        assert self.may.wait(30)
        if 13 in items:
            raise OSError("thirteen")
        return [2 * item for item in items]


@pytest.mark.parametrize("lanes", [1, 2])
def test_what_waits_while_batches_run_becomes_the_next_ones(lanes: int) -> None:
    run = Doubling()
    together = Together(run, 4, lanes)
    with ThreadPoolExecutor(20) as threads:
        first = [threads.submit(together, 100 + number) for number in range(lanes)]
        wait_until(lambda: len(run.batches) == lanes, 10)
        later = [threads.submit(together, number) for number in range(10)]
        wait_until(lambda: len(together._waiting) == 10, 10)
        assert len(run.batches) == lanes
        run.may.set()
        assert [future.result() for future in later] == [2 * number for number in range(10)]
        assert [future.result() for future in first] == [200 + 2 * number for number in range(lanes)]
    assert [len(batch) for batch in run.batches] == [1] * lanes + [4, 4, 2]


def test_many_calls_of_many_threads_get_each_their_own_result() -> None:
    together = Together[int, int](lambda items: [item * item for item in items], 8, 2)
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(together, range(2000))) == [number * number for number in range(2000)]


def test_an_error_is_that_of_its_batch_and_of_no_other() -> None:
    run = Doubling()
    run.may.set()
    together = Together(run, 4)
    with pytest.raises(OSError, match="thirteen"):
        together(13)
    assert together(14) == 28


def test_a_batch_with_too_few_results_fails() -> None:
    together = Together[int, int](lambda _: [], 4)
    with pytest.raises(RuntimeError, match="a batch of 1 gave 0 results"):
        together(1)
