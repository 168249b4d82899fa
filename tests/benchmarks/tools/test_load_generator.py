"""The load generator against a small server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.tools.load_generator import Callers, multipart, raw

PNG = b"\x89PNG and more"


class Counter(BaseHTTPRequestHandler):
    """Notes each body; answers 200, but 500 to what is no picture."""

    protocol_version = "HTTP/1.1"
    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(body)
        self.send_response(500 if body == b"bad" else 200)
        self.send_header("Content-Length", "40000")
        self.end_headers()
        self.wfile.write(b"x" * 40_000)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def counting() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server, and the bodies that it was sent."""
    handler = type("Handler", (Counter,), {"bodies": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", handler.bodies  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def test_every_answer_counts_and_a_bad_one_ends_it() -> None:
    with counting() as (url, bodies), Callers.started() as callers:
        measure = callers.ask(url, [raw("/", PNG), raw("/", b"\xff\xd8 and more")], concurrency=3, seconds=0.2)
        assert measure.answers == len(bodies) >= 3
        assert set(bodies) == {PNG, b"\xff\xd8 and more"}
        assert 0 < measure.median_ms <= measure.p95_ms
        assert measure.per_second == pytest.approx(measure.answers / measure.seconds)
        with pytest.raises(RuntimeError, match="500"):
            callers.ask(url, [raw("/", b"bad")], concurrency=1, seconds=0.2)


def test_a_form_holds_each_picture_as_it_is() -> None:
    head, _, body = multipart("/embed", [PNG, b"other"]).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    boundary = head.rpartition(b"boundary=")[2].split(b"\r\n")[0]
    parts = body.split(b"--" + boundary)
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [PNG + b"\r\n", b"other\r\n"]
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
