"""The notebooks run, and what is committed of them is what they say now, drawn by the bundled model."""

import base64
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from model.checkpoint import bundled, load_checkpoint
from tests.processes import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BYTES = 700_000
"""Of a notebook with its pictures."""
SECONDS = 900
"""For a machine that does much else; on a quiet one a notebook takes less than two minutes."""
SYNTHETIC = b"/trainedAlgorithmicMedia"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["first_steps", "own_data", "perception_experiment"]


@every_notebook
def test_what_is_committed_is_whole_small_and_of_the_bundled_model(path: Path) -> None:
    notebook = read(path)
    assert path.stat().st_size < BYTES
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    pictures = [
        base64.b64decode(output.data["image/jpeg"])
        for cell in code(notebook)
        for output in cell.outputs
        if "image/jpeg" in output.get("data", {})
    ]
    assert pictures
    for picture in pictures:
        assert SYNTHETIC in Image.open(BytesIO(picture)).info["xmp"]
    assert notebook.metadata["facet_model"] == load_checkpoint(bundled()).id, "run `python -m notebooks`"


@pytest.mark.slow
@every_notebook
def test_it_runs_and_says_what_is_committed(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "notebooks", path.stem, "--to", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    committed, run = read(path), read(tmp_path / path.name)
    assert [cell.source for cell in run.cells] == [cell.source for cell in committed.cells]
    for before, after in zip(code(committed), code(run), strict=True):
        assert [output.output_type for output in after.outputs] == [output.output_type for output in before.outputs]
    # Figures may differ in their last digits from machine to machine, words do not.
    letters = [[word for word in printed(notebook).split() if word.isalpha()] for notebook in (committed, run)]
    assert letters[0] == letters[1]
