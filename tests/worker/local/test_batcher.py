"""The device's thread: what it gathers, what it refuses, and what it survives."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from model.errors import Busy, Unavailable
from worker.backlog import Backlog
from worker.local.batcher import FEW, MANY, Batcher

PATIENCE = 10.0
"""Seconds after which a thread that should have answered counts as stuck."""


class Doubler:
    """Doubles numbers, refuses odd ones, notes its batches; behind a gate that the test opens."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.gate.set()

    def __call__(self, numbers: list[int]) -> list[int]:
        self.entered.set()
        assert self.gate.wait(PATIENCE)
        self.threads.add(threading.get_ident())
        self.batches.append(numbers)
        if any(number % 2 for number in numbers):
            raise ArithmeticError(f"odd in {numbers}")
        return [2 * number for number in numbers]


class Callers:
    """Asks a batcher from an event loop of its own, in order."""

    def __init__(self, batcher: Batcher[int, int]) -> None:
        self.batcher = batcher
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def submit_all(self, items: list[int], patient: bool = False) -> Future[list[int]]:
        return asyncio.run_coroutine_threadsafe(self.batcher.run(items, patient), self._loop)

    def submit(self, item: int) -> Future[int]:
        async def one() -> int:
            return (await self.batcher.run([item]))[0]

        return asyncio.run_coroutine_threadsafe(one(), self._loop)

    def settle(self) -> None:
        """Return when the loop has done all that it was told."""
        for _ in range(3):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(PATIENCE)

    def held(self, run: Doubler) -> Future[int]:
        """Submit an item and return once its batch holds the thread at the closed gate."""
        run.gate.clear()
        run.entered.clear()
        future = self.submit(0)
        assert run.entered.wait(PATIENCE)
        return future

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def running(run: Doubler, max_batch: int = 4, max_queue: int = 100, **options: Any) -> Iterator[Callers]:
    callers = Callers(Batcher[int, int](run, max_batch, Backlog(max_queue), **options))
    try:
        yield callers
    finally:
        run.gate.set()
        callers.batcher.close()
        callers.settle()
        callers.end()


def test_one_item_alone_runs_at_once() -> None:
    run = Doubler()
    with running(run) as callers:
        assert callers.submit(4).result(PATIENCE) == 8
    assert run.batches == [[4]]


def test_what_waits_is_taken_together_in_order_up_to_the_limit() -> None:
    run = Doubler()
    with running(run, max_batch=4) as callers:
        first = callers.held(run)
        rest = [callers.submit(number) for number in range(2, 22, 2)]
        callers.settle()
        run.gate.set()
        assert [future.result(PATIENCE) for future in [first, *rest]] == [0, *range(4, 44, 4)]
    assert run.batches == [[0], [2, 4, 6, 8], [10, 12, 14, 16], [18, 20]]
    assert len(run.threads) == 1
    assert threading.get_ident() not in run.threads


def test_what_comes_together_is_taken_together_or_refused_together() -> None:
    run = Doubler()
    with running(run, max_batch=4, max_queue=4) as callers:
        callers.held(run)
        together = callers.submit_all([2, 4, 6])
        with pytest.raises(Busy):
            callers.submit_all([8, 10]).result(PATIENCE)
        run.gate.set()
        assert together.result(PATIENCE) == [4, 8, 12]
    assert run.batches == [[0], [2, 4, 6]]


def test_several_threads_take_equal_parts_of_much_and_leave_little_to_one() -> None:
    run, begun = Doubler(), list[int]()
    with running(run, 64, 200, lanes=2, begin=lambda: begun.append(threading.get_ident())) as callers:
        first = callers.held(run)
        few = [callers.submit(number) for number in range(0, 2 * (FEW - 1), 2)]
        with pytest.raises(TimeoutError):
            few[0].result(0.1)  # the other thread waits for more of them
        more = [callers.submit(number) for number in range(0, 4 * FEW, 2)]
        callers.settle()
        run.gate.set()
        assert [future.result(PATIENCE) for future in [first, *few]] == [0, *range(0, 4 * (FEW - 1), 4)]
        assert [future.result(PATIENCE) for future in more] == list(range(0, 8 * FEW, 4))
    sizes = sorted(map(len, run.batches))
    assert sizes[0] == 1
    assert sum(sizes) == 3 * FEW
    assert max(sizes) < 2 * FEW
    assert set(begun) >= run.threads
    assert len(set(begun)) == 2


def test_patient_items_wait_for_many_that_come_and_nobody_else_does() -> None:
    run = Doubler()
    with running(run, max_batch=64) as callers, ExitStack() as coming:
        for _ in range(MANY):
            coming.enter_context(callers.batcher.coming())
        patient = callers.submit_all([2], patient=True)
        with pytest.raises(TimeoutError):
            patient.result(0.1)
        assert callers.submit(4).result(PATIENCE) == 8
        assert patient.result(PATIENCE) == [4]
        waiting = [callers.submit_all([2 * number], patient=True) for number in range(MANY - 1)]
        with pytest.raises(TimeoutError):
            waiting[0].result(0.1)
        waiting.append(callers.submit_all([2 * MANY], patient=True))
        assert waiting[-1].result(PATIENCE) == [4 * MANY]
        last = callers.submit_all([6], patient=True)
        with pytest.raises(TimeoutError):
            last.result(0.1)
        coming.close()
        assert last.result(PATIENCE) == [12]
        assert callers.submit_all([8], patient=True).result(PATIENCE) == [16]
    assert [len(batch) for batch in run.batches] == [2, MANY, 1, 1]


def test_a_thread_that_is_stuck_counts_though_another_goes_on() -> None:
    run = Doubler()
    with running(run, 64, lanes=2) as callers:
        stuck = callers.held(run)
        gate, run.gate = run.gate, threading.Event()
        run.gate.set()
        answers = [callers.submit(number) for number in range(0, 2 * FEW, 2)]
        assert [future.result(PATIENCE) for future in answers] == list(range(0, 4 * FEW, 4))
        before = callers.batcher.busy_seconds()
        assert before > 0
        gate.set()
        assert stuck.result(PATIENCE) == 0
    assert callers.batcher.busy_seconds() == 0


def test_many_callers_each_get_their_own_answer() -> None:
    run = Doubler()
    answers: dict[int, int] = {}
    with running(run, max_batch=8, max_queue=1000) as callers:

        def ask(start: int) -> None:
            for number in range(start, start + 40, 2):
                answers[number] = callers.submit(number).result(PATIENCE)

        threads = [threading.Thread(target=ask, args=(100 * index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {number: 2 * number for number in answers}
    assert len(answers) == 8 * 20


def test_an_item_that_fails_fails_alone() -> None:
    run = Doubler()
    with running(run) as callers:
        callers.held(run)
        futures = [callers.submit(number) for number in (2, 3, 4)]
        callers.settle()
        run.gate.set()
        assert futures[0].result(PATIENCE) == 4
        assert futures[2].result(PATIENCE) == 8
        with pytest.raises(ArithmeticError, match=r"odd in \[3\]"):
            futures[1].result(PATIENCE)
        assert callers.submit(10).result(PATIENCE) == 20  # the thread lives on
    assert run.batches[1:-1] == [[2, 3, 4], [2], [3], [4]]


def test_a_wrong_number_of_results_is_an_error_and_no_mix_up() -> None:
    run = Doubler()
    with (
        running(run) as callers,
        patch.object(callers.batcher, "_run", lambda numbers: numbers[1:]),
        pytest.raises(RuntimeError, match="a batch of 1 gave 0 results"),
    ):
        callers.submit(1).result(PATIENCE)


def test_a_full_queue_refuses_until_there_is_room() -> None:
    run = Doubler()
    with running(run, max_queue=3) as callers:
        futures = [callers.held(run), callers.submit(2), callers.submit(4)]
        with pytest.raises(Busy) as caught:
            callers.submit(6).result(PATIENCE)
        assert 1 <= caught.value.details["retry_after"] <= 60
        run.gate.set()
        assert [future.result(PATIENCE) for future in futures] == [0, 4, 8]
        assert callers.submit(6).result(PATIENCE) == 12


def test_what_is_cancelled_in_time_is_never_run_and_makes_room() -> None:
    run = Doubler()
    with running(run, max_queue=4) as callers:
        first = callers.held(run)
        given_up = [callers.submit(2), callers.submit_all([4, 6])]
        callers.settle()
        for future in (*given_up, first):  # the last has begun
            future.cancel()
        callers.settle()
        last = callers.submit_all([8, 10, 12])
        run.gate.set()
        assert last.result(PATIENCE) == [16, 20, 24]
        with pytest.raises(CancelledError):
            given_up[0].result(PATIENCE)
    assert run.batches == [[0], [8, 10, 12]]


def test_nothing_is_answered_with_nothing() -> None:
    with running(Doubler()) as callers:
        assert callers.submit_all([]).result(PATIENCE) == []


def test_an_order_larger_than_a_batch_comes_back_whole_and_in_order() -> None:
    run = Doubler()
    with running(run, max_batch=4, lanes=2) as callers:
        assert callers.submit_all(list(range(0, 60, 2))).result(PATIENCE) == list(range(0, 120, 4))
    assert max(map(len, run.batches)) == 4


def test_closing_finishes_what_waits_and_refuses_the_rest() -> None:
    run = Doubler()
    with running(run, max_batch=2) as callers:
        futures = [callers.held(run), *(callers.submit(number) for number in (2, 4, 6))]
        callers.settle()
        closing = threading.Thread(target=callers.batcher.close)
        closing.start()
        run.gate.set()
        closing.join(PATIENCE)
        assert not closing.is_alive()
        assert [future.result(PATIENCE) for future in futures] == [0, 4, 8, 12]
        with pytest.raises(Unavailable, match="stopping"):
            callers.submit(2).result(PATIENCE)
    # closed again, without harm
