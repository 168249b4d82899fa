"""Filters select by name, and names go when their last face does."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gallery.index.face_columns import FaceColumns
from gallery.index.face_table import Roster
from gallery.query import Query, Term
from gallery.records import Enrolment
from model.attributes import Attribute, Vector, part


def _roster(embedding: Vector) -> Roster:
    roster = Roster()
    for number, subject in enumerate(["ada", "bob", "ada", "cy"], 1):
        face = Enrolment(number * 10, f"id-{number}", subject, f"c{number % 2}", "m1", embedding)
        roster.add(FaceColumns.of([face]))
    return roster


def test_filters_select_and_combine(embedding: Callable[[int], Vector]) -> None:
    roster = _roster(embedding(1))

    def selected(**filters: str) -> list[int]:
        terms = (Term(Attribute.STYLE, part(embedding(1), Attribute.STYLE)),)
        return roster.select(Query(terms, **filters)).tolist()  # type: ignore[arg-type]

    assert selected() == [10, 20, 30, 40]
    assert selected(subject="ada") == [10, 30]
    assert selected(subject="ada", exclude="id-1") == [30]
    assert selected(collection="c0") == [20, 40]
    assert selected(collection="c0", subject="ada") == []
    assert selected(model="m2") == selected(subject="dan") == []
    assert selected(exclude="\ud800") == [10, 20, 30, 40]


def test_metadata_selects_by_equality_as_json(embedding: Callable[[int], Vector]) -> None:
    roster = Roster()
    values: list[Any] = [1, 1.0, True, "1", None, [1, {"a": 2.0, "b": 3}], [1], {}]
    for number, value in enumerate(values, 1):
        roster.add(
            FaceColumns.of(
                [Enrolment(number, f"id-{number}", "ada", "c", "m1", embedding(1), {"x": value, "y": number % 2})]
            )
        )

    def selected(**metadata: Any) -> list[int]:
        terms = (Term(Attribute.STYLE, part(embedding(1), Attribute.STYLE)),)
        numbers: list[int] = roster.select(Query(terms, metadata=metadata)).tolist()
        return numbers

    assert selected(x=1) == selected(x=1.0) == [1, 2]
    assert [selected(x=value) for value in (True, "1", None)] == [[3], [4], [5]]
    assert selected(x=[1, {"b": 3, "a": 2}]) == [6]
    assert selected(x=[1.0]) == [7]
    assert selected(x={}) == [8]
    assert selected(y=1) == [1, 3, 5, 7]
    assert selected(x=1, y=1.0) == [1]
    assert selected(x=2) == selected(z=None) == []
    roster.remove(np.array([1, 3, 8]))
    assert selected(x=1) == [2]
    assert selected(y=1) == [5, 7]


def test_ids_and_names_follow_their_faces(embedding: Callable[[int], Vector]) -> None:
    roster = _roster(embedding(1))
    roster.remove(np.array([10, 20]))
    assert len(roster) == 2
    assert roster.ids(np.array([40, 30])).tolist() == [b"id-4", b"id-3"]
    assert set(roster._names["subject"]) == {"ada", "cy"}
    roster.remove(np.array([30, 40]))
    assert roster._names == {"collection": {}, "subject": {}, "model": {}}
