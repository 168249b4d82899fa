"""Admission by count and by time, on a clock that the test turns."""

import pytest

from model.errors import Busy
from worker import backlog
from worker.backlog import MAX_WAIT, Backlog


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(backlog, "time", clock)
    return clock


def refused(waiting: Backlog, count: int = 1) -> int:
    """After how many seconds the backlog that refuses `count` things says to come again."""
    with pytest.raises(Busy) as caught:
        waiting.enter(count)
    wait = caught.value.details["retry_after"]
    assert f"{wait} s" in caught.value.message
    assert isinstance(wait, int)
    return wait


def test_it_holds_its_limit_and_no_more() -> None:
    waiting = Backlog(3)
    waiting.enter(2)
    refused(waiting, 2)
    waiting.enter()
    refused(waiting)
    waiting.leave()
    waiting.enter()


def test_asking_takes_nothing_on() -> None:
    waiting = Backlog(3)
    waiting.check(10)
    waiting.enter(3)
    with pytest.raises(Busy):
        waiting.check()
    waiting.leave()
    waiting.check()
    waiting.enter()


def test_alone_any_number_is_taken_on() -> None:
    waiting = Backlog(3)
    waiting.enter(10)
    refused(waiting)
    for _ in range(8):
        waiting.leave()
    waiting.enter()


def test_the_advice_follows_the_measured_throughput(clock: Clock) -> None:
    waiting = Backlog(10)
    waiting.enter(10)
    assert refused(waiting, 5) == 1  # nothing is known yet
    for _ in range(10):
        clock.now += 2.0
        waiting.leave()
    clock.now += 3600.0  # a pause is no work
    waiting.enter(10)
    assert refused(waiting, 1) == pytest.approx(2, abs=1)
    assert refused(waiting, 5) == pytest.approx(10, abs=1)
    assert refused(waiting, 10_000) == MAX_WAIT


def test_a_slow_time_shortens_the_queue(clock: Clock) -> None:
    waiting = Backlog(100, max_wait=10.5)
    waiting.enter(50)
    for _ in range(50):
        clock.now += 1.0
        waiting.leave()
    for _ in range(10):  # at one a second, ten seconds hold ten
        waiting.enter()
    refused(waiting)


def test_what_would_wait_too_long_is_refused_although_there_is_room(clock: Clock) -> None:
    waiting = Backlog(100, max_wait=10.0)
    waiting.enter(30)  # nothing is known yet, so the count alone decides
    for _ in range(20):
        clock.now += 2.0
        waiting.leave()
    # Five things take ten seconds, and ten are held.
    assert refused(waiting) == 12
    for _ in range(6):
        clock.now += 2.0
        waiting.leave()
    waiting.enter()
    assert refused(waiting) == 2
