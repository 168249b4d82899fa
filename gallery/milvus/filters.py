"""The filters of a query as an expression of Milvus."""

import math
from collections.abc import Collection

from gallery.index.metadata_filter import code, facts
from gallery.milvus.rows import ANGLES, QUALITY, STATE
from gallery.query import Query, quality_number

_SLACK = 1e-5
"""Radians by which angles in float32, and their distance, can be off."""


def expression(query: Query, excluded: int | None = None, subjects: Collection[str] = ()) -> str:
    """What the rows of all faces that pass a query's filters satisfy; empty where it has none.

    Of `max_degrees` it is the box around the ball of poses, so that some pass that are too far. `excluded` is the
    number of the face to leave out, and faces of `subjects` do not pass either.
    """
    parts = [
        *_equal(query),
        *_box(query),
        *([] if excluded is None else [f"number != {excluded}"]),
        *([f"subject not in {[code(subject) for subject in subjects]}"] if subjects else []),
    ]
    return " and ".join([f"number > {STATE}", *parts] if parts else [])


def _equal(query: Query) -> list[str]:
    stated = sorted(facts(query.metadata))
    return [
        # A name of a collection has no character that would need quoting.
        *([] if query.collection is None else [f'collection == "{query.collection}"']),
        *([] if query.subject is None else [f"subject == {code(query.subject)}"]),
        *([] if query.model is None else [f"model == {code(query.model)}"]),
        *([] if query.min_quality is None else [f"{QUALITY} >= {quality_number(query.min_quality)!r}"]),
        *([f"array_contains_all(facts, {stated})"] if stated else []),
    ]


def _box(query: Query) -> list[str]:
    if query.max_degrees is None or query.pose is None:
        return []
    radius = math.radians(query.max_degrees) + _SLACK
    return [
        f"{angle} >= {middle - radius:.9f} and {angle} <= {middle + radius:.9f}"
        for angle, middle in zip(ANGLES, query.pose.tolist(), strict=True)
    ]
