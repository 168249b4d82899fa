"""Changes of single attributes of a face, and how an embedding takes them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.attributes import POSE_ANGLES, Attribute, Vector, join, part, split
from model.embedding import blend
from model.errors import ImpossibleEdit

MAX_AMOUNT = 2.0
MAX_DEGREES = 90.0


@dataclass(frozen=True)
class Edit:
    """One change of one attribute. Exactly one of `source`, `set` and `preset` is given."""

    attribute: Attribute
    source: int | Vector | None = None
    """Take the attribute from this source picture (by number), or from this embedding."""
    set: Mapping[str, float] | None = None
    """Angles in degrees by name, for pose alone; angles left out stay."""
    preset: str | None = None
    """A named direction from the model's calibration, such as the expression `happiness`."""
    amount: float = 1.0
    """How far to go from what the face has (0) to what is asked (1): slerp on the sphere, a line for pose."""


def apply(
    embedding: Vector,
    edits: Sequence[Edit],
    sources: Sequence[Vector],
    presets: Mapping[Attribute, Mapping[str, Vector]],
) -> Vector:
    """A copy of an embedding `(99,)` after some edits, in order; attributes that none names stay bit-equal.

    `sources` are the embeddings `(99,)` that edits name by number. A pose is held within ±π.
    Raises ImpossibleEdit.
    """
    parts = split(np.array(embedding, np.float32))
    for edit in edits:
        now = parts[edit.attribute]
        amount = _checked_amount(edit.amount)
        parts[edit.attribute] = blend(edit.attribute, now, _goal(edit, now, sources, presets), amount)
    parts[Attribute.POSE] = np.clip(parts[Attribute.POSE], -math.pi, math.pi)
    return join(parts)


def _goal(
    edit: Edit, now: Vector, sources: Sequence[Vector], presets: Mapping[Attribute, Mapping[str, Vector]]
) -> Vector:
    """The sub-vector that an edit asks for."""
    if sum(value is not None for value in (edit.source, edit.set, edit.preset)) != 1:
        raise ImpossibleEdit(f"The edit of {edit.attribute} must name exactly one of source, set and preset.")
    if edit.preset is not None:
        return _preset(edit.attribute, edit.preset, presets.get(edit.attribute, {}))
    if edit.set is not None:
        return _turned(edit.attribute, edit.set, now)
    if isinstance(edit.source, int):
        return part(_source(edit.source, sources), edit.attribute)
    return part(np.asarray(edit.source, np.float32), edit.attribute)


def _checked_amount(amount: float) -> float:
    if not -MAX_AMOUNT <= amount <= MAX_AMOUNT:  # false for NaN too
        raise ImpossibleEdit(f"The amount {amount} is not between {-MAX_AMOUNT} and {MAX_AMOUNT}.")
    return amount


def _source(number: int, sources: Sequence[Vector]) -> Vector:
    if not 0 <= number < len(sources):
        raise ImpossibleEdit(
            f"There is no source {number}: {len(sources)} were sent, numbered from 0.", sources=len(sources)
        )
    return sources[number]


def _preset(attribute: Attribute, name: str, known: Mapping[str, Vector]) -> Vector:
    if name not in known:
        choice = f"choose one of {', '.join(known)}" if known else "this model has none for it"
        raise ImpossibleEdit(f"There is no {attribute} preset {name!r}; {choice}.", presets=list(known))
    return known[name]


def _turned(attribute: Attribute, angles: Mapping[str, float], pose: Vector) -> Vector:
    if attribute is not Attribute.POSE:
        raise ImpossibleEdit(f"Only pose can be set to angles; take {attribute} from a source or a preset.")
    if not angles:
        raise ImpossibleEdit(f"Name at least one angle to set: {', '.join(POSE_ANGLES)}.")
    turned = pose.copy()
    for name, degrees in angles.items():
        if name not in POSE_ANGLES:
            raise ImpossibleEdit(f"There is no angle {name!r}; choose from {', '.join(POSE_ANGLES)}.")
        if not -MAX_DEGREES <= degrees <= MAX_DEGREES:
            raise ImpossibleEdit(
                f"The {name} of {degrees} degrees is not between -{MAX_DEGREES:g} and {MAX_DEGREES:g}."
            )
        turned[POSE_ANGLES.index(name)] = math.radians(degrees)
    return turned
