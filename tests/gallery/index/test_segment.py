"""A segment selects by what its faces say, forgets them wholly, and leaves what was seen before where it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gallery.index import segment as segments
from gallery.index.face_columns import NAMES, FaceColumns
from gallery.index.index import Index
from gallery.index.metadata_filter import code
from gallery.index.segment import Segment
from gallery.query import Query, Term
from gallery.records import Deletion, Enrolment
from model.attributes import Attribute, Vector, part

MakeEmbedding = Callable[[int], Vector]


@pytest.fixture(params=[2, 3, 100])
def rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many faces a segment holds."""
    size: int = request.param
    monkeypatch.setattr(segments, "ROWS", size)
    return size


def _query(embedding: MakeEmbedding, **filters: Any) -> Query:
    return Query((Term(Attribute.STYLE, part(embedding(1), Attribute.STYLE)),), **filters)


def _selected(index: Index, query: Query) -> list[int]:
    masks, count = index.view.select(query)
    numbers: list[int] = index.view.numbers(masks).tolist()
    assert count == len(numbers)
    return numbers


@pytest.mark.usefixtures("rows")
def test_filters_select_and_combine(embedding: MakeEmbedding) -> None:
    index = Index()
    index.apply(
        [
            Enrolment(number * 10, f"id-{number}", subject, f"c{number % 2}", "m1", embedding(1))
            for number, subject in enumerate(["ada", "bob", "ada", "cy"], 1)
        ]
    )

    def selected(**filters: str) -> list[int]:
        return _selected(index, _query(embedding, **filters))

    assert selected() == [10, 20, 30, 40]
    assert selected(subject="ada") == [10, 30]
    assert selected(subject="ada", exclude="id-1") == [30]
    assert selected(collection="c0") == [20, 40]
    assert selected(collection="c0", subject="ada") == []
    assert selected(model="m2") == selected(subject="dan") == []
    assert selected(exclude="\ud800") == [10, 20, 30, 40]


@pytest.mark.usefixtures("rows")
def test_quality_selects_from_the_number_on_and_none_without_one(embedding: MakeEmbedding) -> None:
    index = Index()
    qualities = [0.0, None, 0.1, 1.0, 0.7]
    index.apply(
        [
            Enrolment(n, f"id-{n}", "ada", "c", "m1", embedding(n), quality=quality)
            for n, quality in enumerate(qualities, 1)
        ]
    )

    def selected(**filters: Any) -> list[int]:
        return _selected(index, _query(embedding, **filters))

    assert selected() == [1, 2, 3, 4, 5]
    assert selected(min_quality=0.0) == [1, 3, 4, 5]
    # As float32 holds 0.1, which is not what a float of Python holds.
    assert selected(min_quality=0.1) == [3, 4, 5]
    assert selected(min_quality=0.7, exclude="id-4") == [5]
    assert selected(min_quality=1.0) == [4]
    index.apply([Deletion(100, 4)])
    assert selected(min_quality=0.0) == [1, 3, 5]
    changed = [Enrolment(n, f"id-{n}", "ada", "c", "m1", embedding(n), quality=q) for n, q in ((3, 0.1), (5, 0.6))]
    assert index.differing(changed) == [5]


@pytest.mark.usefixtures("rows")
def test_metadata_selects_by_equality_as_json(embedding: MakeEmbedding) -> None:
    index = Index()
    values: list[Any] = [1, 1.0, True, "1", None, [1, {"a": 2.0, "b": 3}], [1], {}]
    for number, value in enumerate(values, 1):
        index.apply([Enrolment(number, f"id-{number}", "ada", "c", "m1", embedding(1), {"x": value, "y": number % 2})])

    def selected(**metadata: Any) -> list[int]:
        return _selected(index, _query(embedding, metadata=metadata))

    assert selected(x=1) == selected(x=1.0) == [1, 2]
    assert [selected(x=value) for value in (True, "1", None)] == [[3], [4], [5]]
    assert selected(x=[1, {"b": 3, "a": 2}]) == [6]
    assert selected(x=[1.0]) == [7]
    assert selected(x={}) == [8]
    assert selected(y=1) == [1, 3, 5, 7]
    assert selected(x=1, y=1.0) == [1]
    assert selected(x=2) == selected(z=None) == []
    index.apply([Deletion(100 + place, number) for place, number in enumerate((1, 3, 8))])
    assert selected(x=1) == [2]
    assert selected(y=1) == [5, 7]


def _faces(embedding: MakeEmbedding, count: int) -> list[Enrolment]:
    return [
        Enrolment(n, f"id-{n}", f"s{n}", f"c{n}", f"m{n % 2}", embedding(n), {"n": n, "both": 1})
        for n in range(1, count + 1)
    ]


def test_nothing_of_an_erased_face_stays(embedding: MakeEmbedding) -> None:
    segment = Segment(10)
    segment.add(FaceColumns.of(_faces(embedding, 6)), 0, 6)
    before, fact = segment.part, code('["n", 3]')
    assert fact in before.facts
    codes = {name: before.rows[name][2] for name in NAMES}
    assert segment.erase(np.array([3, 99])).tolist() == [code("m1")]
    assert segment.erase(np.array([3, 99])).tolist() == []
    for part_ in (before, segment.part):
        assert not any(part_.vectors[attribute][2].any() for attribute in Attribute)
        assert not any(codes[name] in part_.rows[name] for name in NAMES if name != "model")
        assert fact not in part_.facts
        assert part_.numbers.tolist() == [1, 2, 3, 4, 5, 6]
    assert (before.erased, segment.part.erased, segment.sparse) == (0, 1, False)
    found, there = segment.part.find(np.array([2, 3, 4, 50]))
    assert found[:3].tolist() == [1, 2, 3]
    assert there.tolist() == [True, False, True, False]


def test_what_a_search_has_selected_stays_as_it_is_whatever_is_erased_meanwhile(embedding: MakeEmbedding) -> None:
    # A mask that changes between counting its rows and listing them lists rows that there are not.
    index = Index()
    index.apply(_faces(embedding, 6))
    index.apply([Deletion(7, 2)])
    view, query = index.view, _query(embedding)
    masks, count = view.select(query)
    index.apply([Deletion(8, 4), Deletion(9, 5)])
    assert count == 5
    assert [np.flatnonzero(mask).tolist() for mask in masks if mask is not None] == [[0, 2, 3, 4, 5]]
    assert index.view.numbers().tolist() == [1, 3, 6]


def test_what_was_erased_meanwhile_is_of_no_model(embedding: MakeEmbedding) -> None:
    index = Index()
    index.apply(_faces(embedding, 6))
    for before in (Deletion(7, 1), Deletion(8, 2)):
        view = index.view
        index.apply([before])
        assert not view.several_models(view.select(_query(embedding, model="m0"))[0])
        only_even = [np.array([number % 2 == 0 for number in range(1, 7)])]
        assert not view.several_models(only_even)
    assert index.view.several_models(index.view.select(_query(embedding))[0])


def test_a_segment_mostly_erased_is_written_anew_with_what_is_left(embedding: MakeEmbedding) -> None:
    segment, faces = Segment(6), _faces(embedding, 6)
    segment.add(FaceColumns.of(faces), 0, 6)
    segment.erase(np.array([1, 2, 4, 5]))
    assert segment.sparse
    fresh = segment.rewritten()
    assert (fresh.room, fresh.part.erased) == (0, 0)
    expected = FaceColumns.of([faces[2], faces[5]])
    for name, values in expected.rows.items():
        np.testing.assert_array_equal(fresh.part.rows[name], values)
    stated = sorted(zip(fresh.part.holders.tolist(), fresh.part.facts.tolist(), strict=True))
    holders = np.searchsorted([3, 6], expected.holders)
    assert stated == sorted(zip(holders.tolist(), expected.facts.tolist(), strict=True))


def test_what_is_enrolled_later_moves_nothing(embedding: MakeEmbedding, rows: int) -> None:
    index, faces = Index(), _faces(embedding, 20)
    index.apply(faces[:4])
    view = index.view
    memory = [values.__array_interface__["data"] for part_ in view.parts for values in part_.rows.values()]
    index.apply(faces[4:])
    assert [len(part_) for part_ in index.view.parts] == [min(rows, 20 - start) for start in range(0, 20, rows)]
    now = [values.__array_interface__["data"] for part_ in index.view.parts for values in part_.rows.values()]
    assert now[: len(memory)] == memory
    assert view.numbers().tolist() == [1, 2, 3, 4]
    assert (len(view), len(index.view), index.view.sequence) == (4, 20, 20)
    assert index.view.models == {"m0": 10, "m1": 10}


@pytest.mark.usefixtures("rows")
def test_names_go_when_their_last_face_does_and_memory_with_them(embedding: MakeEmbedding) -> None:
    index = Index()
    index.apply(_faces(embedding, 9))
    index.apply([Deletion(10 + n, n) for n in range(1, 10, 2)])
    assert index.view.models == {"m0": 4}
    assert index.view.numbers().tolist() == [2, 4, 6, 8]
    index.apply([Deletion(30 + n, n) for n in range(2, 9, 2)])
    assert index.view.models == {}
    assert len(index) == 0
    assert sum(len(part_) for part_ in index.view.parts) <= 9
