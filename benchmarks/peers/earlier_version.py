"""What a change costs: this version of the service beside an earlier one, in turns on the same machine.

    git worktree add ../before REVISION
    python -m benchmarks.peers.earlier_version ../before --to earlier.json

Each round asks both services the same things one after the other, the earlier one first in every other round. For the
throughput the machine must do nothing else; the processor time that a service used for a face is told too, and says
more on a busy one.
"""

import argparse
import statistics
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.http import ALIGNED, WHOLE, aligned_pictures, photographs
from benchmarks.tools.dummy_service import Service, service
from benchmarks.tools.load_generator import Callers, multipart, raw
from benchmarks.tools.process_usage import cpu_seconds
from benchmarks.tools.report import Table

LEAST_SHARE = {"photographs": 0.97, "16 a request": 0.95}
"""Of the earlier version's throughput; a crop a request may fall."""
WARM_SECONDS = 2.0


class _Load(NamedTuple):
    requests: list[bytes]
    concurrency: int
    faces: int
    """In each request."""


def _loads() -> dict[str, _Load]:
    crops = aligned_pictures()
    return {
        "photographs": _Load([raw(WHOLE, picture) for picture in photographs()], 8, 1),
        "16 a request": _Load([multipart(ALIGNED, crops)], 4, len(crops)),
        "1 a request": _Load([raw(ALIGNED, crop) for crop in crops], 16, 1),
    }


class _Turn(NamedTuple):
    """What one service did with one load."""

    faces_per_second: float
    cpu_ms_per_face: float


def _turn(callers: Callers, running: Service, load: _Load, seconds: float) -> _Turn:
    cpu = cpu_seconds(running.pid)
    measure = callers.ask(running.url, load.requests, load.concurrency, seconds)
    faces = measure.answers * load.faces
    return _Turn(faces / measure.seconds, 1000 * (cpu_seconds(running.pid) - cpu) / faces)


def _compare(table: Table, services: dict[str, Service], rounds: int, seconds: float) -> None:
    with Callers.started() as callers:
        for name, load in _loads().items():
            turns: dict[str, list[_Turn]] = {version: [] for version in services}
            for running in services.values():
                callers.ask(running.url, load.requests, load.concurrency, WARM_SECONDS)
            for order in islice(cycle([[*services], [*reversed(services)]]), rounds):
                for version in order:
                    turns[version].append(_turn(callers, services[version], load, seconds))
            pairs = list(zip(turns["now"], turns["before"], strict=True))
            rate = statistics.median(now.faces_per_second / before.faces_per_second for now, before in pairs)
            cpu = statistics.median(now.cpu_ms_per_face / before.cpu_ms_per_face for now, before in pairs)
            table.add(f"{name}: throughput over the earlier version's", rate, at_least=LEAST_SHARE.get(name))
            table.add(f"{name}: processor time over the earlier version's", cpu)
            for version, measured in turns.items():
                spent = statistics.median(turn.cpu_ms_per_face for turn in measured)
                table.add(f"{name}: processor time of a face, {version}", spent, "ms")
            table.facts[name] = {version: [turn._asdict() for turn in measured] for version, measured in turns.items()}


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="the folder of the earlier version")
    parser.add_argument("--model", default="", help="a checkpoint's path, or `dummy`; the bundled weights if unset")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    table = Table("this version beside an earlier one", facts={"rounds": options.rounds, "seconds": options.seconds})
    with (
        tempfile.TemporaryDirectory() as here,
        tempfile.TemporaryDirectory() as there,
        service(Path(here), model=options.model) as now,
        service(Path(there), model=options.model, checkout=options.checkout.resolve()) as before,
    ):
        _compare(table, {"now": now, "before": before}, options.rounds, options.seconds)
    table.finish(options.to)


if __name__ == "__main__":
    main()
