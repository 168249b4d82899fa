"""Batches that are under way together come back in order, and nobody waits for ever for a slot."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.engine.slot_pool import Array, SlotPool

NOTHING = np.empty((0, 2), np.float32)


class Doubler:
    """A slot that doubles its rows, and notes how many of its kind are at work."""

    at_work: set[int]
    most = 0

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.rows = seconds, None

    def start(self, rows: Array) -> None:
        assert self.rows is None, "it was begun again before its result was fetched"
        self.rows = rows.copy()
        self.at_work.add(id(self))
        type(self).most = max(self.most, len(self.at_work))
        if np.isnan(rows).any():
            raise ArithmeticError("no number")

    def result(self) -> Array:
        time.sleep(self.seconds)
        rows, self.rows = self.rows, None
        self.at_work.discard(id(self))
        assert rows is not None
        return 2.0 * rows


def pool(count: int, seconds: float = 0.0) -> tuple[SlotPool, type[Doubler]]:
    kind = type("Noting", (Doubler,), {"at_work": set()})
    return SlotPool([kind(seconds) for _ in range(count)], 4, NOTHING), kind


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
def test_pieces_come_back_in_order(slots: int, count: int) -> None:
    doubled, kind = pool(slots)
    rows = np.random.default_rng(0).random((count, 2), np.float32)
    for _ in range(2):
        np.testing.assert_array_equal(doubled(rows), 2.0 * rows)
    assert kind.most == min(slots, -(-count // 4))


def test_threads_share_the_slots_and_none_waits_for_ever() -> None:
    doubled, kind = pool(2, 0.001)
    batches = [np.random.default_rng(n).random((1 + 5 * (n % 4), 2), np.float32) for n in range(60)]
    with ThreadPoolExecutor(6) as threads:
        for rows, found in zip(batches, threads.map(doubled, batches), strict=True):
            np.testing.assert_array_equal(found, 2.0 * rows)
    assert kind.most == 2


def test_a_batch_begins_while_another_is_waited_for() -> None:
    doubled, kind = pool(2, 0.3)
    first = threading.Thread(target=doubled, args=(np.ones((1, 2), np.float32),))
    first.start()
    begun = time.monotonic()
    doubled(np.ones((1, 2), np.float32))
    first.join()
    assert time.monotonic() - begun < 0.55
    assert kind.most == 2


def test_a_slot_comes_back_after_an_error() -> None:
    doubled, _ = pool(1)
    with pytest.raises(ArithmeticError):
        doubled(np.full((6, 2), np.nan, np.float32))
    slot = doubled._free.get_nowait()
    slot.rows = None  # type: ignore[attr-defined]  # a stream forgets by itself what was not fetched
    doubled._free.put(slot)
    np.testing.assert_array_equal(doubled(np.ones((2, 2), np.float32)), 2.0 * np.ones((2, 2)))
