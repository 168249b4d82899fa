import httpx
import numpy as np
import pytest

from tests.service.asking import JSON, assert_problem, embedding_of, pixels, vector, xmp


def test_a_picture_comes_back_as_a_marked_png(client: httpx.Client, ada: bytes) -> None:
    answer = client.post("/reconstruct", files={"image": ada})
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["X-Facet-Synthetic"] == "true"
    assert "digitalsourcetype/trainedAlgorithmicMedia" in xmp(answer.content)
    assert pixels(answer.content).shape == (64, 64, 3)


def test_json_holds_the_same_picture_its_crop_and_its_embedding(client: httpx.Client, ada: bytes) -> None:
    answer = client.post("/reconstruct", files={"image": ada}, headers=JSON)
    assert answer.headers["X-Facet-Synthetic"] == "true"
    body = answer.json()
    assert body["embedding"] == embedding_of(client, ada)
    assert pixels(body["input"]).shape == (64, 64, 3)
    assert -1 <= body["ssim"] <= 1
    png = client.post("/reconstruct", content=ada, headers={"Content-Type": "image/jpeg"}).content
    np.testing.assert_array_equal(pixels(body["image"]), pixels(png))


def test_an_embedding_draws_what_its_picture_draws(client: httpx.Client, ada: bytes) -> None:
    embedding = embedding_of(client, ada)
    body = client.post("/reconstruct", json={"embedding": embedding}, headers=JSON).json()
    assert body.keys() == {"image", "embedding"}
    assert vector(body["embedding"]) == pytest.approx(vector(embedding), abs=1e-6)
    drawn = client.post("/reconstruct", files={"image": ada}).content
    difference = pixels(body["image"]).astype(int) - pixels(drawn)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("part", ["pose", "identity", "expression", "style"])
def test_a_part_with_one_number_short_is_no_embedding(client: httpx.Client, ada: bytes, part: str) -> None:
    embedding = embedding_of(client, ada)
    embedding[part].pop()
    problem = assert_problem(client.post("/reconstruct", json={"embedding": embedding}), 422, "invalid_embedding")
    assert part in problem["detail"]


@pytest.mark.parametrize("number", [1e39, -1e300, True, "0.5", None, [1.0]])
def test_only_numbers_that_float32_can_hold_make_an_embedding(client: httpx.Client, ada: bytes, number: object) -> None:
    embedding: dict[str, list[object]] = {**embedding_of(client, ada)}
    embedding["identity"][0] = number
    assert_problem(client.post("/reconstruct", json={"embedding": embedding}), 422, "invalid_embedding")


@pytest.mark.parametrize(
    "change",
    [{"identity": [0.0] * 32}, {"pose": [0.0, 4.0, 0.0]}, {"mood": [1.0]}, {"style": "blue"}],
    ids=["no direction", "angle beyond pi", "unknown part", "no list"],
)
def test_an_embedding_must_make_sense(client: httpx.Client, ada: bytes, change: dict[str, object]) -> None:
    embedding = {**embedding_of(client, ada), **change}
    assert_problem(client.post("/reconstruct", json={"embedding": embedding}), 422, "invalid_embedding")


@pytest.mark.parametrize("value", [None, [], 5, "[]"])
def test_what_is_no_object_is_no_embedding(client: httpx.Client, value: object) -> None:
    assert_problem(client.post("/reconstruct", json={"embedding": value}), 422, "invalid_embedding")
