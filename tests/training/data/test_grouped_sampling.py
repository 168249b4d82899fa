from collections.abc import Collection

import pytest
import torch
from torch import Generator, Tensor

from tests.training.drawn import crop_set
from training.data.augmentation import Augmentation
from training.data.batches import Batches
from training.data.grouped_sampling import grouped, together


def generator() -> Generator:
    return Generator().manual_seed(0)


def runs(labels: Tensor) -> list[tuple[int, int]]:
    """Which label follows itself how often."""
    values, lengths = labels.unique_consecutive(return_counts=True)
    return list(zip(values.tolist(), lengths.tolist(), strict=True))


def test_groups_are_together_and_nothing_is_lost() -> None:
    labels = torch.tensor([0, 1, 0, 1, 0, -1, 0, -1, 1, 0])
    rows = torch.arange(10)
    order = grouped(rows, labels, 3, generator())
    assert sorted(order.tolist()) == list(range(10))
    # Five of label 0 are a three and a two, three of label 1 a three, the unknown are alone.
    position = {int(row): place for place, row in enumerate(order)}
    for group in ([0, 2, 4], [6, 9], [1, 3, 8]):
        places = [position[row] for row in group]
        assert places == list(range(places[0], places[0] + len(group)))


def test_groups_of_one_are_a_shuffle() -> None:
    rows, labels = torch.arange(50), torch.zeros(50, dtype=torch.long)
    order = grouped(rows, labels, 1, generator())
    assert sorted(order.tolist()) == list(range(50))
    assert not torch.equal(order, rows)
    assert torch.equal(order, grouped(rows, labels, 1, generator()))


def test_no_rows_are_no_groups() -> None:
    none = torch.empty(0, dtype=torch.long)
    assert len(grouped(none, none, 4, generator())) == 0


def test_people_come_with_pairs_of_their_videos() -> None:
    rows = torch.randperm(64, generator=generator())
    identity, video = torch.arange(64) // 16, torch.arange(64) // 4  # four people with four videos of four faces
    order = together(rows, identity, video, 4, generator())
    assert sorted(order.tolist()) == list(range(64))
    for four in order.split(4):
        assert len(identity[four].unique()) == 1
        first, second = video[four].split(2)
        assert first[0] == first[1]
        assert second[0] == second[1]
    assert len(runs(identity[order])) > 4  # and the fours of a person are apart


@pytest.mark.parametrize(("size", "pairs"), [(1, range(6)), (2, (7, 8))])
def test_batches_hold_pairs_of_people_when_asked(size: int, pairs: Collection[int]) -> None:
    crops = crop_set(40)
    batches = Batches(crops, 64, 16, 1, Augmentation(), together=size)
    seen = []
    for step in range(2):
        people = batches[step].identity
        assert 16 - len(people.unique()) in pairs
        seen += batches.keys(step)
    assert len(set(seen)) == 32
    # Within the batch they are shuffled: neighbours are no pairs by rule.
    assert not torch.equal(people[0::2], people[1::2])
