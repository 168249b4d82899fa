"""The TypeScript client: made of the committed document, type-checked, and run against a live service."""

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faces import draw_face, jpeg
from tests.service.serving import dummy_app, serving

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"

Node = Callable[..., str]


@pytest.fixture(scope="module")
def node() -> Node:
    """Runs a program in the client's folder, whose packages are installed."""
    if not shutil.which("npm"):
        pytest.skip("there is no npm; Debian has it in the package npm")

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=CLIENT, check=False, timeout=300, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    wanted, installed = CLIENT / "package-lock.json", CLIENT / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        run("npm", "ci", "--no-audit", "--no-fund")
    return run


def test_its_types_are_those_of_the_committed_document(node: Node, tmp_path: Path) -> None:
    node("node", "generate.mjs", ROOT / "openapi.json", tmp_path / "schema.ts")
    current = (CLIENT / "src" / "schema.ts").read_text("utf-8")
    assert (tmp_path / "schema.ts").read_text("utf-8") == current, "run `npm run generate` in clients/typescript"


def test_a_wrong_call_is_a_type_error(node: Node, tmp_path: Path) -> None:
    (tmp_path / "wrong.ts").write_text(
        f'import {{ facet }} from "{CLIENT}/src/index.js";\n'
        'const { data } = await facet("http://127.0.0.1").GET("/model");\n'
        "export const size: string | undefined = data?.image_size;\n"
    )
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]
    with pytest.raises(AssertionError, match="TS2322"):
        node("npx", "tsc", *options, "--lib", "es2023,dom,dom.iterable,dom.asynciterable", tmp_path / "wrong.ts")


def test_every_kind_of_call_is_answered_by_a_live_service(node: Node, tmp_path: Path) -> None:
    (tmp_path / "ada.jpg").write_bytes(jpeg(draw_face(seed=1)))
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as archive:
        archive.write(tmp_path / "ada.jpg", "ada/1.jpg")
    node("npx", "tsc", "--outDir", tmp_path / "built")
    for needed in ("package.json", "node_modules"):
        (tmp_path / "built" / needed).symlink_to(CLIENT / needed)
    with serving(dummy_app(tmp_path / "data")) as client:
        program = tmp_path / "built" / "test" / "live.js"
        said = node("node", program, str(client.base_url), tmp_path / "ada.jpg", tmp_path / "people.zip")
    assert said == "every call was answered\n"
