import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.service.asking import JSON, assert_problem, embedding_of, enrol


def test_an_enrolled_face_is_there_as_it_was_sent(client: httpx.Client, ada: bytes, collection: str) -> None:
    sent = {"subject": "ada", "collection": collection, "metadata": '{"city": "London", "n": [1, null]}'}
    answer = client.post("/faces", files={"image": ada}, data=sent)
    assert answer.status_code == 201
    face = answer.json()
    assert answer.headers["Location"] == f"/faces/{face['id']}"
    assert face["embedding"] == embedding_of(client, ada)
    assert (face["subject"], face["collection"], face["model"]) == ("ada", collection, "dummy-1")
    assert face["metadata"] == {"city": "London", "n": [1, None]}
    assert 0 <= face["quality"] < 1
    assert abs(datetime.now(UTC) - datetime.fromisoformat(face["created"])) < timedelta(minutes=1)
    assert client.get(answer.headers["Location"]).json() == face


def test_an_embedding_is_enrolled_as_json(client: httpx.Client, ada: bytes, collection: str) -> None:
    embedding = embedding_of(client, ada)
    body = {"embedding": embedding, "subject": "ada", "collection": collection, "metadata": {"from": "elsewhere"}}
    answer = client.post("/faces", json=body)
    assert answer.status_code == 201
    face = answer.json()
    assert face["metadata"] == {"from": "elsewhere"}
    assert face["quality"] is None
    assert face["embedding"]["identity"] == pytest.approx(embedding["identity"], abs=1e-6)


def test_a_face_that_is_sent_again_with_its_key_is_enrolled_once(
    client: httpx.Client, ada: bytes, collection: str
) -> None:
    def send(key: str | None, subject: str = "ada") -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        fields = {"subject": subject, "collection": collection, "metadata": '{"n": 1.5}'}
        return client.post("/faces", files={"image": ada}, data=fields, headers=headers)

    key = uuid.uuid4().hex
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(key), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    first = answers[0].json()
    assert {answer.json()["id"] for answer in answers} == {first["id"]}
    assert {answer.headers["Location"] for answer in answers} == {f"/faces/{first['id']}"}
    assert client.get(f"/faces/{first['id']}").json() == first
    assert "new key" in assert_problem(send(key, "bob"), 422, "invalid_request")["detail"]
    others = {send(other).json()["id"] for other in (uuid.uuid4().hex, None, None)}
    assert len(others | {first["id"]}) == 4
    client.delete(f"/faces/{first['id']}")
    assert send(key).json()["id"] == first["id"]
    for unusable in ("", "x" * 256):
        assert_problem(send(unusable), 422, "invalid_request")


def test_pages_cover_every_face_once_in_order(client: httpx.Client, ada: bytes, bob: bytes, collection: str) -> None:
    enrolled = [enrol(client, (ada, bob)[n % 2], f"person {n % 2}", collection)["id"] for n in range(5)]
    seen: list[str] = []
    query = {"collection": collection, "limit": 2}
    sizes = []
    while True:
        page = client.get("/faces", params=query).json()
        sizes.append(len(page["faces"]))
        seen += [face["id"] for face in page["faces"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == enrolled
    assert sizes == [2, 2, 1]
    of_one = client.get("/faces", params={"collection": collection, "subject": "person 1"}).json()["faces"]
    assert [face["id"] for face in of_one] == enrolled[1::2]


def test_collections_count_their_faces_and_subjects(client: httpx.Client, ada: bytes, collection: str) -> None:
    for subject in ("a", "a", "b"):
        enrol(client, ada, subject, collection)
    entries = client.get("/collections").json()["collections"]
    assert {"name": collection, "faces": 3, "subjects": 2} in entries


def test_a_deleted_face_is_in_no_later_answer(client: httpx.Client, ada: bytes, collection: str) -> None:
    gone, kept = (enrol(client, ada, subject, collection)["id"] for subject in ("gone", "kept"))
    answer = client.delete(f"/faces/{gone}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(client.get(f"/faces/{gone}"), 404, "not_found")
    assert_problem(client.delete(f"/faces/{gone}"), 404, "not_found")
    assert_problem(client.get(f"/search?face={gone}"), 404, "not_found")
    found = client.post(f"/search?collection={collection}", files={"image": ada}).json()
    assert [result["id"] for result in found["results"]] == [kept]
    assert [face["id"] for face in client.get(f"/faces?collection={collection}").json()["faces"]] == [kept]


def test_a_deleted_subject_takes_all_its_faces_of_a_collection(
    client: httpx.Client, ada: bytes, collection: str
) -> None:
    subject = "ada / née Byron"
    for where in (collection, collection, f"{collection}.2"):
        enrol(client, ada, subject, where)
    address = "/subjects/ada%20%2F%20n%C3%A9e%20Byron"
    assert client.delete(address, params={"collection": collection}).status_code == 204
    assert client.get(f"/faces?collection={collection}").json()["faces"] == []
    assert len(client.get(f"/faces?collection={collection}.2").json()["faces"]) == 1
    assert client.delete(address).status_code == 204
    assert_problem(client.delete(address), 404, "not_found")


def test_a_deletion_gives_a_receipt_where_it_is_asked_for(client: httpx.Client, ada: bytes, collection: str) -> None:
    faces = [enrol(client, ada, "ada " + collection, collection) for _ in range(3)]
    answer = client.delete(f"/faces/{faces[0]['id']}", headers=JSON)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    receipt = answer.json()
    assert (receipt["deleted"], receipt["sequence"]) == (1, faces[2]["sequence"] + 1)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(receipt["at"])) < timedelta(minutes=1)
    of_subject = client.delete(f"/subjects/ada%20{collection}", headers=JSON).json()
    assert (of_subject["deleted"], of_subject["sequence"]) == (2, receipt["sequence"] + 2)
    assert client.get(f"/faces?collection={collection}").json()["faces"] == []


def test_a_changed_face_is_found_under_what_it_is_now(client: httpx.Client, ada: bytes, collection: str) -> None:
    face, other = (enrol(client, ada, "ada", collection, metadata='{"n": 1}') for _ in range(2))
    answer = client.patch(f"/faces/{face['id']}", json={"subject": "bob", "metadata": {"n": 2}})
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert now["sequence"] > other["sequence"]
    assert now == {**face, "subject": "bob", "metadata": {"n": 2}, "sequence": now["sequence"]}
    assert client.get(f"/faces/{face['id']}").json() == now
    assert [item["id"] for item in client.get(f"/faces?collection={collection}").json()["faces"]] == [
        other["id"],
        face["id"],
    ]
    for query, expected in ({"subject": "bob"}, face), ({"metadata.n": "2"}, face), ({"metadata.n": "1"}, other):
        found = client.post("/search", params={"collection": collection, **query}, files={"image": ada}).json()
        assert [result["id"] for result in found["results"]] == [expected["id"]]
    moved = client.patch(f"/faces/{face['id']}", data={"collection": f"{collection}.2"}, files={}).status_code
    assert moved == 415
    moved = client.patch(f"/faces/{face['id']}", json={"collection": f"{collection}.2"}).json()
    assert (moved["collection"], moved["subject"], moved["metadata"]) == (f"{collection}.2", "bob", {"n": 2})


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"subject": None},
        {"subject": ""},
        {"subject": 5},
        {"collection": "a b"},
        {"metadata": [1]},
        {"metadata": {"x": "y" * 20_000}},
        {"subject": "ada", "model": "m2"},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_change_that_cannot_be_is_refused(
    client: httpx.Client, ada: bytes, collection: str, change: dict[str, Any]
) -> None:
    face = enrol(client, ada, "ada", collection)
    assert_problem(client.patch(f"/faces/{face['id']}", json=change), 422, "invalid_request")
    assert client.get(f"/faces/{face['id']}").json() == face
    assert_problem(client.patch("/faces/nobody", json={"subject": "bob"}), 404, "not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subject": ""},
        {"subject": "x" * 201},
        {"subject": "ada", "collection": "no spaces"},
        {"subject": "ada", "metadata": "{"},
        {"subject": "ada", "metadata": "[1]"},
        {"subject": "ada", "metadata": '{"x": NaN}'},
        {"subject": "ada", "metadata": json.dumps({"x": "y" * 20_000})},
        {"subject": ["ada", "bob"]},
        {"subject": "ada", "image": "text"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_fields_that_cannot_be_are_refused(client: httpx.Client, ada: bytes, fields: dict[str, Any]) -> None:
    assert_problem(client.post("/faces", files={"image": ada}, data=fields), 422, "invalid_request")


def test_json_fields_have_their_types(client: httpx.Client, ada: bytes) -> None:
    for change in ({"subject": 5}, {"collection": ["x"]}, {"metadata": 5}):
        body = {"embedding": embedding_of(client, ada), "subject": "ada", **change}
        assert_problem(client.post("/faces", json=body), 422, "invalid_request")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=nonsense", "collection=no%20spaces"])
def test_a_listing_checks_its_parameters(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"/faces?{query}"), 422, "invalid_request")
