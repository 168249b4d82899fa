"""Searching finds exactly what comparing every face finds, in the same order."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.index.index import Index
from gallery.query import Query, Term
from gallery.records import Deletion, EnrolledFace, Enrolment
from gallery.store.uuid7 import uuid7
from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest

Compare = Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]]
MakeEmbedding = Callable[[int], Vector]

_IDENTITY, _STYLE, _POSE = Attribute.IDENTITY, Attribute.STYLE, Attribute.POSE
_QUERIES: dict[str, dict[Attribute, tuple[float, ...]]] = {
    "pose": {_POSE: (1,)},
    "identity": {_IDENTITY: (0.3,)},
    "expression": {Attribute.EXPRESSION: (1,)},
    "unlike a style": {_STYLE: (-1,)},
    "far in pose": {_POSE: (-1,)},
    "one against another": {_IDENTITY: (1, -0.5)},
    "weighted": {_IDENTITY: (1,), _STYLE: (-0.3,)},
    "composed": {_POSE: (0.5,), _IDENTITY: (1, 2), Attribute.EXPRESSION: (1,), _STYLE: (-4,)},
}
_FILTERS: dict[str, dict[str, object]] = {
    "all": {},
    "k": {"k": 1},
    "more than there are": {"k": 1000},
    "collection": {"collection": "c1"},
    "subject": {"subject": "s3"},
    "both": {"collection": "c0", "subject": "s2"},
    "rare": {"subject": "rare"},
    "nobody": {"subject": "nobody"},
    "unknown model": {"model": "m9"},
    "at least 0.1": {"min_similarity": 0.1, "k": 500},
    "at least 1": {"min_similarity": 1.0},
    "metadata": {"metadata": {"n": 2}},
    "much metadata": {"metadata": {"n": 2.0, "odd": True}, "collection": "c1"},
    "metadata of nobody": {"metadata": {"odd": 1}},
    "near in pose": {"max_degrees": 45.0},
    "nearer in pose": {"max_degrees": 20.0, "subject": "s3"},
    "by subject": {"group_by": "subject", "k": 3},
    "all by subject": {"group_by": "subject", "k": 50, "min_similarity": -0.2},
}


def _faces(embeddings: Iterable[Vector]) -> list[EnrolledFace]:
    now, milliseconds = datetime.now(UTC), 1_700_000_000_000
    return [
        EnrolledFace(
            # Later faces may have smaller ids, as where several machines enrol.
            id=uuid7(milliseconds - number % 5),
            sequence=number * 2,
            subject="rare" if number == 17 else f"s{number % 5}",
            collection=f"c{number % 2}",
            model="m1",
            embedding=embedding,
            metadata={"n": number % 7, "odd": number % 2 == 1},
            quality=None,
            created=now,
        )
        for number, embedding in enumerate(embeddings, 1)
    ]


def _index(faces: Iterable[EnrolledFace]) -> Index:
    index = Index()
    index.apply([Enrolment(f.sequence, f.id, f.subject, f.collection, f.model, f.embedding, f.metadata) for f in faces])
    return index


def _kinds(embedding: MakeEmbedding) -> dict[str, list[Vector]]:
    extreme = [embedding(seed) for seed in range(64)]
    for corner, vector in enumerate(extreme):
        part(vector, _POSE)[...] = [np.float32(3.1415) * (1 if corner >> bit & 1 else -1) for bit in range(3)]
    close = [embedding(1).copy() for _ in range(100)]
    for place, vector in enumerate(close):
        part(vector, _POSE)[0] += np.float32(place // 2 * 1e-4)
        part(vector, _IDENTITY)[place % 32] += np.float32(1e-7)
    return {
        "random": [embedding(seed) for seed in range(100)],
        "duplicates": [embedding(seed % 7) for seed in range(100)],
        "opposite": [embedding(seed // 2) * (-1) ** seed for seed in range(100)],
        "all equal": [embedding(1)] * 80,
        "extreme poses": extreme,
        "close": close,
        "one": [embedding(1)],
        "none": [],
    }


@pytest.mark.parametrize(
    "kind", ["random", "duplicates", "opposite", "all equal", "extreme poses", "close", "one", "none"]
)
@pytest.mark.parametrize("asked", _QUERIES)
def test_search_is_brute_force(kind: str, asked: str, embedding: MakeEmbedding, brute_force: Compare) -> None:
    faces = _faces(_kinds(embedding)[kind])
    index = _index(faces)
    by_number = {face.sequence: face for face in faces}
    for seed in (1, 1000):
        terms = tuple(
            Term(attribute, part(embedding(seed + place), attribute), weight)
            for attribute, weights in _QUERIES[asked].items()
            for place, weight in enumerate(weights)
        )
        excluded: dict[str, object] = {"exclude": faces[len(faces) // 2].id} if faces else {}
        for filters in (*_FILTERS.values(), excluded):
            filters = {"reference": embedding(seed), **filters}
            query = Query(terms, **filters)  # type: ignore[arg-type]
            hits = index.search(query)
            matches = query.matches([by_number[number] for number in hits.numbers])
            assert [(match.face.id, match.similarity) for match in matches] == brute_force(faces, query)
            everyone = Query(terms, **{**filters, "k": 10**6, "min_similarity": None, "group_by": None})  # type: ignore[arg-type]
            assert hits.searched == len(brute_force(faces, everyone))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_search_is_brute_force_on_a_lattice_of_ties(
    data: st.DataObject, embedding: MakeEmbedding, brute_force: Compare
) -> None:
    """Parts are one of three, so that nearly all scores are shared by many faces."""
    base = [embedding(seed) for seed in range(3)]
    choice = st.tuples(*[st.integers(0, 2)] * len(SPACES))

    def mixed(picks: tuple[int, ...]) -> Vector:
        result = base[0].copy()
        for attribute, pick in zip(Attribute, picks, strict=True):
            part(result, attribute)[...] = part(base[pick], attribute)
        return result

    faces = _faces(map(mixed, data.draw(st.lists(choice, max_size=80))))
    weight = st.sampled_from([-1.0, -0.5, 0.5, 1.0, 3.0])
    terms = data.draw(
        st.lists(st.tuples(st.sampled_from(Attribute), st.integers(0, 2), weight), min_size=1, max_size=4)
    )
    query = Query(
        tuple(Term(attribute, part(base[pick], attribute), weight) for attribute, pick, weight in terms),
        k=data.draw(st.integers(1, 30)),
        group_by=data.draw(st.sampled_from([None, "subject"])),
        collection=data.draw(st.sampled_from([None, "c0"])),
    )
    by_number = {face.sequence: face for face in faces}
    found = [by_number[number].id for number in _index(faces).search(query).numbers]
    assert found == [id for id, _ in brute_force(faces, query)]


def test_a_subject_of_many_faces_hides_no_other(embedding: MakeEmbedding, brute_force: Compare) -> None:
    crowd = [replace(face, subject="crowd") for face in _faces([embedding(1)] * 500)]
    others = [replace(face, sequence=face.sequence + 10_000) for face in _faces(embedding(seed) for seed in range(40))]
    index = _index([*crowd, *others])
    by_number = {face.sequence: face for face in (*crowd, *others)}
    query = Query((Term(_IDENTITY, part(embedding(1), _IDENTITY)),), k=4, group_by="subject")
    found = [by_number[number] for number in index.search(query).numbers]
    assert [face.id for face in found] == [id for id, _ in brute_force(by_number.values(), query)]
    assert found[0].subject == "crowd"
    assert len({face.subject for face in found}) == 4


def test_deletions_leave_what_is_left_searchable(embedding: MakeEmbedding, brute_force: Compare) -> None:
    faces = _faces(embedding(seed) for seed in range(50))
    index = _index(faces)
    gone = {face.sequence for face in faces if face.sequence % 3 == 0}
    index.apply([Deletion(1000 + place, number) for place, number in enumerate(sorted(gone))])
    left = [face for face in faces if face.sequence not in gone]
    query = Query((Term(_POSE, part(embedding(5), _POSE)), Term(_STYLE, part(embedding(6), _STYLE))), k=100)
    by_number = {face.sequence: face for face in left}
    assert len(index) == len(left)
    assert index.sequence == 1000 + len(gone) - 1
    assert [by_number[n].id for n in index.search(query).numbers] == [id for id, _ in brute_force(left, query)]


def test_models_are_never_compared(embedding: MakeEmbedding) -> None:
    index = Index()
    index.apply([Enrolment(n, f"id-{n}", f"s{n % 2}", "c", f"m{n % 2}", embedding(n)) for n in range(1, 11)])
    terms = (Term(_IDENTITY, part(embedding(1), _IDENTITY)),)
    hits = index.search(Query(terms, model="m0"))
    assert (sorted(hits.numbers), hits.searched) == ([2, 4, 6, 8, 10], 5)
    assert sorted(index.search(Query(terms, subject="s1")).numbers) == [1, 3, 5, 7, 9]
    with pytest.raises(InvalidRequest, match="of several models; name the one"):
        index.search(Query(terms))
