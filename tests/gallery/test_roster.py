"""Filters select by name, and names go when their last face does."""

from collections.abc import Callable

import numpy as np

from gallery.query import Query, Term
from gallery.records import Enrolment
from gallery.roster import Roster
from model.attributes import Attribute, Vector, part


def _roster(embedding: Vector) -> Roster:
    roster = Roster()
    for number, subject in enumerate(["ada", "bob", "ada", "cy"], 1):
        roster.add([Enrolment(number * 10, f"id-{number}", subject, f"c{number % 2}", "m1", embedding)])
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


def test_ids_and_names_follow_their_faces(embedding: Callable[[int], Vector]) -> None:
    roster = _roster(embedding(1))
    roster.remove(np.array([10, 20]))
    assert len(roster) == 2
    assert roster.ids(np.array([40, 30])).tolist() == [b"id-4", b"id-3"]
    assert set(roster._names["subject"]) == {"ada", "cy"}
    roster.remove(np.array([30, 40]))
    assert roster._names == {"collection": {}, "subject": {}, "model": {}}
