"""Searching finds exactly what comparing every face finds, in the same order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.index import segment as segments
from gallery.index.index import Hits, Index
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
    "of quality 0.4": {"min_quality": 0.4, "k": 500},
    "of any quality": {"min_quality": 0.0, "k": 500, "collection": "c1"},
    "of the best quality": {"min_quality": 1.0},
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
            quality=None if number % 3 == 0 else number % 11 / 10,
            created=now,
        )
        for number, embedding in enumerate(embeddings, 1)
    ]


def _index(faces: Iterable[EnrolledFace]) -> Index:
    index = Index()
    index.apply(
        [
            Enrolment(f.sequence, f.id, f.subject, f.collection, f.model, f.embedding, f.metadata, f.quality)
            for f in faces
        ]
    )
    return index


def _search(index: Index, faces: Iterable[EnrolledFace], query: Query) -> Hits:
    """What a search finds with the store of these faces."""
    there = {face.sequence: face for face in faces}
    search = index.search(index.view, query)
    wanted = next(search)
    while True:
        try:
            wanted = search.send({number: there[number] for number in wanted.tolist() if number in there})
        except StopIteration as ended:
            hits: Hits = ended.value
            return hits


@pytest.fixture(autouse=True, params=[32, 100_000], ids=["many segments", "one segment"])
def _rows(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "ROWS", request.param)
        yield


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
            hits = _search(index, faces, query)
            matches = query.matches(hits.faces)
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
    found = [face.id for face in _search(_index(faces), faces, query).faces]
    assert found == [id for id, _ in brute_force(faces, query)]


def test_a_subject_of_many_faces_hides_no_other(embedding: MakeEmbedding, brute_force: Compare) -> None:
    crowd = [replace(face, subject="crowd") for face in _faces([embedding(1)] * 500)]
    others = [replace(face, sequence=face.sequence + 10_000) for face in _faces(embedding(seed) for seed in range(40))]
    index = _index([*crowd, *others])
    query = Query((Term(_IDENTITY, part(embedding(1), _IDENTITY)),), k=4, group_by="subject")
    found = _search(index, [*crowd, *others], query).faces
    assert [face.id for face in found] == [id for id, _ in brute_force([*crowd, *others], query)]
    assert found[0].subject == "crowd"
    assert len({face.subject for face in found}) == 4


def test_deletions_leave_what_is_left_searchable(embedding: MakeEmbedding, brute_force: Compare) -> None:
    faces = _faces(embedding(seed) for seed in range(50))
    index = _index(faces)
    gone = {face.sequence for face in faces if face.sequence % 3 == 0}
    index.apply([Deletion(1000 + place, number) for place, number in enumerate(sorted(gone))])
    left = [face for face in faces if face.sequence not in gone]
    query = Query((Term(_POSE, part(embedding(5), _POSE)), Term(_STYLE, part(embedding(6), _STYLE))), k=100)
    assert len(index) == len(left)
    assert index.view.sequence == 1000 + len(gone) - 1
    assert [face.id for face in _search(index, left, query).faces] == [id for id, _ in brute_force(left, query)]


def test_models_are_never_compared(embedding: MakeEmbedding) -> None:
    faces = [
        replace(face, model=f"m{n % 2}", subject=f"s{n % 2}")
        for n, face in enumerate(_faces(embedding(n) for n in range(1, 11)), 1)
    ]
    index = _index(faces)
    terms = (Term(_IDENTITY, part(embedding(1), _IDENTITY)),)
    hits = _search(index, faces, Query(terms, model="m0"))
    assert (sorted(face.sequence for face in hits.faces), hits.searched) == ([4, 8, 12, 16, 20], 5)
    odd = _search(index, faces, Query(terms, subject="s1")).faces
    assert sorted(face.sequence for face in odd) == [2, 6, 10, 14, 18]
    with pytest.raises(InvalidRequest, match="of several models; name the one"):
        _search(index, faces, Query(terms))


def test_what_the_store_lacks_is_left_out(embedding: MakeEmbedding) -> None:
    faces = _faces(embedding(n) for n in range(20))
    query = Query((Term(_IDENTITY, part(embedding(3), _IDENTITY)),), k=20)
    found = _search(_index(faces), [face for face in faces if face.sequence != 8], query).faces
    assert len(found) == 19
    assert 8 not in {face.sequence for face in found}
