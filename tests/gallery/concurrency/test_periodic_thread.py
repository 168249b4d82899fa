"""What is due is done, a failure is no end, and nothing is done after the close."""

from threading import Event

import pytest

from gallery.concurrency.periodic_thread import Keeper
from model.errors import Unavailable


def test_what_is_due_is_done_also_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    asked, done = list[int](), Event()

    def due() -> bool:
        asked.append(1)
        return len(asked) > 1

    def act() -> None:
        if len(asked) == 2:
            raise Unavailable("not now")
        done.set()

    keeper = Keeper(due, act, 0.001)
    assert done.wait(30)
    keeper.close()
    count = len(asked)
    assert count >= 3
    assert "put off: not now" in caplog.text
    assert not keeper._thread.is_alive()
    assert len(asked) == count


def test_nothing_is_done_before_its_time() -> None:
    done = list[int]()
    keeper = Keeper(lambda: True, lambda: done.append(1), 60)
    keeper.close()
    assert done == []


def test_a_failure_that_nobody_foresaw_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    asked, done = list[int](), Event()

    def act() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise MemoryError
        done.set()

    keeper = Keeper(lambda: True, act, 0.001)
    assert done.wait(30)
    keeper.close()
    assert "what was due failed and is tried again" in caplog.text
