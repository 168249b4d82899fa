"""Edits: what changes, what stays to the bit, and what is refused."""

import math

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, Vector, normalized, part, split
from model.edits import Edit, apply
from model.embedding import slerp
from model.engine.dummy import DummyModel
from model.errors import ImpossibleEdit

MODEL = DummyModel()
FACE, FIRST, SECOND = MODEL.sample(3, seed=5)
PRESETS = MODEL.calibration.presets


def edited(*edits: Edit, sources: tuple[Vector, ...] = (FIRST, SECOND)) -> Vector:
    return apply(FACE, edits, sources, PRESETS)


def assert_only_changed(result: Vector, attribute: Attribute) -> None:
    for name, numbers in split(result).items():
        assert (numbers.tobytes() == part(FACE, name).tobytes()) == (name is not attribute), name


@pytest.mark.parametrize("attribute", Attribute)
def test_a_swap_takes_one_part_and_leaves_the_rest_to_the_bit(attribute: Attribute) -> None:
    result = edited(Edit(attribute, source=1))
    assert_only_changed(result, attribute)
    np.testing.assert_array_equal(part(result, attribute), part(SECOND, attribute))


@pytest.mark.parametrize("attribute", Attribute)
@pytest.mark.parametrize("amount", [-2.0, -0.5, 0.3, 2.0])
def test_any_amount_leaves_an_embedding_that_is_valid(attribute: Attribute, amount: float) -> None:
    result = edited(Edit(attribute, source=FIRST, amount=amount))
    assert_only_changed(result, attribute)
    np.testing.assert_allclose(normalized(result), result, atol=1e-6)


def test_amounts_go_from_what_is_to_what_is_asked() -> None:
    np.testing.assert_array_equal(edited(Edit(Attribute.STYLE, source=0, amount=0.0)), FACE)
    half = edited(Edit(Attribute.STYLE, source=0, amount=0.5))
    style = [part(vector, Attribute.STYLE) for vector in (FACE, half, FIRST)]
    assert style[0] @ style[1] == pytest.approx(style[1] @ style[2], abs=1e-6)
    line = edited(Edit(Attribute.POSE, source=0, amount=0.5))
    middle = (part(FACE, Attribute.POSE) + part(FIRST, Attribute.POSE)) / 2
    np.testing.assert_allclose(part(line, Attribute.POSE), middle, atol=1e-7)


def test_angles_are_set_in_degrees_and_others_stay() -> None:
    result = edited(Edit(Attribute.POSE, set={"yaw": 20, "roll": -90.0}))
    assert_only_changed(result, Attribute.POSE)
    pitch, yaw, roll = part(result, Attribute.POSE)
    assert pitch == part(FACE, Attribute.POSE)[0]
    assert yaw == pytest.approx(math.radians(20))
    assert roll == pytest.approx(-math.pi / 2)
    half = part(edited(Edit(Attribute.POSE, set={"yaw": 20}, amount=0.5)), Attribute.POSE)
    assert half[1] == pytest.approx((part(FACE, Attribute.POSE)[1] + math.radians(20)) / 2, abs=1e-6)
    assert half[[0, 2]].tolist() == part(FACE, Attribute.POSE)[[0, 2]].tolist()


def test_a_preset_is_a_direction_of_the_calibration() -> None:
    goal = PRESETS[Attribute.EXPRESSION]["happiness"]
    result = edited(Edit(Attribute.EXPRESSION, preset="happiness", amount=0.7))
    assert_only_changed(result, Attribute.EXPRESSION)
    expected = slerp(part(FACE, Attribute.EXPRESSION), goal, 0.7)
    np.testing.assert_array_equal(part(result, Attribute.EXPRESSION), expected)


def test_edits_are_taken_in_order() -> None:
    back = edited(
        Edit(Attribute.IDENTITY, source=0), Edit(Attribute.STYLE, source=1), Edit(Attribute.IDENTITY, source=FACE)
    )
    assert_only_changed(back, Attribute.STYLE)
    np.testing.assert_array_equal(edited(), FACE)


def test_the_face_itself_is_not_changed() -> None:
    before = FACE.copy()
    edited(*(Edit(attribute, source=0, amount=0.5) for attribute in SPACES))
    np.testing.assert_array_equal(FACE, before)


def test_a_pose_that_is_exaggerated_stays_within_half_a_turn() -> None:
    turned = FACE.copy()
    part(turned, Attribute.POSE)[...] = [0.0, 1.5, 0.0]
    there = apply(turned, [Edit(Attribute.POSE, set={"yaw": -90}, amount=2.0)], (), PRESETS)
    assert part(there, Attribute.POSE)[1] == np.float32(-math.pi)
    normalized(there)  # which refuses angles beyond ±π


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit(Attribute.EXPRESSION, preset="joy"), "no expression preset 'joy'; choose one of neutral, happiness"),
        (Edit(Attribute.STYLE, preset="happiness"), "has none"),
        (Edit(Attribute.POSE, set={"tilt": 5}), "no angle 'tilt'; choose from pitch, yaw, roll"),
        (Edit(Attribute.POSE, set={"yaw": 90.5}), "between -90 and 90"),
        (Edit(Attribute.POSE, set={"yaw": math.nan}), "between -90 and 90"),
        (Edit(Attribute.POSE, set={}), "at least one angle"),
        (Edit(Attribute.IDENTITY, set={"yaw": 5}), "Only pose"),
        (Edit(Attribute.IDENTITY, source=2), "no source 2: 2 were sent"),
        (Edit(Attribute.IDENTITY, source=-1), "no source -1"),
        (Edit(Attribute.IDENTITY), "exactly one"),
        (Edit(Attribute.EXPRESSION, source=0, preset="happiness"), "exactly one"),
        (Edit(Attribute.STYLE, source=0, amount=2.01), "between -2.0 and 2.0"),
        (Edit(Attribute.STYLE, source=0, amount=-2.01), "between -2.0 and 2.0"),
        (Edit(Attribute.STYLE, source=0, amount=math.nan), "between -2.0 and 2.0"),
        (Edit(Attribute.STYLE, source=0, amount=math.inf), "between -2.0 and 2.0"),
    ],
)
def test_an_impossible_edit_says_what_would_be_possible(edit: Edit, words: str) -> None:
    with pytest.raises(ImpossibleEdit, match=words):
        edited(edit)
