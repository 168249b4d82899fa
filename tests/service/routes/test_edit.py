import json
from typing import Any

import httpx
import numpy as np
import pytest

from tests.service.asking import JSON, assert_problem, embedding_of, enrol, pixels, xmp


def edited(client: httpx.Client, query: str = "", **sent: Any) -> dict[str, Any]:
    answer = client.post(f"/edit{query}", headers=JSON, **sent)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Facet-Synthetic"] == "true"
    body: dict[str, Any] = answer.json()
    return body


def listed(*edits: dict[str, Any]) -> dict[str, str]:
    return {"edits": json.dumps(edits)}


def test_a_swapped_expression_leaves_the_rest_bit_equal(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    body = edited(client, "?attr=expression", files={"image": ada, "source": bob})
    first, second = embedding_of(client, ada), embedding_of(client, bob)
    assert body["embedding"] == {**first, "expression": second["expression"]}
    assert body["reencoded"].keys() == first.keys()


def test_amount_0_changes_nothing(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    body = edited(client, "?attr=identity&attr=style&amount=0", files={"image": ada, "source": bob})
    assert body["embedding"] == embedding_of(client, ada)


def test_a_list_names_sources_angles_and_presets(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    edits = listed(
        {"attribute": "style", "from": "source:1"},
        {"attribute": "pose", "set": {"yaw": 20}},
        {"attribute": "expression", "preset": "happiness", "amount": 1},
    )
    files = [("image", ada), ("source", ada), ("source", bob)]
    body = edited(client, files=files, data=edits)
    before = embedding_of(client, ada)
    assert body["embedding"]["style"] == embedding_of(client, bob)["style"]
    assert body["embedding"]["identity"] == before["identity"]
    pitch, yaw, roll = body["embedding"]["pose"]
    assert yaw == pytest.approx(np.radians(20), abs=1e-6)
    assert [pitch, roll] == [before["pose"][0], before["pose"][2]]
    redrawn = edited(client, files=files, data=listed({"attribute": "expression", "preset": "happiness"}))
    assert redrawn["embedding"]["expression"] == body["embedding"]["expression"] != before["expression"]


def test_an_enrolled_face_is_edited_and_lends(client: httpx.Client, ada: bytes, bob: bytes, collection: str) -> None:
    face, lender = enrol(client, ada, "ada", collection), enrol(client, bob, "bob", collection)
    edits = [{"attribute": "identity", "from": f"face:{lender['id']}"}]
    body = edited(client, f"?face={face['id']}", json={"edits": edits})
    assert body["embedding"]["identity"] == pytest.approx(lender["embedding"]["identity"], abs=1e-6)
    assert body["embedding"]["style"] == pytest.approx(face["embedding"]["style"], abs=1e-6)


def test_an_embedding_is_edited_as_json(client: httpx.Client, ada: bytes) -> None:
    edits = [{"attribute": "pose", "set": {"pitch": -10}}]
    body = edited(client, json={"embedding": embedding_of(client, ada), "edits": edits})
    assert body["embedding"]["pose"][0] == pytest.approx(np.radians(-10), abs=1e-6)


def test_paste_puts_the_face_back_into_the_photograph(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    files = {"image": ada, "source": bob}
    drawn = client.post("/edit?attr=style", files=files)
    pasted = client.post("/edit?attr=style&paste=true", files=files)
    assert drawn.headers["X-Facet-Synthetic"] == pasted.headers["X-Facet-Synthetic"] == "true"
    assert pixels(drawn.content).shape == (64, 64, 3)
    assert pixels(pasted.content).shape == (200, 200, 3)
    assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in xmp(pasted.content)
    assert "digitalsourcetype/trainedAlgorithmicMedia" in xmp(drawn.content)
    np.testing.assert_array_equal(pixels(pasted.content)[:5, :5], pixels(ada)[:5, :5])


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"attribute": "expression", "preset": "grumpy"}, "impossible_edit"),
    ({"attribute": "expression", "from": "source:7"}, "impossible_edit"),
    ({"attribute": "expression", "from": "source:-1"}, "impossible_edit"),
    ({"attribute": "expression", "from": "elsewhere"}, "impossible_edit"),
    ({"attribute": "expression", "set": {"yaw": 3}}, "impossible_edit"),
    ({"attribute": "pose", "set": {"tilt": 3}}, "impossible_edit"),
    ({"attribute": "pose", "set": {"yaw": 120}}, "impossible_edit"),
    ({"attribute": "pose"}, "impossible_edit"),
    ({"attribute": "pose", "set": {"yaw": 3}, "amount": 9}, "impossible_edit"),
    ({"attribute": "mood", "preset": "happiness"}, "unknown_attribute"),
    ({"attribute": "pose", "turn": 3}, "invalid_request"),
    ({"preset": "happiness"}, "invalid_request"),
]


@pytest.mark.parametrize(("change", "code"), IMPOSSIBLE, ids=str)
def test_an_impossible_edit_says_so(
    client: httpx.Client, ada: bytes, bob: bytes, change: dict[str, Any], code: str
) -> None:
    answer = client.post("/edit", files={"image": ada, "source": bob}, data=listed(change))
    assert_problem(answer, 422, code)


@pytest.mark.parametrize(
    ("query", "fields", "names"),
    [
        ("", ["image", "source"], "attr"),
        ("?attr=style", ["image"], "source"),
        ("?attr=style", ["source"], "image"),
        ("?attr=style&amount=nan", ["image", "source"], "amount"),
    ],
)
def test_what_is_missing_is_named(client: httpx.Client, ada: bytes, query: str, fields: list[str], names: str) -> None:
    answer = client.post(f"/edit{query}", files=dict.fromkeys(fields, ada))
    assert answer.status_code == 422
    assert names in answer.json()["detail"]


@pytest.mark.parametrize("text", ["{", "[NaN]", "{}", "7", '["pose"]', '[{"attribute":"pose","set":{"yaw":NaN}}]'])
def test_edits_that_are_no_list_of_edits(client: httpx.Client, ada: bytes, text: str) -> None:
    assert_problem(client.post("/edit", files={"image": ada}, data={"edits": text}), 422, "invalid_request")


def test_edits_are_named_one_way_and_one_face_at_a_time(client: httpx.Client, ada: bytes, collection: str) -> None:
    both = client.post("/edit?attr=style", files={"image": ada, "source": ada}, data=listed())
    assert_problem(both, 422, "invalid_request")
    face = enrol(client, ada, "ada", collection)["id"]
    two = client.post(f"/edit?attr=style&face={face}", files={"image": ada, "source": ada})
    assert_problem(two, 422, "invalid_request")
    many = client.post("/edit", files={"image": ada}, data=listed(*[{"attribute": "pose", "set": {"yaw": 1}}] * 65))
    assert_problem(many, 422, "invalid_request")


def test_only_a_photograph_takes_a_paste(client: httpx.Client, ada: bytes, collection: str) -> None:
    face = enrol(client, ada, "ada", collection)["id"]
    answer = client.post(f"/edit?attr=style&paste=true&face={face}", files={"source": ada})
    assert_problem(answer, 422, "impossible_edit")


def test_an_unknown_face_is_not_found(client: httpx.Client, ada: bytes) -> None:
    assert_problem(client.post("/edit?attr=style&face=nobody", files={"source": ada}), 404, "not_found")
    answer = client.post("/edit", files={"image": ada}, data=listed({"attribute": "style", "from": "face:nobody"}))
    assert_problem(answer, 404, "not_found")
