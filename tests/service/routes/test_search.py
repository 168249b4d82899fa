from typing import Any

import httpx
import numpy as np
import pytest

from model.attributes import Attribute, distance, similarity, split
from tests.faces import draw_face, jpeg
from tests.service.asking import assert_problem, embedding_of, enrol, vector

Enrolled = list[dict[str, Any]]


@pytest.fixture(scope="module")
def people(client: httpx.Client) -> tuple[str, Enrolled]:
    """A collection of six different faces."""
    faces = [
        enrol(client, jpeg(draw_face(seed=seed)), f"person {seed}", "people", metadata=f'{{"seed": {seed}}}')
        for seed in range(6)
    ]
    return "people", faces


def search(client: httpx.Client, query: dict[str, Any], picture: bytes, **more: bytes) -> dict[str, Any]:
    answer = client.post("/search", params=query, files={"image": picture, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ranked(faces: Enrolled, terms: list[tuple[Attribute, float, dict[str, Any]]]) -> list[tuple[str, float]]:
    """Ids and scores by brute force, best first."""
    total = sum(abs(weight) for _, weight, _ in terms)
    scores = {
        face["id"]: sum(
            weight * float(similarity(name, split(vector(face["embedding"]))[name], split(vector(query))[name]))
            for name, weight, query in terms
        )
        / total
        for face in faces
    }
    return sorted(scores.items(), key=lambda item: -item[1])


def found(body: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(result["id"], pytest.approx(result["similarity"], abs=1e-5)) for result in body["results"]]


@pytest.mark.parametrize("attribute", list(Attribute))
def test_an_enrolled_picture_finds_itself_first(
    client: httpx.Client, people: tuple[str, Enrolled], attribute: Attribute
) -> None:
    collection, faces = people
    body = search(client, {"attr": attribute, "collection": collection}, jpeg(draw_face(seed=3)))
    assert body["searched"] == 6
    best = body["results"][0]
    told = {"id", "subject", "collection", "similarity", "distance", "similarities", "quality", "metadata"}
    assert best.keys() == told
    assert (best["id"], best["subject"], best["metadata"]) == (faces[3]["id"], "person 3", {"seed": 3})
    assert best["similarity"] == pytest.approx(1, abs=1e-5)
    assert best["distance"] == pytest.approx(0, abs=1e-3)
    assert best["similarities"] == pytest.approx(dict.fromkeys(Attribute, 1.0), abs=1e-5)
    assert ranked(faces, [(attribute, 1, faces[3]["embedding"])]) == found(body)


def test_identity_is_compared_unless_something_else_is_named(
    client: httpx.Client, people: tuple[str, Enrolled]
) -> None:
    collection, _ = people
    picture = jpeg(draw_face(seed=4))
    named = search(client, {"attr": "identity", "collection": collection}, picture)
    assert search(client, {"collection": collection}, picture) == named


def test_weights_mix_attributes(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    body = search(client, {"attr": ["identity:1", "style:-0.3"], "collection": collection}, jpeg(draw_face(seed=2)))
    query = faces[2]["embedding"]
    assert ranked(faces, [(Attribute.IDENTITY, 1, query), (Attribute.STYLE, -0.3, query)]) == found(body)


def test_a_source_lends_its_attributes(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    query = {"attr": ["identity:2"], "source_attr": "expression", "collection": collection}
    body = search(client, query, jpeg(draw_face(seed=0)), source=jpeg(draw_face(seed=5)))
    terms = [(Attribute.IDENTITY, 2.0, faces[0]["embedding"]), (Attribute.EXPRESSION, 1.0, faces[5]["embedding"])]
    assert ranked(faces, terms) == found(body)
    best = body["results"][0]
    face = next(face for face in faces if face["id"] == best["id"])
    for attribute in Attribute:
        meant = faces[5 if attribute is Attribute.EXPRESSION else 0]["embedding"]
        expected = float(similarity(attribute, *(split(vector(e))[attribute] for e in (meant, face["embedding"]))))
        assert best["similarities"][attribute] == pytest.approx(expected, abs=1e-5)


def test_an_embedding_searches_like_its_picture(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, _ = people
    picture = jpeg(draw_face(seed=1))
    by_picture = search(client, {"collection": collection}, picture)
    answer = client.post(
        "/search", params={"collection": collection}, json={"embedding": embedding_of(client, picture)}
    )
    assert found(answer.json()) == [(item["id"], item["similarity"]) for item in by_picture["results"]]


def test_a_face_searches_for_others(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    body = client.get("/search", params={"attr": "style", "face": faces[1]["id"], "collection": collection}).json()
    others = [face for face in faces if face["id"] != faces[1]["id"]]
    assert ranked(others, [(Attribute.STYLE, 1, faces[1]["embedding"])]) == found(body)
    assert body["searched"] == 5


def test_filters_and_limits(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    picture = jpeg(draw_face(seed=0))
    assert len(search(client, {"collection": collection, "k": 2}, picture)["results"]) == 2
    one = search(client, {"collection": collection, "subject": "person 5"}, picture)
    assert [result["id"] for result in one["results"]] == [faces[5]["id"]]
    assert one["searched"] == 1
    near = search(client, {"collection": collection, "min_similarity": 0.999}, picture)
    assert [result["id"] for result in near["results"]] == [faces[0]["id"]]
    assert search(client, {"collection": "nobody"}, picture) == {"results": [], "searched": 0}


def test_metadata_filters_inside_the_search(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    picture = jpeg(draw_face(seed=0))
    one = search(client, {"collection": collection, "metadata.seed": "4", "k": 1}, picture)
    assert ([result["id"] for result in one["results"]], one["searched"]) == ([faces[4]["id"]], 1)
    for value in ('"4"', "four", "null", ""):
        assert search(client, {"collection": collection, "metadata.seed": value}, picture)["searched"] == 0
    by_face = {"face": faces[0]["id"], "collection": collection, "metadata.seed": "4.0"}
    assert [result["id"] for result in client.get("/search", params=by_face).json()["results"]] == [faces[4]["id"]]
    twice = client.post("/search?metadata.seed=1&metadata.seed=2", files={"image": picture})
    assert_problem(twice, 422, "invalid_request")


def test_max_degrees_bounds_the_pose(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    poses = {face["id"]: split(vector(face["embedding"]))[Attribute.POSE] for face in faces}
    start = poses[faces[0]["id"]]
    apart = {id: float(np.degrees(distance(Attribute.POSE, start, pose))) for id, pose in poses.items()}
    limit = sorted(apart.values())[3] + 1e-3
    body = search(client, {"collection": collection, "max_degrees": limit}, jpeg(draw_face(seed=0)))
    assert {result["id"] for result in body["results"]} == {id for id, degrees in apart.items() if degrees <= limit}
    assert body["searched"] == 4


def test_group_by_subject_gives_its_best_face(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    _, faces = people
    for face in faces:
        for subject in ("odd", "even"):
            enrolled = {"embedding": face["embedding"], "subject": subject, "collection": "grouped"}
            assert client.post("/faces", json=enrolled).status_code == 201
    body = search(client, {"collection": "grouped", "group_by": "subject"}, jpeg(draw_face(seed=3)))
    assert {result["subject"] for result in body["results"]} == {"odd", "even"}
    assert [result["similarity"] for result in body["results"]] == pytest.approx([1, 1], abs=1e-5)
    assert (len(body["results"]), body["searched"]) == (2, 12)


def test_a_batch_answers_each_query_as_alone(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    collection, faces = people
    embedding = faces[1]["embedding"]
    queries: list[dict[str, Any]] = [
        {"embedding": embedding},
        {"embedding": embedding, "attr": ["style:-1", "pose"], "k": 5},
        {"face": faces[2]["id"], "metadata": {"seed": 4}},
        {"face": faces[2]["id"], "collection": "nobody", "max_degrees": 90, "group_by": "subject"},
    ]
    answer = client.post("/search", params={"collection": collection, "k": 2}, json={"queries": queries})
    assert answer.status_code == 200, answer.text
    alone = [
        client.post("/search", params={"collection": collection, "k": 2}, json={"embedding": embedding}),
        client.post(
            "/search",
            params={"collection": collection, "k": 5, "attr": ["style:-1", "pose"]},
            json={"embedding": embedding},
        ),
        client.get("/search", params={"face": faces[2]["id"], "collection": collection, "metadata.seed": 4}),
        client.get("/search", params={"face": faces[2]["id"], "collection": "nobody"}),
    ]
    assert answer.json() == {"answers": [one.json() for one in alone]}
    assert [len(one["results"]) for one in answer.json()["answers"]] == [2, 5, 1, 0]


@pytest.mark.parametrize(
    ("queries", "status", "code"),
    [
        ([], 422, "invalid_request"),
        ("all", 422, "invalid_request"),
        ([5], 422, "invalid_request"),
        ([{}], 422, "invalid_request"),
        ([{"face": "nobody"}], 404, "not_found"),
        ([{"face": "nobody", "embedding": {}}], 422, "invalid_request"),
        ([{"embedding": {}}], 422, "invalid_embedding"),
        ([{"face": "x", "limit": 5}], 422, "invalid_request"),
        ([{"face": "x", "k": 1001}], 422, "invalid_request"),
        ([{"face": "x", "k": "5"}], 422, "invalid_request"),
        ([{"face": "x", "group_by": "collection"}], 422, "invalid_request"),
        ([{"face": "nobody"}] * 101, 413, "too_large"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_batch_is_checked(client: httpx.Client, queries: Any, status: int, code: str) -> None:
    problem = assert_problem(client.post("/search", json={"queries": queries}), status, code)
    if isinstance(queries, list) and len(queries) == 1:
        assert "queries[0]" in problem["detail"]


def test_a_batch_names_the_query_that_fails(client: httpx.Client, people: tuple[str, Enrolled]) -> None:
    good = {"face": people[1][0]["id"]}
    bad = {**good, "attr": ["mood"]}
    problem = assert_problem(client.post("/search", json={"queries": [good, bad]}), 422, "unknown_attribute")
    assert "queries[1]" in problem["detail"]
    mixed = client.post("/search", json={"queries": [good], "embedding": {}})
    assert "alone" in assert_problem(mixed, 422, "invalid_request")["detail"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("attr=mood", "unknown_attribute"),
        ("attr=mood:1", "unknown_attribute"),
        ("attr=", "unknown_attribute"),
        ("attr=identity:", "invalid_request"),
        ("attr=identity:heavy", "invalid_request"),
        ("attr=identity:nan", "invalid_request"),
        ("attr=identity:inf", "invalid_request"),
        ("attr=identity:0", "invalid_request"),
        ("attr=identity:1e9", "invalid_request"),
        ("attr=identity&attr=identity:2", "invalid_request"),
        ("source_attr=style", "invalid_request"),
        ("source_attr=mood", "unknown_attribute"),
        ("k=0", "invalid_request"),
        ("k=1001", "invalid_request"),
        ("k=99999999999999999999999", "invalid_request"),
        ("k=ten", "invalid_request"),
        ("min_similarity=nan", "invalid_request"),
        ("max_degrees=-1", "invalid_request"),
        ("max_degrees=inf", "invalid_request"),
        ("group_by=collection", "invalid_request"),
        ("metadata.a=" + "[" * 33 + "]" * 33, "invalid_request"),
        ("collection=no%20spaces", "invalid_request"),
        ("align=sideways", "invalid_request"),
    ],
)
def test_parameters_are_checked(client: httpx.Client, ada: bytes, query: str, code: str) -> None:
    problem = assert_problem(client.post(f"/search?{query}", files={"image": ada}), 422, code)
    if code == "unknown_attribute":
        assert all(attribute in problem["detail"] for attribute in Attribute)


def test_what_is_missing_is_named(client: httpx.Client, ada: bytes) -> None:
    assert "face" in assert_problem(client.get("/search"), 422, "invalid_request")["detail"]
    alone = client.post("/search?source_attr=style", files={"source": ada})
    assert assert_problem(alone, 422, "invalid_request")["details"] == {"field": "image"}
    lone_source = client.post("/search", files={"image": ada, "source": ada})
    assert_problem(lone_source, 422, "invalid_request")


def test_of_two_pictures_the_one_without_a_face_is_named(client: httpx.Client, ada: bytes) -> None:
    blank = jpeg(np.full((80, 80, 3), 90, np.uint8))
    answer = client.post("/search?source_attr=style", files={"image": ada, "source": blank})
    assert "'source'" in assert_problem(answer, 422, "no_face")["detail"]
