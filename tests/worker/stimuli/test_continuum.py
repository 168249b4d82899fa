"""The most even of all that was read, beside every way to choose."""

import itertools

import numpy as np

from model.attributes import Attribute
from model.engine.dummy import DummyModel
from worker.stimuli.continuum import LENGTHS, most_even
from worker.stimuli.geometry import between, distances


def test_the_most_even_steps_of_all_that_was_read() -> None:
    start, end = DummyModel().sample(2, seed=1)
    attributes = (Attribute.STYLE,)
    rng = np.random.default_rng(0)
    amounts = np.clip(np.linspace(0, 1, 5) + 0.05 * rng.normal(size=(3, 5)), 0, 1)
    reads = np.stack([[between(start, end, float(amount), attributes) for amount in row] for row in amounts])
    rounds, uneven = most_even(reads, attributes)

    def steps(chosen: tuple[int, ...]) -> np.ndarray:
        frames = reads[list(chosen), np.arange(5)]
        return distances(frames[:-1], frames[1:], attributes)

    frames = itertools.pairwise(reads.swapaxes(0, 1))
    mean = np.mean([distances(a[:, None], b[None], attributes).mean() for a, b in frames])

    def deviation(chosen: tuple[int, ...]) -> float:
        return min(float(np.abs(steps(chosen) / length - 1.0).max()) for length in LENGTHS * mean)

    assert uneven == deviation(tuple(rounds.tolist()))
    assert uneven == min(deviation(chosen) for chosen in itertools.product(range(3), repeat=5))
    assert uneven < min(deviation((number,) * 5) for number in range(3))
