"""What many tests ask of the service, and how its answers are read."""

import base64
from io import BytesIO
from typing import Any

import httpx
import numpy as np
from PIL import Image

from model.attributes import Attribute, Vector, join
from model.engine.backend import Pixels

JSON = {"Accept": "application/json"}


def vector(embedding: dict[str, list[float]]) -> Vector:
    """The numbers of an embedding in JSON."""
    return join({attribute: np.array(embedding[attribute], np.float32) for attribute in Attribute})


def embedding_of(client: httpx.Client, picture: bytes) -> dict[str, list[float]]:
    """The embedding of the only face of a picture, as JSON holds it."""
    answer = client.post("/embed", files={"image": picture})
    assert answer.status_code == 200, answer.text
    embedding: dict[str, list[float]] = answer.json()["images"][0]["faces"][0]["embedding"]
    return embedding


def enrol(client: httpx.Client, picture: bytes, subject: str, collection: str, **fields: str) -> dict[str, Any]:
    """An enrolled face."""
    answer = client.post(
        "/faces", files={"image": picture}, data={"subject": subject, "collection": collection, **fields}
    )
    assert answer.status_code == 201, answer.text
    face: dict[str, Any] = answer.json()
    return face


def pixels(file: bytes | str) -> Pixels:
    """The picture in an image file, or in one in base64."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(file) if isinstance(file, str) else file)).convert("RGB"))


def xmp(png: bytes) -> str:
    """The XMP metadata of a PNG."""
    text: str = Image.open(BytesIO(png)).info["XML:com.adobe.xmp"]
    return text


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an answer that must be this problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert problem["status"] == status
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert len(problem["detail"]) > 10
    return problem
