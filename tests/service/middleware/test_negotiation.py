"""Requests and answers as msgpack say what JSON says."""

import base64
from typing import Any

import httpx
import msgpack
import numpy as np
import pytest

from model.attributes import SPACES, Attribute
from tests.service.asking import JSON, assert_problem, embedding_of, enrol

MSGPACK = "application/msgpack"


def ask(client: httpx.Client, method: str, url: str, **body: Any) -> httpx.Response:
    """A request whose body and answer are msgpack."""
    headers = {"Accept": MSGPACK, **({"Content-Type": MSGPACK} if body else {})}
    return client.request(method, url, headers=headers, content=msgpack.packb(body) if body else None)


def unpacked(answer: httpx.Response) -> Any:
    assert answer.headers["content-type"] == MSGPACK, answer.text
    assert "Accept" in answer.headers["vary"]
    return as_json(msgpack.unpackb(answer.content))


def as_json(value: Any, name: str = "") -> Any:
    """The value as JSON has it: embeddings' parts as lists, pictures in base64."""
    if isinstance(value, dict):
        return {key: as_json(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        sizes = {attribute.value: space.size for attribute, space in SPACES.items()}
        if name not in sizes:
            return base64.b64encode(value).decode()
        numbers = np.frombuffer(value, "<f4")
        assert numbers.size == sizes[name]
        return numbers.tolist()
    return value


def packed(embedding: dict[str, Any]) -> dict[str, Any]:
    """An embedding whose parts are bytes; the model's id stays text."""
    parts = {name: np.array(numbers, "<f4").tobytes() for name, numbers in embedding.items() if name != "model"}
    return parts | {"model": embedding["model"]}


def test_pictures_and_embeddings_go_both_ways(client: httpx.Client, ada: bytes, bob: bytes) -> None:
    files = [("image", ada), ("image", b"no picture"), ("image", bob)]
    expected = client.post("/embed", files=files)
    answer = ask(client, "POST", "/embed", image=[ada, b"no picture", bob])
    assert unpacked(answer) == expected.json()
    assert len(answer.content) < len(expected.content) / 2
    embedding = embedding_of(client, ada)
    parts = packed(embedding)
    drawn = client.post("/reconstruct", json={"embedding": embedding}, headers=JSON)
    for given in (embedding, parts):
        assert unpacked(ask(client, "POST", "/reconstruct", embedding=given)) == drawn.json()
    png = client.post("/reconstruct", content=msgpack.packb({"embedding": parts}), headers={"Content-Type": MSGPACK})
    assert png.content == base64.b64decode(drawn.json()["image"])


def test_every_kind_of_answer_is_packed(client: httpx.Client, ada: bytes, collection: str) -> None:
    face = enrol(client, ada, "ada", collection, metadata='{"image": "aGVsbG8=", "pose": [1, 2.5], "none": null}')
    for path in (f"/faces/{face['id']}", f"/faces?collection={collection}", "/collections", "/model", "/health/live"):
        assert unpacked(ask(client, "GET", path)) == client.get(path).json()
    query = f"/search?collection={collection}"
    parts = packed(face["embedding"])
    found = client.post(query, json={"embedding": face["embedding"]}).json()
    assert found["results"][0]["id"] == face["id"]
    assert unpacked(ask(client, "POST", query, embedding=parts)) == found
    assert unpacked(ask(client, "POST", query, queries=[{"embedding": parts}])) == {"answers": [found]}
    receipt = unpacked(ask(client, "DELETE", f"/faces/{face['id']}"))
    assert (receipt["deleted"], receipt["sequence"]) == (1, face["sequence"] + 1)


def test_a_face_is_enrolled_from_a_packed_body(client: httpx.Client, ada: bytes, collection: str) -> None:
    metadata = {"age": 36, "names": ["Ada"]}
    face = unpacked(ask(client, "POST", "/faces", image=ada, subject="ada", collection=collection, metadata=metadata))
    assert face == client.get(f"/faces/{face['id']}").json()
    assert (face["metadata"], face["embedding"]) == (metadata, embedding_of(client, ada))
    assert unpacked(ask(client, "PATCH", f"/faces/{face['id']}", subject="bob"))["subject"] == "bob"


def test_failures_stay_problems(client: httpx.Client, ada: bytes) -> None:
    assert_problem(ask(client, "GET", "/faces/nobody"), 404, "not_found")
    assert_problem(ask(client, "POST", "/embed", image=[]), 422, "invalid_request")
    assert_problem(ask(client, "POST", "/embed", image="text"), 422, "invalid_request")
    assert_problem(ask(client, "POST", "/verify", image=[ada, ada], other=ada), 422, "invalid_request")
    assert_problem(ask(client, "POST", "/embed", image=[ada] * 33), 413, "too_large")
    assert_problem(ask(client, "POST", "/embed", image=b"0" * (10 * 2**20 + 1)), 413, "image_too_large")
    part = {attribute.value: b"" for attribute in Attribute}
    assert_problem(ask(client, "POST", "/reconstruct", embedding=part), 422, "invalid_embedding")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (f"{MSGPACK};q=0.5, application/json", "application/json"),
        (f"{MSGPACK}, application/json", MSGPACK),
    ],
)
def test_the_accept_header_chooses(client: httpx.Client, accept: str, media_type: str) -> None:
    assert client.get("/model", headers={"Accept": accept}).headers["content-type"] == media_type
