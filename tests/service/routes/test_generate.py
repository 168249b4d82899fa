import httpx
import numpy as np
import pytest

from tests.service.asking import JSON, assert_problem, embedding_of, pixels, xmp


def test_a_seed_draws_the_same_faces_on_a_sheet_and_in_a_list(client: httpx.Client) -> None:
    sheet = client.post("/generate?count=3&seed=5")
    faces = client.post("/generate?count=3&seed=5", headers=JSON).json()
    assert sheet.headers["X-Facet-Synthetic"] == "true"
    assert "digitalsourcetype/trainedAlgorithmicMedia" in xmp(sheet.content)
    page = pixels(sheet.content)
    assert page.shape == (128, 128, 3)
    corners = [page[:64, :64], page[:64, 64:], page[64:, :64]]
    for corner, face in zip(corners, faces, strict=True):
        np.testing.assert_array_equal(corner, pixels(face["image"]))
    assert (page[64:, 64:] == 255).all()
    assert not np.array_equal(corners[0], corners[1])


def test_one_face_is_the_picture_itself(client: httpx.Client) -> None:
    assert pixels(client.post("/generate?seed=1").content).shape == (64, 64, 3)


def test_other_seeds_draw_other_faces(client: httpx.Client) -> None:
    first, second = (client.post(f"/generate?seed={seed}", headers=JSON).json()[0] for seed in (1, 2))
    assert first["embedding"] != second["embedding"]
    unseeded = [client.post("/generate", headers=JSON).json()[0]["embedding"] for _ in range(2)]
    assert unseeded[0] != unseeded[1]


def test_what_is_kept_is_bit_equal(client: httpx.Client, ada: bytes) -> None:
    answer = client.post("/generate?count=4&seed=1&keep=identity&keep=pose", files={"image": ada}, headers=JSON)
    kept = embedding_of(client, ada)
    for face in answer.json():
        assert face["embedding"]["identity"] == kept["identity"]
        assert face["embedding"]["pose"] == kept["pose"]
        assert face["embedding"]["style"] != kept["style"]


@pytest.mark.parametrize("query", ["count=0", "count=65", "count=many", "seed=-1", f"seed={2**32}"])
def test_numbers_beyond_their_limits(client: httpx.Client, query: str) -> None:
    assert_problem(client.post(f"/generate?{query}"), 422, "invalid_request")


def test_keeping_takes_a_picture_and_attributes(client: httpx.Client, ada: bytes) -> None:
    assert_problem(client.post("/generate?keep=identity"), 422, "invalid_request")
    assert_problem(client.post("/generate", files={"image": ada}), 422, "invalid_request")
    assert_problem(client.post("/generate?keep=mood", files={"image": ada}), 422, "unknown_attribute")
