"""The service beside deepface's library call with its default model and detector, for the same photograph.

    python -m venv deepface
    deepface/bin/pip install deepface tensorflow-cpu tf-keras flask flask-cors 'opencv-python-headless<5' 'numpy<2.3'
    deepface/bin/pip uninstall -y opencv-contrib-python-headless
    deepface/bin/pip install --force-reinstall --no-deps 'opencv-python-headless<5'
    python -m benchmarks.peers.photograph --python deepface/bin/python

An environment of its own: deepface brings TensorFlow, and an OpenCV without the cascades of its own default detector.
Both sides find the face by Viola and Jones's cascades and take turns. deepface's networks are not trained (see
`benchmarks/peers/deepface_library.py`), which leaves their time as it is; deepface gets the decoded picture, Facet the
JPEG over HTTP. The embeddings are of different kinds: this compares what a photograph costs, not what is read from it.
"""

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.http import WHOLE, photographs
from benchmarks.tools.dummy_service import service
from benchmarks.tools.load_generator import Callers, raw
from benchmarks.tools.report import Table
from tests.processes import ROOT

ROUNDS = 3
THREADS = 8
CONCURRENCY = 32


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="a Python that has deepface")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement in each of three rounds")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    [photograph, *_] = photographs()
    table = Table("deepface", facts={"seconds": options.seconds})
    with tempfile.TemporaryDirectory() as folder, service(Path(folder), model="") as running:
        (path := Path(folder) / "photograph.jpg").write_bytes(photograph)
        command = [str(options.python.absolute()), "-P", "benchmarks/peers/deepface_library.py", str(path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, cwd=ROOT, text=True, bufsize=1, **pipes) as peer, Callers.started() as callers:
            assert peer.stdin is not None
            assert peer.stdout is not None
            asking, answers = peer.stdin, peer.stdout
            while (line := answers.readline()) != "ready\n":
                if not line:
                    raise SystemExit(
                        f"{options.python} cannot run benchmarks/peers/deepface_library.py; run it by hand"
                    )

            def theirs(threads: int) -> float:
                asking.write(f"{options.seconds} {threads}\n")
                return float(answers.readline())

            def ours(concurrency: int) -> float:
                return callers.ask(running.url, [raw(WHOLE, photograph)], concurrency, options.seconds).per_second

            _compare(table, "one at a time", lambda: ours(1), lambda: theirs(1))
            _compare(table, "many at once", lambda: ours(CONCURRENCY), lambda: theirs(THREADS))
            asking.close()
    table.finish(options.to)


def _compare(table: Table, name: str, ours: Callable[[], float], theirs: Callable[[], float]) -> None:
    """Photographs a second of both, in turns."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    table.add(f"{name}: facet", statistics.median(mine for mine, _ in pairs), "/s")
    table.add(f"{name}: deepface", statistics.median(other for _, other in pairs), "/s")
    table.add(f"{name}: facet over deepface", statistics.median(mine / other for mine, other in pairs))
    table.facts[name] = pairs


if __name__ == "__main__":
    main()
