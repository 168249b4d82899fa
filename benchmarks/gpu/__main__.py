"""All that a GPU is to show, in one command that keeps within its minutes.

    python -m benchmarks.gpu --minutes 9 --to build/gpu

Each part runs in a process of its own, and is ended when its time is over: what it had measured stays, what it saved
goes to those behind it, and one that fails says why. Nothing is fetched. The networks' parts need PyTorch and NumPy
alone, their weights are random; the others need what the package needs. Both files are written anew after each part.
`--device cpu --tiny` rehearses every part, with figures that mean nothing.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.gpu.page import write
from benchmarks.gpu.parts import PARTS, Outcome, limit, run_apart
from benchmarks.gpu.task import Task

RESERVE = 5.0
"""Seconds of the minutes that no part gets."""


def main() -> None:
    """Measure, and print how each part went; one that failed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:<number>, or cpu for a rehearsal")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes")
    parser.add_argument("--parts", nargs="+", choices=[*PARTS], default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--to", type=Path, default=Path("build/gpu"), help="a folder for gpu.json and gpu.md")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * options.minutes - RESERVE
    revision = subprocess.run(["git", "rev-parse", "HEAD"], check=False, capture_output=True, text=True).stdout.strip()
    facts = {"minutes": options.minutes, "asked for": options.device, "tiny": str(options.tiny), "revision": revision}
    parts = {name: PARTS[name] for name in PARTS if name in options.parts}
    outcomes: list[Outcome] = []
    for name, named in parts.items():
        seconds = limit(name, until - time.monotonic(), parts)
        with tempfile.TemporaryDirectory() as folder:
            task = Task(options.device, options.tiny, seconds)
            outcomes.append(run_apart(name, named.function, task, Path(folder)))
        done = outcomes[-1]
        print(f"{name}: {len(done.rows)} rows in {done.seconds:.0f} s {done.problem}".rstrip(), flush=True)
        write(options.to, facts, outcomes)
    print(options.to / "gpu.md")
    raise SystemExit(any(outcome.problem and not outcome.problem.startswith("skipped") for outcome in outcomes))


if __name__ == "__main__":
    main()
