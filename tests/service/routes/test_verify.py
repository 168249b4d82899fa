import httpx
import numpy as np
import pytest

from model.attributes import similarities
from tests.service.asking import assert_problem, embedding_of, vector


def test_a_picture_shows_the_same_person_as_itself(client: httpx.Client, ada: bytes) -> None:
    verdict = client.post("/verify", files={"image": ada, "other": ada}).json()
    assert verdict["same_person"] is True
    assert verdict["similarities"] == pytest.approx(dict.fromkeys(verdict["similarities"], 1.0), abs=1e-5)
    assert 0.5 < verdict["probability"] <= 1


def test_the_decision_is_the_identity_similarity_at_the_threshold(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    verdict = client.post("/verify", files={"image": ada, "other": bob}).json()
    expected = similarities(vector(embedding_of(client, ada)), vector(embedding_of(client, bob)))
    for attribute, value in expected.items():
        assert verdict["similarities"][attribute] == pytest.approx(float(value), abs=1e-5)
    assert verdict["same_person"] is (verdict["similarities"]["identity"] >= verdict["threshold"])
    assert verdict["same_person"] is (verdict["probability"] >= 0.5)
    turned = client.post("/verify", files={"image": bob, "other": ada}).json()
    assert turned["probability"] == pytest.approx(verdict["probability"], abs=1e-6)
    assert np.isfinite(verdict["probability"])


def test_both_pictures_must_come(client: httpx.Client, ada: bytes) -> None:
    problem = assert_problem(client.post("/verify", files={"image": ada}), 422, "invalid_request")
    assert problem["details"] == {"field": "other"}
