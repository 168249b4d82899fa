from pathlib import Path

import httpx
import numpy as np
import pytest

from model.attributes import SPACES, Attribute, part
from tests.faces import draw_face, jpeg, png
from tests.service.asking import assert_problem, embedding_of, vector
from tests.service.serving import dummy_app, serving


def test_a_face_has_a_box_a_unit_embedding_and_an_expression(client: httpx.Client, ada: bytes) -> None:
    body = client.post("/embed", files={"image": ada}).json()
    assert body["model"] == {"id": "dummy-1", "image_size": 64, "read_size": 64}
    [image] = body["images"]
    [face] = image["faces"]
    assert image["error"] is None
    x, y, width, height = face["box"]
    assert 0 <= x < x + width <= 200
    assert 0 <= y < y + height <= 200
    assert x < 100 < x + width  # the face is drawn in the middle
    assert 0 < face["score"] <= 1
    embedding = vector(face["embedding"])
    for attribute, space in SPACES.items():
        if space.unit:
            assert np.linalg.norm(part(embedding, attribute)) == pytest.approx(1, abs=1e-5)
    assert sum(face["expression"]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    probabilities = face["expression"]["probabilities"]
    assert face["expression"]["label"] == max(probabilities, key=probabilities.get)
    assert face["pose_degrees"]["yaw"] == pytest.approx(np.degrees(part(embedding, Attribute.POSE)[1]), abs=1e-3)


def test_a_raw_body_is_the_same_picture(client: httpx.Client, ada: bytes) -> None:
    raw = client.post("/embed", content=ada, headers={"Content-Type": "image/jpeg"})
    assert raw.json() == client.post("/embed", files={"image": ada}).json()


def test_of_several_pictures_each_has_its_own_answer(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    pictures = [ada, b"no picture", bob, png(np.full((64, 64, 3), 90, np.uint8))]
    answer = client.post("/embed", files=[("image", picture) for picture in pictures])
    assert answer.status_code == 200
    images = answer.json()["images"]
    assert [len(image["faces"]) for image in images] == [1, 0, 1, 0]
    assert [image["error"] and image["error"]["code"] for image in images] == [
        None,
        "unsupported_image",
        None,
        "no_face",
    ]
    assert images[0]["faces"][0]["embedding"] == embedding_of(client, ada)
    assert images[2]["faces"][0]["embedding"] == embedding_of(client, bob)


def test_max_faces_gives_the_largest_first(client: httpx.Client) -> None:
    page = np.full((260, 520, 3), 128, np.uint8)
    page[20:220, 20:220] = draw_face(200, seed=1)
    page[60:180, 320:440] = draw_face(120, seed=2)
    one = client.post("/embed", files={"image": jpeg(page)}).json()["images"][0]["faces"]
    both = client.post("/embed?max_faces=5", files={"image": jpeg(page)}).json()["images"][0]["faces"]
    assert len(one) == 1
    assert len(both) == 2
    assert both[0] == one[0]
    assert both[0]["box"][2] > both[1]["box"][2]


def test_align_none_takes_the_whole_picture(client: httpx.Client) -> None:
    blank = png(np.full((80, 80, 3), 90, np.uint8))
    [face] = client.post("/embed?align=none", files={"image": blank}).json()["images"][0]["faces"]
    assert face["box"] == [0, 0, 80, 80]
    assert face["landmarks"] is None


def test_max_faces_beyond_the_limit_is_refused(client: httpx.Client, ada: bytes) -> None:
    problem = assert_problem(client.post("/embed?max_faces=101", files={"image": ada}), 422, "invalid_request")
    assert problem["details"] == {"limit": 100}


def test_a_model_that_knows_no_expressions_is_served_like_any_other(
    tmp_path: Path, ada: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.engine.dummy.LABELS", ())
    with serving(dummy_app(tmp_path)) as client:
        [picture] = client.post("/embed", files={"image": ada}).raise_for_status().json()["images"]
        assert picture["faces"][0]["expression"] == {"label": None, "probabilities": {}}
        assert client.get("/model").raise_for_status().json()["presets"] == {"expression": []}
