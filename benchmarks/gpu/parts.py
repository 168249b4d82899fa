"""The parts of the measurement, each in a process of its own that a broken device or a hang cannot outlive."""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.gpu.task import Part, Row, Skipped, Task

ROOT = Path(__file__).parents[2]
LAST_LINES = 6
"""Of what a part wrote before it failed, that the report repeats."""
GRACE = 3.0
"""Seconds in which a part that is over its time may end by itself."""
SKIPPED = 77
"""The exit code of a part that has nothing to measure here."""


class Named(NamedTuple):
    """Where a part's function is, and what part of the minutes it should have."""

    function: str
    share: float


PARTS: Mapping[str, Named] = {
    "device": Named("benchmarks.gpu.device:ceilings_of", 0.04),
    "tests": Named("benchmarks.gpu.cuda_tests:outcomes", 0.14),
    "latency": Named("benchmarks.gpu.networks:latency", 0.05),
    "encode": Named("benchmarks.gpu.networks:encode", 0.10),
    "decode": Named("benchmarks.gpu.networks:decode", 0.10),
    "detect": Named("benchmarks.gpu.networks:detect", 0.07),
    "find": Named("benchmarks.gpu.detection:photographs", 0.05),
    "http": Named("benchmarks.gpu.http:requests", 0.12),
    "training 64": Named("benchmarks.gpu.training:at_64", 0.08),
    "training 128": Named("benchmarks.gpu.training:at_128", 0.10),
    "training 256": Named("benchmarks.gpu.training:at_256", 0.08),
    "search": Named("benchmarks.gpu.search:searches", 0.07),
}
"""In the order in which they run: what the others are read by first."""


@dataclass
class Outcome:
    """What became of a part."""

    name: str
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    problem: str = ""
    """Why there are not all rows; empty where there are."""


def function_of(name: str) -> Part:
    """A part's function; its module is imported only now, as it may need what is not installed."""
    module, _, function = name.partition(":")
    found: Part = getattr(importlib.import_module(module), function)
    return found


def limit(name: str, left: float, parts: Mapping[str, Named] = PARTS) -> float:
    """Seconds for a part: its share of what is left for it and those behind it, so that nothing saved is lost."""
    names = [*parts]
    behind = [parts[each].share for each in names[names.index(name) :]]
    return left * parts[name].share / sum(behind)


def run_apart(name: str, function: str, task: Task, folder: Path) -> Outcome:
    """Run a part in a process of its own and a group, all of which ends with its time."""
    rows, log = folder / "rows.jsonl", folder / "log"
    rows.write_text("")
    command = [sys.executable, "-m", "benchmarks.gpu.parts", function, task.device, str(task.seconds), str(rows)]
    begun = time.monotonic()
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, *(["--tiny"] if task.tiny else [])],
            cwd=ROOT,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
        problem = ""
        try:
            code = process.wait(task.seconds + GRACE)
        except subprocess.TimeoutExpired:
            problem = f"not done after {task.seconds:.0f} s"
        else:
            problem = "" if code == 0 else f"{'skipped' if code == SKIPPED else f'ended with {code}'}: {_last(log)}"
        finally:
            _end(process)
    return Outcome(name, _read(rows), time.monotonic() - begun, problem)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End whatever a part has begun and not ended."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-LAST_LINES:])


def _read(rows: Path) -> list[Row]:
    """The rows that were written whole."""
    return [json.loads(line) for line in rows.read_text().splitlines(keepends=True) if line.endswith("\n")]


def main() -> None:
    """Run one part here: its function, device, seconds and file come as arguments."""
    function, device, seconds, path, *tiny = sys.argv[1:]
    task = Task(device, bool(tiny), float(seconds))
    with Path(path).open("a") as file:
        try:
            for row in function_of(function)(task):
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(row, flush=True)
        except Skipped as reason:
            print(reason)
            raise SystemExit(SKIPPED) from None


if __name__ == "__main__":
    main()
