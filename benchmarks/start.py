"""The CPU time of starts: python -m benchmarks.start."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Literal

from tests.processes import FACET, ROOT

RUNS = 10
BAR = 0.3
"""Seconds."""
_APPLICATION = "import gc; gc.disable(); from facet.asgi import create_app; create_app().state.gallery.close()"
"""What `facet serve` does before it listens."""


def cpu_seconds(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """User and system time of one command, which no other process delays."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def application_seconds(mode: Literal["local", "celery"]) -> float:
    """Processor seconds until the application of a mode is imported and made, with a database that is there already."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "FACET_DATA_DIR": folder, "FACET_MODEL": "dummy"}
        environment |= {"FACET_INFERENCE": mode, "FACET_SEARCH": mode}
        command = [sys.executable, "-c", _APPLICATION]
        cpu_seconds(command, environment)
        return cpu_seconds(command, environment)


def main() -> None:
    """Print the median and the worst of some runs; exit with 1 if the median is above the bar."""
    times = [cpu_seconds([*FACET, "--help"]) for _ in range(RUNS)]
    print(f"facet --help: {statistics.median(times):.2f} s of CPU, at worst {max(times):.2f} s, of {RUNS} runs")
    sys.exit(statistics.median(times) > BAR)


if __name__ == "__main__":
    main()
