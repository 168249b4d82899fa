"""How good a face is: told by `/embed`, stored with it, and asked for where faces are enrolled and searched."""

import math
from typing import Any

import httpx
import numpy as np
import pytest

from model.engine.dummy import DummyModel
from model.faces.quality import likeness
from tests.faces import draw_face, jpeg, png
from tests.gallery.jobs.pictures import zipped
from tests.service.asking import assert_problem, enrol
from tests.service.routes.test_jobs import ZIP, report

PARTS = ["size", "sharpness", "turn", "detection"]
MODEL = DummyModel()
DRAWN = MODEL.render(MODEL.sample(1, 3))[0]
GOOD = png(DRAWN)
"""What the dummy draws, which it therefore draws back as it is."""
NOISE = png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


def quality_of(client: httpx.Client, picture: bytes, **query: str | bool) -> dict[str, Any]:
    answer = client.post("/embed", params=query, files={"image": picture})
    assert answer.status_code == 200, answer.text
    quality: dict[str, Any] = answer.json()["images"][0]["faces"][0]["quality"]
    return quality


def test_the_score_is_the_product_of_the_parts(client: httpx.Client, ada: bytes) -> None:
    quality = quality_of(client, ada)
    assert list(quality) == ["score", *PARTS, "likeness"]
    assert quality["likeness"] is None
    assert quality["score"] == pytest.approx(math.prod(quality[part] for part in PARTS))
    assert 0.8 < quality["score"] < 1
    asked = quality_of(client, GOOD, align="none", likeness=True)
    assert asked["likeness"] == 1.0
    assert asked["score"] == pytest.approx(math.prod(asked[part] for part in PARTS))
    plain = quality_of(client, GOOD, align="none")
    assert {**plain, "likeness": 1.0} == asked


def test_what_is_smaller_or_noise_is_worse(client: httpx.Client) -> None:
    small = quality_of(client, png(draw_face(24)), align="none")
    assert small["size"] == 0.75
    noise = quality_of(client, NOISE, align="none", likeness=True)
    assert noise["sharpness"] < 0.1
    assert noise["likeness"] < 0.1
    assert noise["score"] < 0.01


def test_likeness_is_that_of_the_crop_and_its_drawing(client: httpx.Client) -> None:
    face = draw_face(64, seed=4)
    drawing = MODEL.render(MODEL.embed(face[np.newaxis]))[0]
    assert quality_of(client, png(face), align="none", likeness=True)["likeness"] == likeness(face, drawing)


def test_a_face_below_the_least_quality_is_not_enrolled(client: httpx.Client, collection: str) -> None:
    query = {"align": "none", "min_quality": 0.15}
    fields = {"subject": "ada", "collection": collection}
    enrolled = client.post("/faces", params=query, files={"image": GOOD}, data=fields)
    assert enrolled.status_code == 201, enrolled.text
    expected = quality_of(client, GOOD, align="none", likeness=True)["score"]
    assert enrolled.json()["quality"] == expected > 0.15
    refused = client.post("/faces", params=query, files={"image": NOISE}, data=fields)
    problem = assert_problem(refused, 422, "low_quality")
    parts = problem["details"]["parts"]
    assert [*parts] == [*PARTS, "likeness"]
    assert problem["details"]["lowest"] == min(parts, key=parts.__getitem__)
    assert problem["details"]["lowest"] in problem["detail"]
    assert problem["details"]["min_quality"] == 0.15
    assert problem["details"]["quality"] == pytest.approx(math.prod(parts.values()))
    listed = client.get("/faces", params={"collection": collection}).json()["faces"]
    assert [face["id"] for face in listed] == [enrolled.json()["id"]]


def test_a_least_quality_is_from_0_to_1_and_of_a_picture(client: httpx.Client, ada: bytes, collection: str) -> None:
    embedding = client.post("/embed", files={"image": ada}).json()["images"][0]["faces"][0]["embedding"]
    body = {"subject": "ada", "collection": collection, "embedding": embedding}
    refused = client.post("/faces", params={"min_quality": 0.1}, json=body)
    assert "has no quality" in assert_problem(refused, 422, "invalid_request")["detail"]
    for value in ("-0.1", "1.1", "nan", "good"):
        asked = {"min_quality": value}
        fields = {"subject": "ada", "collection": collection}
        for answer in (
            client.post("/faces", params=asked, files={"image": ada}, data=fields),
            client.post("/search", params=asked, files={"image": ada}),
            client.post("/identify", params=asked, files={"image": ada}),
            client.post("/jobs/import", params=asked, content=zipped({"a/1.png": GOOD}), headers=ZIP),
        ):
            assert_problem(answer, 422, "invalid_request")


def test_only_faces_of_the_least_quality_are_found(client: httpx.Client, ada: bytes, collection: str) -> None:
    good = client.post(
        "/faces", params={"align": "none"}, files={"image": GOOD}, data={"subject": "good", "collection": collection}
    ).json()
    bad = enrol(client, ada, "bad", collection)
    embedding = good["embedding"]
    without = client.post(
        "/faces", json={"embedding": embedding, "subject": "without", "collection": collection}
    ).json()
    assert bad["quality"] < good["quality"]

    def subjects(least: float | None) -> list[dict[str, Any]]:
        asked = {"collection": collection} | ({} if least is None else {"min_quality": str(least)})
        question = {"embedding": embedding} | ({} if least is None else {"min_quality": least})
        body = {"queries": [{"face": good["id"], **({} if least is None else {"min_quality": least})}, question]}
        single = client.post("/search", params=asked, json={"embedding": embedding}).json()
        batch = client.post("/search", params={"collection": collection}, json=body).json()["answers"]
        known = client.post("/identify", params=asked, json={"embedding": embedding}).json()
        assert batch[1] == single
        assert {found["subject"] for found in known["candidates"]} == {found["subject"] for found in single["results"]}
        assert single["searched"] == len(single["results"]) == known["searched"]
        assert {found["subject"] for found in batch[0]["results"]} == {
            found["subject"] for found in single["results"] if found["subject"] != "good"
        }
        return [{found["subject"]: found["quality"]} for found in single["results"]]

    everyone = subjects(None)
    assert {name for found in everyone for name in found} == {"good", "bad", "without"}
    assert {"without": None} in everyone
    assert without["quality"] is None
    assert sorted(name for found in subjects(0.0) for name in found) == ["bad", "good"]
    assert subjects(good["quality"]) == [{"good": good["quality"]}]
    assert subjects(1.0) == []


def test_an_import_tells_which_faces_are_below_the_least_quality(client: httpx.Client, collection: str) -> None:
    files = {"a/good.png": GOOD, "a/noise.png": NOISE, "b/face.jpg": jpeg(draw_face(64, seed=2))}
    query = {"collection": collection, "align": "none", "min_quality": 0.15}
    job = client.post("/jobs/import", params=query, content=zipped(files), headers=ZIP).json()
    ended = report(client, job)
    assert (ended["progress"]["enrolled"], ended["progress"]["failed"]) == (1, 2)
    assert {failed["path"]: failed["code"] for failed in ended["failures"]} == {
        "a/noise.png": "low_quality",
        "b/face.jpg": "low_quality",
    }
    assert "below 0.15" in ended["failures"][0]["detail"]
    [kept] = client.get("/faces", params={"collection": collection}).json()["faces"]
    assert kept["quality"] == quality_of(client, GOOD, align="none", likeness=True)["score"]
