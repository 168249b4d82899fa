"""Requests that mean harm or went wrong: each has its status and code, and the service still answers after."""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.faces import jpeg, png
from tests.service.asking import assert_problem, embedding_of

BOUNDARY = "frontier"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_png(side: int) -> bytes:
    """A black 1-bit PNG of `side` x `side` pixels in a few kilobytes."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + (side + 7) // 8) * side), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "GIF")
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _still_answers(client: httpx.Client, ada: bytes) -> Iterator[None]:
    yield
    assert client.post("/embed", files={"image": ada}).status_code == 200


PICTURES: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "no face": (lambda _: jpeg(np.full((200, 200, 3), 128, np.uint8)), 422, "no_face"),
    "text": (lambda _: b"This is no picture.", 422, "unsupported_image"),
    "another format": (lambda _: gif(), 422, "unsupported_image"),
    "truncated": (lambda picture: picture[: len(picture) // 2], 422, "unreadable_image"),
    "only a header": (lambda picture: picture[:20], 422, "unreadable_image"),
    "empty": (lambda _: b"", 422, "unreadable_image"),
    "one pixel": (lambda _: png(np.zeros((1, 1, 3), np.uint8)), 422, "image_too_small"),
    "20000 pixels a side": (lambda _: huge_png(20_000), 413, "image_too_large"),
    "11 MB": (lambda picture: picture + bytes(11 * 2**20), 413, "image_too_large"),
}


@pytest.mark.parametrize(("spoil", "status", "code"), PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("route", ["/embed", "/reconstruct", "/search"])
def test_a_bad_picture_as_a_file_and_as_the_body(
    client: httpx.Client, ada: bytes, route: str, spoil: Callable[[bytes], bytes], status: int, code: str
) -> None:
    data = spoil(ada)
    assert_problem(client.post(route, files={"image": ("ada.jpg", data, "image/jpeg")}), status, code)
    assert_problem(client.post(route, content=data, headers={"Content-Type": "image/jpeg"}), status, code)


def test_bytes_are_counted_while_they_come(client: httpx.Client) -> None:
    endless = (bytes(2**20) for _ in range(12))
    answer = client.post("/embed", content=endless, headers={"Content-Type": "image/jpeg"})
    problem = assert_problem(answer, 413, "image_too_large")
    assert problem["details"] == {"max_image_bytes": 10 * 2**20}


def test_a_form_beyond_the_limit_is_refused_with_and_without_its_length(client: httpx.Client) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'.encode()

    def body() -> Iterator[bytes]:
        for _ in range(8):
            yield head
            yield from (bytes(2**20) for _ in range(9))
            yield b"\r\n"

    assert_problem(client.post("/embed", content=body(), headers=headers), 413, "too_large")
    assert_problem(client.post("/embed", content=b"".join(body()), headers=headers), 413, "too_large")


def test_too_many_pictures(client: httpx.Client, ada: bytes) -> None:
    problem = assert_problem(client.post("/embed", files=[("image", ada)] * 33), 413, "too_large")
    assert problem["details"] == {"max_images": 32}
    assert len(client.post("/embed", files=[("image", ada)] * 32).json()["images"]) == 32


def test_where_one_picture_is_all_two_are_refused(client: httpx.Client, ada: bytes) -> None:
    assert_problem(client.post("/reconstruct", files=[("image", ada)] * 2), 422, "invalid_request")


@pytest.mark.parametrize("route", ["/reconstruct", "/edit?attr=pose", "/search"])
def test_a_picture_and_an_embedding_contradict_each_other(client: httpx.Client, ada: bytes, route: str) -> None:
    embedding = json.dumps(embedding_of(client, ada))
    answer = client.post(route, files={"image": ada}, data={"embedding": embedding})
    assert "not both" in assert_problem(answer, 422, "invalid_request")["detail"]


@pytest.mark.parametrize("route", ["/embed", "/reconstruct", "/edit?attr=pose", "/verify", "/search"])
def test_a_missing_picture_is_named(client: httpx.Client, ada: bytes, route: str) -> None:
    assert assert_problem(client.post(route), 422, "invalid_request")["details"] == {"field": "image"}
    misnamed = assert_problem(client.post(route, files={"picture": ada}), 422, "invalid_request")
    assert misnamed["details"] == {"field": "image"}
    assert "'picture'" in misnamed["detail"]
    as_text = assert_problem(client.post(route, data={"image": "text"}, files={"picture": ada}), 422, "invalid_request")
    assert "file" in as_text["detail"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", '{"k": NaN}', "NaN", '{"embedding": "\\ud800"}', "[" * 5000, "\xff"],
    ids=lambda text: text[:20],
)
def test_a_body_that_is_no_json_object(client: httpx.Client, text: str) -> None:
    for route in ("/reconstruct", "/search", "/faces", "/edit"):
        answer = client.post(route, content=text.encode("latin-1"), headers={"Content-Type": "application/json"})
        assert_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize("text", ['{"embedding": {"pose": [NaN, 0, 0]}}', '{"embedding": -Infinity}'])
def test_an_embedding_with_numbers_that_are_not_finite(client: httpx.Client, text: str) -> None:
    for route in ("/reconstruct", "/search", "/faces", "/edit"):
        answer = client.post(route, content=text, headers={"Content-Type": "application/json"})
        assert "finite" in assert_problem(answer, 422, "invalid_embedding")["detail"]


def test_json_beyond_its_limit(client: httpx.Client) -> None:
    answer = client.post("/search", json={"padding": "x" * 2**20})
    assert_problem(answer, 413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ";;;", "\xff"]
)
def test_another_content_type(client: httpx.Client, ada: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type.encode("latin-1")} if content_type else {}
    problem = assert_problem(client.post("/embed", content=ada, headers=headers), 415, "unsupported_media_type")
    assert "multipart/form-data" in problem["detail"]


FORMS = {
    "no boundary": ("multipart/form-data", b"x"),
    "another boundary": (f"multipart/form-data; boundary={BOUNDARY}", b"--other\r\n\r\nx\r\n--other--"),
    "cut short": (f"multipart/form-data; boundary={BOUNDARY}", f"--{BOUNDARY}\r\nContent-Disp".encode()),
    "no name": (
        f"multipart/form-data; boundary={BOUNDARY}",
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    ),
    "odd charset": (f"multipart/form-data; boundary={BOUNDARY}; charset=unicode_escape", b"x"),
    "empty": (f"multipart/form-data; boundary={BOUNDARY}", b""),
}


@pytest.mark.parametrize(("content_type", "body"), FORMS.values(), ids=FORMS)
def test_a_form_that_cannot_be_read(client: httpx.Client, content_type: str, body: bytes) -> None:
    answer = client.post("/embed", content=body, headers={"Content-Type": content_type})
    assert_problem(answer, 422, "invalid_request")


def test_a_text_field_beyond_its_limit(client: httpx.Client, ada: bytes) -> None:
    answer = client.post("/faces", files={"image": ada}, data={"subject": "x" * (2**20 + 1)})
    assert_problem(answer, 413, "too_large")


@pytest.mark.parametrize("name", ["nobody", "%00", "%ff%fe", "%ED%A0%80", "..%2F..%2Fetc", "x" * 5000])
def test_an_unknown_face(client: httpx.Client, name: str) -> None:
    assert client.get(f"/faces/{name}").status_code == 404
    assert client.delete(f"/faces/{name}").status_code == 404
    assert_problem(client.get(f"/search?face={name}"), 404, "not_found")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\udfff".encode("utf-16", "surrogatepass").decode("latin-1"), "😀"])
def test_odd_text_is_stored_or_refused_but_never_breaks(client: httpx.Client, ada: bytes, text: str) -> None:
    answer = client.post("/faces", files={"image": ada}, data={"subject": text, "collection": "odd"})
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert client.get(f"/faces/{answer.json()['id']}").json()["subject"] == text


def test_a_path_or_method_that_is_not_there(client: httpx.Client) -> None:
    assert_problem(client.get("/nowhere/at/all"), 404, "not_found")
    answer = client.put("/embed")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"
