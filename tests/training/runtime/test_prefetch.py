import threading
from dataclasses import replace

import pytest
import torch

from tests.training.drawn import crop_set
from tests.training.recipes import batches_for, tiny_recipe
from training.data.batches import Batch
from training.runtime.prefetch import AHEAD, Prefetch

CPU = torch.device("cpu")
BATCH = batches_for(tiny_recipe("joint", 1), crop_set(8))[0]


def numbered(step: int) -> Batch:
    return replace(BATCH, pose=torch.full((1, 3), float(step)))


def test_batches_come_in_order_and_no_more_than_asked_for() -> None:
    made: list[int] = []

    def make(step: int) -> Batch:
        made.append(step)
        return numbered(step)

    with Prefetch(make, CPU, 3, 9) as coming:
        assert [coming.take().pose[0, 0].item() for _ in range(6)] == [3, 4, 5, 6, 7, 8]
    assert made == [3, 4, 5, 6, 7, 8]
    assert coming.waited > 0


def test_the_next_batches_are_made_while_the_present_one_is_used() -> None:
    ready = [threading.Event() for _ in range(9)]

    def make(step: int) -> Batch:
        ready[step].set()
        return numbered(step)

    with Prefetch(make, CPU, 0, 9) as coming:
        coming.take()
        assert all(event.wait(10) for event in ready[: 1 + AHEAD])  # without another batch having been asked for
        assert not ready[AHEAD + 2].is_set()


def test_pictures_have_their_channels_last() -> None:
    with Prefetch(numbered, CPU, 0, 1) as coming:
        batch = coming.take()
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.reframed.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch.images, BATCH.images)


def test_a_failure_reaches_who_waits_and_the_thread_ends() -> None:
    def make(step: int) -> Batch:
        raise KeyError(step)

    before = threading.active_count()
    with Prefetch(make, CPU, 5, 9) as coming, pytest.raises(KeyError, match="5"):
        coming.take()
    assert threading.active_count() == before


def test_batches_take_one_core_and_leave_the_others_alone() -> None:
    seen: list[int] = []

    def make(step: int) -> Batch:
        seen.append(torch.get_num_threads())
        return numbered(step)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Prefetch(make, CPU, 0, 2) as coming:
            assert torch.get_num_threads() == 2
            coming.take()
        assert seen[0] == 1
    finally:
        torch.set_num_threads(before)
