"""The device's thread: what it gathers, what it refuses, and what it survives."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager

import pytest

from model.errors import Busy, Unavailable
from worker.backlog import Backlog
from worker.batcher import FEW, MANY, Batcher

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


@contextmanager
def running(run: Doubler, max_batch: int = 4, max_queue: int = 100) -> Iterator[Batcher[int, int]]:
    batcher = Batcher[int, int](run, max_batch, Backlog(max_queue))
    try:
        yield batcher
    finally:
        run.gate.set()
        batcher.close()


def held(batcher: Batcher[int, int], run: Doubler) -> Future[int]:
    """Submit an item and return once its batch holds the thread at the closed gate."""
    run.gate.clear()
    run.entered.clear()
    future = batcher.submit(0)
    assert run.entered.wait(PATIENCE)
    return future


def test_one_item_alone_runs_at_once() -> None:
    run = Doubler()
    with running(run) as batcher:
        assert batcher.submit(4).result(PATIENCE) == 8
    assert run.batches == [[4]]


def test_what_waits_is_taken_together_in_order_up_to_the_limit() -> None:
    run = Doubler()
    with running(run, max_batch=4) as batcher:
        first = held(batcher, run)
        rest = [batcher.submit(number) for number in range(2, 22, 2)]
        run.gate.set()
        assert [future.result(PATIENCE) for future in [first, *rest]] == [0, *range(4, 44, 4)]
    assert run.batches == [[0], [2, 4, 6, 8], [10, 12, 14, 16], [18, 20]]
    assert len(run.threads) == 1
    assert threading.get_ident() not in run.threads


def test_what_comes_together_is_taken_together_or_refused_together() -> None:
    run = Doubler()
    with running(run, max_batch=4, max_queue=4) as batcher:
        held(batcher, run)
        futures = batcher.submit_all([2, 4, 6])
        with pytest.raises(Busy):
            batcher.submit_all([8, 10])
        run.gate.set()
        assert [future.result(PATIENCE) for future in futures] == [4, 8, 12]
    assert run.batches == [[0], [2, 4, 6]]


def test_several_threads_take_equal_parts_of_much_and_leave_little_to_one() -> None:
    run, begun = Doubler(), list[int]()
    batcher = Batcher[int, int](run, 64, Backlog(200), lanes=2, begin=lambda: begun.append(threading.get_ident()))
    first = held(batcher, run)
    few = [batcher.submit(number) for number in range(0, 2 * (FEW - 1), 2)]
    with pytest.raises(TimeoutError):
        few[0].result(0.1)  # the other thread waits for more of them
    more = [batcher.submit(number) for number in range(0, 4 * FEW, 2)]
    run.gate.set()
    assert [future.result(PATIENCE) for future in [first, *few]] == [0, *range(0, 4 * (FEW - 1), 4)]
    assert [future.result(PATIENCE) for future in more] == list(range(0, 8 * FEW, 4))
    batcher.close()
    sizes = sorted(map(len, run.batches))
    assert sizes[0] == 1
    assert sum(sizes) == 3 * FEW
    assert max(sizes) < 2 * FEW
    assert set(begun) >= run.threads
    assert len(set(begun)) == 2


def test_patient_items_wait_for_many_that_come_and_nobody_else_does() -> None:
    run = Doubler()
    with running(run, max_batch=64) as batcher, ExitStack() as callers:
        for _ in range(MANY):
            callers.enter_context(batcher.coming())
        [patient] = batcher.submit_all([2], patient=True)
        with pytest.raises(TimeoutError):
            patient.result(0.1)
        assert batcher.submit(4).result(PATIENCE) == 8
        assert patient.result(0) == 4
        waiting = [batcher.submit_all([2 * number], patient=True)[0] for number in range(MANY - 1)]
        with pytest.raises(TimeoutError):
            waiting[0].result(0.1)
        waiting += batcher.submit_all([2 * MANY], patient=True)
        assert waiting[-1].result(PATIENCE) == 4 * MANY
        [last] = batcher.submit_all([6], patient=True)
        with pytest.raises(TimeoutError):
            last.result(0.1)
        callers.close()
        assert last.result(PATIENCE) == 12
        assert batcher.submit_all([8], patient=True)[0].result(PATIENCE) == 16
    assert [len(batch) for batch in run.batches] == [2, MANY, 1, 1]


def test_a_thread_that_is_stuck_counts_though_another_goes_on() -> None:
    run = Doubler()
    batcher = Batcher[int, int](run, 64, Backlog(100), lanes=2)
    stuck = held(batcher, run)
    gate, run.gate = run.gate, threading.Event()
    run.gate.set()
    answers = [batcher.submit(number) for number in range(0, 2 * FEW, 2)]
    assert [future.result(PATIENCE) for future in answers] == list(range(0, 4 * FEW, 4))
    before = batcher.busy_seconds()
    assert before > 0
    gate.set()
    assert stuck.result(PATIENCE) == 0
    batcher.close()
    assert batcher.busy_seconds() == 0


def test_many_threads_each_get_their_own_answer() -> None:
    run = Doubler()
    answers: dict[int, int] = {}
    with running(run, max_batch=8, max_queue=1000) as batcher:

        def ask(start: int) -> None:
            for number in range(start, start + 40, 2):
                answers[number] = batcher.submit(number).result(PATIENCE)

        threads = [threading.Thread(target=ask, args=(100 * index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == {number: 2 * number for number in answers}
    assert len(answers) == 8 * 20


def test_an_item_that_fails_fails_alone() -> None:
    run = Doubler()
    with running(run) as batcher:
        held(batcher, run)
        futures = [batcher.submit(number) for number in (2, 3, 4)]
        run.gate.set()
        assert futures[0].result(PATIENCE) == 4
        assert futures[2].result(PATIENCE) == 8
        with pytest.raises(ArithmeticError, match=r"odd in \[3\]"):
            futures[1].result(PATIENCE)
        assert batcher.submit(10).result(PATIENCE) == 20  # the thread lives on
    assert run.batches[1:-1] == [[2, 3, 4], [2], [3], [4]]


def test_a_wrong_number_of_results_is_an_error_and_no_mix_up() -> None:
    batcher = Batcher[int, int](lambda numbers: numbers[1:], max_batch=4, backlog=Backlog(10))
    with pytest.raises(RuntimeError, match="a batch of 1 gave 0 results"):
        batcher.submit(1).result(PATIENCE)
    batcher.close()


def test_a_full_queue_refuses_until_there_is_room() -> None:
    run = Doubler()
    with running(run, max_queue=3) as batcher:
        futures = [held(batcher, run), batcher.submit(2), batcher.submit(4)]
        with pytest.raises(Busy) as caught:
            batcher.submit(6)
        assert 1 <= caught.value.details["retry_after"] <= 60
        run.gate.set()
        assert [future.result(PATIENCE) for future in futures] == [0, 4, 8]
        assert batcher.submit(6).result(PATIENCE) == 12


def test_what_is_cancelled_in_time_is_never_run_and_makes_room() -> None:
    run = Doubler()
    with running(run, max_queue=3) as batcher:
        first = held(batcher, run)
        given_up = [batcher.submit(2), batcher.submit(4)]
        assert all(future.cancel() for future in given_up)
        assert not first.cancel()  # it has started
        last = batcher.submit(6)
        run.gate.set()
        assert last.result(PATIENCE) == 12
        with pytest.raises(CancelledError):
            given_up[0].result(PATIENCE)
    assert run.batches == [[0], [6]]


def test_closing_finishes_what_waits_and_refuses_the_rest() -> None:
    run = Doubler()
    batcher = Batcher[int, int](run, max_batch=2, backlog=Backlog(100))
    futures = [held(batcher, run), *(batcher.submit(number) for number in (2, 4, 6))]
    closing = threading.Thread(target=batcher.close)
    closing.start()
    run.gate.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert [future.result(0) for future in futures] == [0, 4, 8, 12]
    with pytest.raises(Unavailable, match="stopping"):
        batcher.submit(2)
    batcher.close()  # again, without harm
