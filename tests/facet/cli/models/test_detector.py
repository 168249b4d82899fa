import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facet.cli import app
from facet.cli.models.detector import YUNET_SHA256, YUNET_URL

CONTENT = b"a detector" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Mirror(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        Mirror.asked += 1
        self.send_response(200 if self.path == "/detector.onnx" else 404)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["detector", "fetch", *arguments])
    return result.exit_code, result.output


def test_the_file_is_fetched_once_and_checked(mirror: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / "detector.onnx"
    arguments = ("--to", str(target), "--url", f"{mirror}/detector.onnx", "--sha256", SHA256)
    code, output = fetch(*arguments)
    assert code == 0
    assert f"FACET_DETECTOR_MODEL={target}" in output.replace("\n", "")
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    asked = Mirror.asked
    assert fetch(*arguments)[0] == 0
    assert Mirror.asked == asked
    target.write_bytes(b"damaged")
    assert fetch(*arguments)[0] == 0
    assert target.read_bytes() == CONTENT


def test_another_file_is_refused_and_leaves_nothing(mirror: str, tmp_path: Path) -> None:
    code, output = fetch("--to", str(tmp_path / "detector.onnx"), "--url", f"{mirror}/detector.onnx")
    assert code == 1
    assert SHA256 in output
    assert YUNET_SHA256 in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["{mirror}/elsewhere", "http://127.0.0.1:1/x", "file:///nowhere", "no address"])
def test_what_cannot_be_downloaded_is_one_line(mirror: str, tmp_path: Path, url: str) -> None:
    code, output = fetch("--to", str(tmp_path / "detector.onnx"), "--url", url.format(mirror=mirror))
    assert code == 1
    assert output.startswith("facet: cannot download ")
    assert output.count("\n") == 1


def test_a_place_that_cannot_be_written_is_one_line(mirror: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "detector.onnx"
    code, output = fetch("--to", str(target), "--url", f"{mirror}/detector.onnx", "--sha256", SHA256)
    assert code == 1
    assert output.startswith("facet: cannot write ")


def test_the_official_release_is_the_default() -> None:
    assert YUNET_URL.startswith("https://media.githubusercontent.com/media/opencv/opencv_zoo/main/")
    assert len(bytes.fromhex(YUNET_SHA256)) == 32
