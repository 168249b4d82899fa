"""The README's commands do what it says, on the bundled model."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(bash|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START_SECONDS = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service started by the README's own command, on a free port and an empty gallery."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = tmp_path_factory.mktemp("data")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACET_")}
    environment |= {"FACET_PORT": str(port), "FACET_DATA_DIR": str(data), "FACET_LOG_LEVEL": "warning"}
    process = subprocess.Popen(["make", "serve"], cwd=ROOT, env=environment, start_new_session=True)
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready")
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(START_SECONDS * 10):
        assert process.poll() is None, "make serve ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"make serve was not ready after {START_SECONDS} s")


def assert_like(shown: Any, given: Any, where: str = "answer") -> None:
    """The answer has the shape that is shown; `…` stands for what varies, and texts shown in full are equal."""
    if isinstance(shown, dict):
        assert isinstance(given, dict), where
        for key, value in shown.items():
            if "…" not in key:
                assert key in given, f"{where} lacks {key}"
                assert_like(value, given[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(given, list), where
        for number, value in enumerate(shown):
            if not (isinstance(value, str) and "…" in value):
                assert_like(value, given[number], f"{where}[{number}]")
    elif isinstance(shown, str) and "…" not in shown and "label" not in where:
        assert given == shown, where
    elif isinstance(shown, int | float):
        assert isinstance(given, int | float), where


@pytest.mark.skipif(not shutil.which("curl"), reason="the README's calls need curl")
def test_the_calls_work_as_printed(address: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    answers = 0
    output = ""
    for language, text in blocks:
        if language == "bash":
            script = text.replace("localhost:8000", address)
            command = ["bash", "-euo", "pipefail", "-c", script]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            output = done.stdout.decode()
        else:
            answer, _ = json.JSONDecoder().raw_decode(output)
            assert_like(json.loads(text), answer)
            answers += 1
    assert answers == 4
    for picture in ("anna.png", "ben.png", "edited.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
        assert b"trainedAlgorithmicMedia" in (tmp_path / picture).read_bytes()


def test_the_main_paths_exist() -> None:
    paths = re.findall(r"`((?:service|worker|gallery|model|training)/[\w/]+\.py)`", (ROOT / "README.md").read_text())
    assert len(paths) >= 9
    assert [path for path in paths if not (ROOT / path).is_file()] == []
