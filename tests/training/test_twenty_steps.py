"""Training does what it did: its losses are compared with committed ones."""

import pytest

from tests.training.twenty_steps import committed, losses, processor
from training.recipe import LEARNING

FIRST, LAST = 2e-4, 0.05
"""Relative differences that another processor's rounding was seen to make in the first step, and by the last: the game
against the critics makes much of little."""
FEW = ("smoothness",)
"""Losses of a few pixels in some batches and of none in the others: they differ by a share of the curve's greatest."""


@pytest.mark.parametrize("stage", LEARNING)
def test_twenty_steps_of_a_stage_give_the_committed_losses(stage: str) -> None:
    expected, found = committed(), losses(stage)
    if expected["processor"] == processor():
        assert found == expected[stage]
        return
    assert found.keys() == expected[stage].keys()
    for name, curve in expected[stage].items():
        assert found[name][0] == pytest.approx(curve[0], rel=FIRST, abs=FIRST * 1e-2), name
        least = max(curve) if name in FEW else 1e-2
        assert found[name] == pytest.approx(curve, rel=LAST, abs=LAST * least), name
