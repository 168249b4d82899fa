import math
from typing import Any

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.service.asking import assert_problem, embedding_of, enrol


@pytest.fixture(scope="module")
def people(client: httpx.Client) -> str:
    """A collection of four subjects with three faces each."""
    for seed in range(4):
        for mouth in ("neutral", "smile", "open"):
            picture = jpeg(draw_face(seed=seed, mouth=mouth))
            enrol(client, picture, f"person {seed}", "identified", metadata=f'{{"seed": {seed}}}')
    return "identified"


def identify(client: httpx.Client, picture: bytes, **query: Any) -> dict[str, Any]:
    answer = client.post("/identify", params=query, files={"image": picture})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_enrolled_person_is_named(client: httpx.Client, people: str) -> None:
    body = identify(client, jpeg(draw_face(seed=2)), collection=people)
    assert (body["subject"], body["searched"], body["min_probability"]) == ("person 2", 12, 0.5)
    subjects = [candidate["subject"] for candidate in body["candidates"]]
    assert sorted(subjects) == [f"person {seed}" for seed in range(4)]
    best = body["candidates"][0]
    assert best["similarity"] == pytest.approx(1, abs=1e-5)
    assert best["metadata"] == {"seed": 2}
    assert body["probability"] == best["probability"]
    probabilities = [candidate["probability"] for candidate in body["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)


def test_probabilities_are_those_of_a_verification(client: httpx.Client, people: str) -> None:
    picture = jpeg(draw_face(seed=1))
    verified = client.post("/verify", files={"image": picture, "other": jpeg(draw_face(seed=0))}).json()
    slope = math.log(1 / verified["probability"] - 1) / (verified["threshold"] - verified["similarities"]["identity"])
    for candidate in identify(client, picture, collection=people)["candidates"]:
        expected = 1 / (1 + math.exp(-slope * (candidate["similarity"] - verified["threshold"])))
        assert candidate["probability"] == pytest.approx(expected, rel=1e-3)


def test_a_stranger_is_nobody(client: httpx.Client, people: str) -> None:
    """A person is a stranger where only the others are looked at."""
    body = identify(client, jpeg(draw_face(seed=2)), collection=people, **{"metadata.seed": 3})
    best = body["candidates"][0]
    assert (best["subject"], body["searched"]) == ("person 3", 3)
    certain = identify(
        client,
        jpeg(draw_face(seed=2)),
        collection=people,
        min_probability=min(1.0, best["probability"] + 1e-6),
        **{"metadata.seed": 3},
    )
    assert (certain["subject"], certain["candidates"]) == (None, body["candidates"])
    sure_enough = identify(
        client,
        jpeg(draw_face(seed=2)),
        collection=people,
        min_probability=best["probability"],
        **{"metadata.seed": 3},
    )
    assert sure_enough["subject"] == "person 3"


def test_an_empty_collection_has_nobody(client: httpx.Client, ada: bytes) -> None:
    assert identify(client, ada, collection="nobody-is-here") == {
        "subject": None,
        "probability": 0.0,
        "min_probability": 0.5,
        "candidates": [],
        "searched": 0,
    }


def test_an_embedding_is_identified_like_its_picture(client: httpx.Client, people: str) -> None:
    picture = jpeg(draw_face(seed=0))
    by_picture = identify(client, picture, collection=people, k=1)
    body = {"embedding": embedding_of(client, picture)}
    answer = client.post("/identify", params={"collection": people, "k": 1}, json=body).json()
    assert answer["subject"] == by_picture["subject"] == "person 0"
    assert [item["id"] for item in answer["candidates"]] == [item["id"] for item in by_picture["candidates"]]


@pytest.mark.parametrize("query", ["k=0", "k=1001", "min_probability=1.5", "min_probability=nan", "collection=a%20b"])
def test_parameters_are_checked(client: httpx.Client, ada: bytes, query: str) -> None:
    assert_problem(client.post(f"/identify?{query}", files={"image": ada}), 422, "invalid_request")
