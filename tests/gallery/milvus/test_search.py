"""What Milvus finds is what comparing every face finds, in the same order, where its index compares every face."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from gallery.milvus import follower
from gallery.milvus.gallery import MilvusConfig, MilvusGallery
from gallery.query import Query, Term
from gallery.records import EnrolledFace, NewFace
from model.attributes import Attribute, Vector, part
from model.errors import InvalidRequest
from tests.gallery.index.test_index import _FILTERS, _QUERIES, _faces, _kinds

Compare = Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]]
MakeEmbedding = Callable[[int], Vector]
MakeFace = Callable[..., NewFace]
OpenMilvus = Callable[[str], MilvusGallery]


def _new(face: EnrolledFace) -> NewFace:
    return NewFace(face.subject, face.embedding, face.model, face.collection, face.metadata, face.quality, id=face.id)


@pytest.mark.parametrize("kind", ["random", "duplicates", "opposite", "all equal", "extreme poses", "close", "none"])
def test_search_is_brute_force(
    kind: str, sqlite_url: str, open_milvus: OpenMilvus, embedding: MakeEmbedding, brute_force: Compare
) -> None:
    gallery = open_milvus(sqlite_url)
    faces = gallery.enrol_many([_new(face) for face in _faces(_kinds(embedding)[kind])])
    queries = []
    for place, weights in enumerate(_QUERIES.values()):
        seed = (1, 1000)[place % 2]
        terms = tuple(
            Term(attribute, part(embedding(seed + number), attribute), weight)
            for attribute, several in weights.items()
            for number, weight in enumerate(several)
        )
        excluded: dict[str, object] = {"exclude": faces[len(faces) // 2].id} if faces else {}
        for filters in (*_FILTERS.values(), excluded):
            queries.append(Query(terms, **{"reference": embedding(seed), **filters}))  # type: ignore[arg-type]
    for query, results in zip(queries, gallery.search_many(queries), strict=True):
        found = [(match.face.id, match.similarity) for match in results.matches]
        assert found == brute_force(faces, query), query
        everyone = Query(
            query.terms, 10**6, query.collection, query.subject, query.metadata, None, query.max_degrees,
            exclude=query.exclude, model=query.model, reference=query.reference, min_quality=query.min_quality,
        )  # fmt: skip
        assert results.searched == len(brute_force(faces, everyone)), query
    gallery.close()


def test_a_subject_of_many_faces_hides_no_other(
    sqlite_url: str, open_milvus: OpenMilvus, new: MakeFace, embedding: MakeEmbedding, brute_force: Compare
) -> None:
    gallery = open_milvus(sqlite_url)
    crowd = [new(1, subject="crowd") for _ in range(300)]
    faces = gallery.enrol_many([*crowd, *(new(n, subject=f's{n % 9} "quoted" \\') for n in range(40))])
    query = Query((Term(Attribute.IDENTITY, part(embedding(1), Attribute.IDENTITY)),), k=4, group_by="subject")
    matches = gallery.search(query).matches
    assert [match.face.id for match in matches] == [id for id, _ in brute_force(faces, query)]
    assert matches[0].face.subject == "crowd"
    quoted = Query(query.terms, subject='s3 "quoted" \\')
    assert gallery.search(quoted).searched == sum(face.subject == quoted.subject for face in faces) == 5
    gallery.close()


def test_models_are_never_compared(
    sqlite_url: str, open_milvus: OpenMilvus, new: MakeFace, embedding: MakeEmbedding
) -> None:
    gallery = open_milvus(sqlite_url)
    added = gallery.enrol_many([new(n, subject=f"s{n % 2}", model=f"m{n % 2}") for n in range(10)])
    terms = (Term(Attribute.IDENTITY, part(embedding(1), Attribute.IDENTITY)),)
    assert {match.face.id for match in gallery.search(Query(terms, model="m0")).matches} == {f.id for f in added[::2]}
    assert gallery.search(Query(terms, subject="s1")).searched == 5
    for query in (Query(terms), Query(terms, max_degrees=180.0, reference=embedding(1))):
        with pytest.raises(InvalidRequest, match="of several models; name the one"):
            gallery.search(query)
    assert gallery.census() == {"m0": 5, "m1": 5}
    gallery.close()


def test_an_approximate_index_is_used_once_there_are_enough_faces_and_says_its_recall(
    sqlite_url: str,
    milvus_lite: str,
    new: MakeFace,
    embedding: MakeEmbedding,
    brute_force: Compare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follower, "LEAST", 500)
    gallery = MilvusGallery(sqlite_url, MilvusConfig(milvus_lite, approximate_from=500))
    faces = gallery.enrol_many([new(n, subject=f"s{n % 50}", metadata={"odd": n % 2 == 1}) for n in range(600)])
    assert gallery.recall() == {}
    assert gallery.rebuild()
    recall = gallery.recall()
    assert recall.keys() == {"identity", "expression", "style"}
    assert min(recall.values()) >= 0.95
    found = 0
    for seed in range(1000, 1040):
        one = Query((Term(Attribute.IDENTITY, part(embedding(seed), Attribute.IDENTITY)),))
        answer = {match.face.id for match in gallery.search(one).matches}
        found += len(answer & {id for id, _ in brute_force(faces, one)})
    assert found / 400 >= 0.9
    # What is composed, or filtered to few, is exact as ever.
    for filters in ({}, {"metadata": {"odd": True}}, {"group_by": "subject"}):
        named = Attribute if not filters or "group_by" in filters else [Attribute.STYLE]
        terms = tuple(Term(attribute, part(embedding(7000), attribute)) for attribute in named)
        query = Query(terms, **filters)  # type: ignore[arg-type]
        ids = [match.face.id for match in gallery.search(query).matches]
        assert ids == [id for id, _ in brute_force(faces, query)]
    gallery.delete(faces[3].id)
    assert gallery.faces() == 599
    gallery.close()


def test_an_estimate_of_how_many_are_near_in_pose_is_near(
    sqlite_url: str, open_milvus: OpenMilvus, new: MakeFace, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = open_milvus(sqlite_url)
    faces = gallery.enrol_many([new(n) for n in range(400)])
    query = Query((Term(Attribute.POSE, part(embedding(1), Attribute.POSE)),), max_degrees=90.0)
    exact = gallery.search(query).searched
    near = query.near_in_pose(np.stack([part(face.embedding, Attribute.POSE) for face in faces]))
    assert exact == np.count_nonzero(near)
    monkeypatch.setattr("gallery.milvus.gallery.MOST", 100)
    monkeypatch.setattr("gallery.milvus.collection.MOST", 100)
    estimate = gallery._passing(query, None)
    assert estimate == pytest.approx(exact, rel=0.3)
    gallery.close()
