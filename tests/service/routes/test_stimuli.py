"""Sets of stimuli over HTTP: what `facet.load().stimuli` draws, on a sheet, as files or as data."""

import csv
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import httpx
import numpy as np
import pytest

import facet
from facet.library import Facet
from facet.stimuli import Direction
from model.attributes import Attribute, Vector, part
from tests.faces import draw_face, png
from tests.service.asking import JSON, assert_problem, embedding_of, pixels, vector, xmp

ADA, BOB, EVE = (png(draw_face(seed=seed)) for seed in (1, 2, 3))
IDENTITY = {"attr": "identity"}


@pytest.fixture(scope="module")
def model() -> Iterator[Facet]:
    with facet.load("dummy") as loaded:
        yield loaded


@pytest.fixture(scope="module")
def faces(client: httpx.Client) -> list[dict[str, list[float]]]:
    """The embeddings of three pictures, as JSON."""
    return [embedding_of(client, picture) for picture in (ADA, BOB, EVE)]


def drawn(client: httpx.Client, kind: str, body: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = client.post(f"/stimuli/{kind}", json=body, params=query, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Facet-Synthetic"] == "true"
    value: dict[str, Any] = answer.json()
    return value


def embeddings(answer: dict[str, Any]) -> Vector:
    return np.stack([vector(face["embedding"]) for face in answer["faces"]])


def test_every_kind_is_what_a_program_draws(client: httpx.Client, model: Facet, faces: list[Any]) -> None:
    a, b, c = (vector(face) for face in faces)
    ratings = [1.0, 2.0, 4.0, 3.0, 5.0, 2.5]
    rated = model.sample(6, seed=1)
    as_json = [{str(attribute): part(face, attribute).tolist() for attribute in Attribute} for face in rated]
    found = model.stimuli.direction(rated, ratings, attribute="style")
    assert isinstance(found, Direction)
    pairs = [
        (drawn(client, "average", {"faces": faces, "onto": faces[2]}, attr="identity", weight=[1, 2, 1]),
         model.stimuli.average([a, b, c], attributes=["identity"], weights=[1, 2, 1], onto=c)),
        (drawn(client, "continuum", {"start": faces[0], "end": faces[1]}, steps=4),
         model.stimuli.continuum(a, b, 4)),
        (drawn(client, "caricature", {"face": faces[0], "among": faces[1:]}, amount=[0.5, 1.5]),
         model.stimuli.caricature(a, [b, c], [0.5, 1.5])),
        (drawn(client, "factorial", {"faces": faces}, expression="anger", turn=[-10, 10], share="style"),
         model.stimuli.factorial([a, b, c], ["anger"], [-10, 10], shared=["style"])),
        (drawn(client, "noise", {"face": faces[0]}, pairs=3, seed=4, attr="style", degrees=20),
         model.stimuli.noise(a, 3, attribute="style", degrees=20, seed=4)),
        (drawn(client, "direction", {"faces": as_json, "ratings": ratings}, attr="style", degrees=[-20, 20]),
         model.stimuli.along(rated[0], found, [-20, 20])),
    ]  # fmt: skip
    for answer, expected in pairs:
        assert [face["name"] for face in answer["faces"]] == expected.names
        np.testing.assert_allclose(embeddings(answer), expected.embeddings, atol=1e-5)
        for face, drawing, row in zip(answer["faces"], expected.drawings, expected.table, strict=True):
            assert np.abs(pixels(face["image"]).astype(int) - drawing.pixels).max() <= 1
            assert face["columns"].keys() == row.keys() - {"file"}
        assert answer["recipe"]["model"] == model.id
    assert pairs[-1][0]["r2"] == pytest.approx(found.r2, abs=1e-4)


def test_pictures_are_read_and_embeddings_taken(client: httpx.Client, faces: list[Any]) -> None:
    given = drawn(client, "continuum", {"start": faces[0], "end": faces[1]}, steps=3, **IDENTITY)
    files = {"start": ADA, "end": BOB}
    shown = client.post("/stimuli/continuum?steps=3&attr=identity", files=files, headers=JSON).json()
    np.testing.assert_allclose(embeddings(shown), embeddings(given), atol=1e-6)
    mixed = client.post(
        "/stimuli/average?attr=style",
        files=[("faces", ADA), ("faces", BOB)],
        data={"onto": json.dumps(faces[2])},
        headers=JSON,
    ).json()
    onto = drawn(client, "average", {"faces": faces[:2], "onto": faces[2]}, attr="style")
    np.testing.assert_allclose(embeddings(mixed), embeddings(onto), atol=1e-6)


def test_a_set_is_one_sheet_or_files_or_data(client: httpx.Client) -> None:
    query = "/stimuli/factorial?people=3&turn=0&turn=20&expression=neutral&seed=5"
    sheet = client.post(query)
    assert sheet.headers["X-Facet-Synthetic"] == "true"
    assert "digitalsourcetype/trainedAlgorithmicMedia" in xmp(sheet.content)
    page = pixels(sheet.content)
    assert page.shape == (3 * 64, 2 * 64, 3)
    answer = client.post(query, headers=JSON).json()
    packed = client.post(query, headers={"Accept": "application/zip"})
    assert packed.headers["content-type"] == "application/zip"
    assert packed.headers["X-Facet-Synthetic"] == "true"
    with zipfile.ZipFile(BytesIO(packed.content)) as archive:
        names = [f"{face['name']}.png" for face in answer["faces"]]
        assert archive.namelist() == [*names, "stimuli.csv", "recipe.json"]
        rows = list(csv.DictReader(StringIO(archive.read("stimuli.csv").decode())))
        assert [row["file"] for row in rows] == names
        assert [row["person"] for row in rows] == ["1", "1", "2", "2", "3", "3"]
        assert json.loads(archive.read("recipe.json")) == answer["recipe"]
        for number, (name, face) in enumerate(zip(names, answer["faces"], strict=True)):
            assert "/trainedAlgorithmicMedia" in xmp(archive.read(name))
            one = pixels(archive.read(name))
            np.testing.assert_array_equal(one, pixels(face["image"]))
            top, left = 64 * (number // 2), 64 * (number % 2)
            np.testing.assert_array_equal(page[top : top + 64, left : left + 64], one)


def test_a_recipe_draws_the_same_again(client: httpx.Client) -> None:
    first = drawn(client, "factorial", {}, people=2, seed=3)
    again = drawn(client, "again", {"recipe": first["recipe"]})
    assert again == first
    form = client.post("/stimuli/again", data={"recipe": json.dumps(first["recipe"])}, headers=JSON)
    assert form.status_code in {200, 415}
    other = {**first["recipe"], "model": "other-1"}
    assert_problem(client.post("/stimuli/again", json={"recipe": other}), 422, "invalid_request")
    assert_problem(client.post("/stimuli/again", json={"recipe": {"facet": "1"}}), 422, "invalid_request")
    assert_problem(client.post("/stimuli/again", json={}), 422, "invalid_request")


def test_an_experiment_of_reverse_correlation(client: httpx.Client, faces: list[Any]) -> None:
    sought = np.random.default_rng(1).normal(size=32)
    answers: dict[str, str] = {}
    for first in range(1, 300, 30):
        part_of_it = drawn(
            client, "noise", {"face": faces[0]}, pairs=300, first=first, last=first + 29, attr="style", seed=2
        )
        likes = part(embeddings(part_of_it), Attribute.STYLE) @ sought
        assert [face["columns"]["pair"] for face in part_of_it["faces"][::2]] == list(range(first, first + 30))
        answers |= {str(first + pair): "ab"[int(likes[2 * pair] < likes[2 * pair + 1])] for pair in range(30)}
    body = {"recipe": part_of_it["recipe"], "answers": answers}
    less, more = part(embeddings(drawn(client, "classification", body, degrees=[-30, 30])), Attribute.STYLE)
    own = part(vector(faces[0]), Attribute.STYLE)
    aside = sought - sought @ own * own
    found = more - less
    assert found @ aside / np.linalg.norm(found) / np.linalg.norm(aside) >= 0.8
    for wrong in ({"301": "a"}, {"1": "left"}, {"one": "a"}, {}, [], None):
        answer = client.post("/stimuli/classification", json={**body, "answers": wrong})
        assert_problem(answer, 422, "invalid_request")
    factorial = drawn(client, "factorial", {}, people=1)["recipe"]
    answer = client.post("/stimuli/classification", json={"recipe": factorial, "answers": {"1": "a"}})
    assert_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("factorial", "people=65"),
        ("factorial", "people=0"),
        ("factorial", "people=11"),  # times two expressions and three turns
        ("factorial", "people=1&turn=nan"),
        ("factorial", "people=1&turn=91"),
        ("factorial", "seed=-1"),
    ],
)
def test_sets_are_bounded(client: httpx.Client, kind: str, query: str) -> None:
    assert_problem(client.post(f"/stimuli/{kind}?{query}"), 422, "invalid_request")


def test_what_cannot_be_drawn_is_said(client: httpx.Client, faces: list[Any]) -> None:
    a, b, _ = faces
    ends = {"start": a, "end": b}
    for kind, query, body, status, code in [
        ("continuum", "steps=65", ends, 422, "invalid_request"),
        ("continuum", "steps=1", ends, 422, "invalid_request"),
        ("continuum", "attr=mood", ends, 422, "unknown_attribute"),
        ("continuum", "", {"start": a, "end": a}, 422, "invalid_request"),
        ("continuum", "", {"start": a}, 422, "invalid_request"),
        ("average", "", {"faces": []}, 422, "invalid_request"),
        ("average", "", {"faces": a}, 422, "invalid_request"),
        ("average", "weight=1", {"faces": [a, b]}, 422, "invalid_request"),
        ("average", "", {"faces": [a] * 1001}, 413, "too_large"),
        ("average", "", {"faces": [{**a, "style": [1.0]}]}, 422, "invalid_embedding"),
        ("caricature", "amount=9", {"face": a, "among": [b]}, 422, "invalid_request"),
        ("factorial", "expression=boredom", {"faces": [a]}, 422, "impossible_edit"),
        ("factorial", "people=2", {"faces": [a]}, 422, "invalid_request"),
        ("noise", "pairs=40&last=40", {"face": a}, 422, "invalid_request"),
        ("noise", "pairs=4&first=3&last=2", {"face": a}, 422, "invalid_request"),
        ("noise", "degrees=0", {"face": a}, 422, "invalid_request"),
        ("direction", "", {"faces": [a, b], "ratings": [1]}, 422, "invalid_request"),
        ("direction", "", {"faces": [a, b], "ratings": "high"}, 422, "invalid_request"),
        ("direction", "", {"faces": [a, b], "ratings": [1, 2], "groups": [1, 2]}, 422, "invalid_request"),
    ]:
        answer = client.post(f"/stimuli/{kind}?{query}", json=body)
        assert_problem(answer, status, code)
    blank = png(np.full((100, 100, 3), 128, np.uint8))
    nobody = client.post("/stimuli/average", files=[("faces", ADA), ("faces", blank)])
    assert "picture 1" in assert_problem(nobody, 422, "no_face")["detail"]
