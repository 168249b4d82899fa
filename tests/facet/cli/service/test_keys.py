import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from facet.cli import app
from tests.faces import draw_face, jpeg
from tests.processes import ROOT, free_port, running, wait_until
from tests.service.asking import enrol
from tests.service.serving import dummy_app, serving


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["keys", *arguments])
    return result.exit_code, result.output


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    place = ("--data-dir", str(tmp_path))
    assert run("list", *place) == (0, "")
    code, token = run("create", "Ada", "--scope", "search", "--scope", "enrol", "--collection", "c", *place)
    assert code == 0
    id = token.split("_")[1]
    run("create", "Bob", "--scope", "admin", "--rate", "5", *place)
    ada, bob = run("list", *place)[1].splitlines()
    assert ada.startswith(f"{id}  20")
    assert ada.endswith("  Ada  enrol, search  in c")
    assert bob.endswith("  Bob  admin  in every collection  5/min")
    assert token.split("_", 2)[2].strip() not in ada
    assert run("revoke", id, *place) == (0, f"revoked {id}\n")
    assert run("list", *place)[1].splitlines()[0].endswith("in c  REVOKED")
    assert run("revoke", id, *place)[0] == 1


@pytest.mark.parametrize(
    "arguments", [("create", "Ada"), ("create", "Ada", "--scope", "fly"), ("create", "--scope", "search")]
)
def test_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, "--data-dir", str(tmp_path))[0] == 2
    assert list(tmp_path.iterdir()) == []


def serve(place: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "facet", "serve", "--model", "dummy", "--data-dir", str(place), *arguments]


def test_without_keys_it_refuses_to_listen_beyond_this_machine(tmp_path: Path) -> None:
    command = serve(tmp_path, "--host", "0.0.0.0", "--port", "0")
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Make a key with `facet keys create`, or say --insecure." in done.stderr
    assert "Traceback" not in done.stderr


def test_faces_are_sealed_by_a_file_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, place = tmp_path / "vector.keys", ("--data-dir", str(tmp_path / "data with spaces"))
    assert run("reseal", *place)[0] == 1
    assert run("seal", str(keys)) == (0, f"a new key is the first in {keys}\n")
    monkeypatch.setenv("FACET_VECTOR_KEYS", str(keys))
    assert run("reseal", *place) == (0, f"0 faces are sealed with the first key of {keys}\n")
    with serving(dummy_app(tmp_path / "data with spaces", vector_keys=keys)) as client:
        enrol(client, jpeg(draw_face()), "ada", "default")
    assert run("seal", str(keys))[0] == 0
    assert run("reseal", *place) == (0, f"1 faces are sealed with the first key of {keys}\n")


@pytest.mark.parametrize("way", ["a key", "--insecure"])
def test_with_a_key_or_told_so_it_listens_everywhere(tmp_path: Path, way: str) -> None:
    headers = {}
    if way == "a key":
        token = run("create", "Ada", "--scope", "search", "--data-dir", str(tmp_path))[1].strip()
        headers = {"X-API-Key": token}
    port = free_port()
    command = serve(
        tmp_path, "--host", "0.0.0.0", "--port", str(port), *(["--insecure"] if way == "--insecure" else [])
    )
    with running(command, tmp_path / "log") as process:
        url = f"http://{socket.gethostname()}:{port}"
        wait_until(lambda: process.poll() is not None or answers(url))
        assert process.poll() is None, (tmp_path / "log").read_text()
        assert httpx.get(f"{url}/collections").status_code == (401 if headers else 200)
        assert httpx.get(f"{url}/collections", headers=headers).json() == {"collections": []}
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.ConnectError:
        return False
