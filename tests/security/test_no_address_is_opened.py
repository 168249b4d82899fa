"""What a request calls a file or an address is opened by nobody."""

import itertools
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.security.scopes import NEEDS
from tests.faces import draw_face, jpeg
from tests.service.asking import embedding_of
from tests.service.serving import dummy_app, serving

PORT = 47_119
"""Of an address that nobody listens on; the attempt would be seen."""
_watching = threading.Event()
_seen: list[str] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what is opened, looked at or called; an audit hook stays for the life of the process."""
    if _watching.is_set() and event in {"open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo"}:
        _seen.append(f"{event} {arguments!r}")


@pytest.fixture(scope="module", autouse=True)
def hooked() -> None:
    sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    _seen.clear()
    _watching.set()
    try:
        yield _seen
    finally:
        _watching.clear()


def fields(name: str) -> dict[str, str]:
    return dict.fromkeys(("image", "other", "source", "face", "subject", "collection", "path", "url", "archive"), name)


def bodies(name: str, embedding: dict[str, Any]) -> list[dict[str, Any]]:
    """Ways to say a path or an address in a request."""
    edits = [{"attribute": "style", "from": name}]
    return [
        {"params": fields(name)},
        {"json": {**fields(name), "metadata": {"source": name}}},
        {"json": {"embedding": embedding, "subject": name, "edits": edits}},
        {"data": {**fields(name), "edits": json.dumps(edits)}, "files": {"none": (name, b"")}},
        {"content": name.encode(), "headers": {"Content-Type": "application/zip"}},
    ]


def test_no_path_and_no_url_of_a_request_is_opened(tmp_path: Path) -> None:
    canary = tmp_path / "canary.jpg"
    canary.write_bytes(jpeg(draw_face()))
    names = [str(canary), f"file://{canary}", f"http://127.0.0.1:{PORT}/canary.jpg"]
    with serving(dummy_app(tmp_path / "data")) as client:
        embedding = embedding_of(client, canary.read_bytes())
        with watched() as seen:
            canary.read_bytes()
            assert any("canary" in each for each in seen)
            seen.clear()
            for route, name in itertools.product(sorted(NEEDS, key=lambda each: each.startswith("DELETE")), names):
                method, path = route.split(" ")
                # The events of a job have no end.
                if not path.endswith("/events"):
                    url = path.replace("{name}", "c").partition("{")[0]
                    for body in bodies(name, embedding) if method in ("POST", "PATCH") else [{"params": fields(name)}]:
                        client.request(method, url, **body)
    assert [each for each in seen if "canary" in each or str(PORT) in each] == []
