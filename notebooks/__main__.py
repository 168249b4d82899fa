"""Executes the notebooks and writes down what they print and draw: `python -m notebooks`.

With `--to` the results go into another folder, and the committed files stay as they are. Each notebook runs in an empty
folder of its own, with the packages and the `facet` command of this interpreter.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

from model.checkpoint import bundled, load_checkpoint

FOLDER = Path(__file__).parent
SECONDS = 600
"""That one cell may take."""
CPU = {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "100"}


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the outputs of this run. Raises CellExecutionError, which shows the cell."""
    with TemporaryDirectory() as folder:
        where = {"kernel_name": "python3", "resources": {"metadata": {"path": folder}}}
        NotebookClient(notebook, timeout=SECONDS, record_timing=False, **where).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in joined(cell.outputs) if output.get("name") != "stderr"]
    kept = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    notebook.metadata = {**kept, "facet_model": load_checkpoint(bundled()).id}
    return notebook


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The outputs, neighbouring texts of one stream as one: how they are cut depends on when they came."""
    result: list[nbformat.NotebookNode] = []
    for output in outputs:
        if result and output.output_type == "stream" and output.get("name") == result[-1].get("name"):
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def main() -> None:
    """Execute those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m notebooks", description="Execute the notebooks.")
    parser.add_argument("names", nargs="*", help="such as first_steps; all by default")
    parser.add_argument("--to", type=Path, default=FOLDER, help="where to write them; in place by default")
    arguments = parser.parse_args()
    settings = {name for name in os.environ if name.startswith("FACET_")}
    for name in settings:
        del os.environ[name]
    os.environ.update(CPU, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", PYTHONPATH=str(FOLDER.parent))
    chosen = [FOLDER / f"{name}.ipynb" for name in arguments.names] or sorted(FOLDER.glob("*.ipynb"))
    arguments.to.mkdir(parents=True, exist_ok=True)
    for path in chosen:
        begun = time.monotonic()
        notebook = executed(nbformat.read(path, as_version=nbformat.NO_CONVERT))
        nbformat.write(notebook, arguments.to / path.name)
        size = (arguments.to / path.name).stat().st_size
        print(f"{path.stem}: {time.monotonic() - begun:.0f} s, {size // 1000} kB", flush=True)


if __name__ == "__main__":
    main()
