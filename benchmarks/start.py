"""The CPU time that `facet --help` takes: python -m benchmarks.start."""

import resource
import statistics
import subprocess
import sys

RUNS = 10
BAR = 0.3
"""Seconds."""


def cpu_seconds() -> float:
    """User and system time of one `facet --help`, which no other process delays."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "facet", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main() -> None:
    """Print the median and the worst of some runs; exit with 1 if the median is above the bar."""
    times = [cpu_seconds() for _ in range(RUNS)]
    print(f"facet --help: {statistics.median(times):.2f} s of CPU, at worst {max(times):.2f} s, of {RUNS} runs")
    sys.exit(statistics.median(times) > BAR)


if __name__ == "__main__":
    main()
