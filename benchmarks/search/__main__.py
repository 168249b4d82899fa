"""Measures the gallery at size: enrolment, start, memory, and searches beside bare FAISS and other engines.

    python -m benchmarks.search --faces 1000000

Prints Markdown tables. The other engines are Qdrant's, LanceDB and Milvus Lite, those of them that are installed
(`pip install 'facet[bench]'`); `--without milvus_lite` leaves one out. Exact searches compare every face; approximate
ones are compared at equal recall. Each figure that has a bar says whether it is met.
"""

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.search.comparison import compared
from benchmarks.search.in_memory import approximate, enrolment, pauses, start
from benchmarks.search.neighbours import KINDS as NEIGHBOURS
from benchmarks.search.workload import BUCKET, Call, K, composed, one_attribute, queries, timed
from gallery.gallery import Gallery
from gallery.query import Query
from model.attributes import Vector

MEMORY_BAR, READY_BAR, ENROLMENT_BAR = 300.0, 10.0, 20_000.0
PAUSE_BAR = 50.0
"""Milliseconds by which a search may take longer than the median while others write."""


ONE, FILTERED = "one attribute", "one attribute, filtered at 1 %"
KINDS: Mapping[str, Callable[[Vector, Vector], Query]] = {
    ONE: one_attribute,
    "composed": composed,
    FILTERED: lambda a, b: one_attribute(a, b, metadata={"bucket": BUCKET}),
    "one attribute, best of each subject": lambda a, b: one_attribute(a, b, group_by="subject"),
}


def searches(gallery: Gallery, count: int) -> dict[str, list[Call]]:
    """The calls of each kind of search."""
    return {name: [partial(gallery.search, make(a, b)) for a, b in queries(count)] for name, make in KINDS.items()}


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a fresh process, whose memory nobody else has used."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def judged(value: str, met: bool) -> str:
    """A figure with whether it meets its bar."""
    return f"{value} ({'met' if met else 'missed'})"


def kinds(gallery: Gallery, count: int) -> Iterator[str]:
    """The table of all kinds of search."""
    yield "| | median / 99th percentile, ms |\n|---|---|"
    for name, calls in searches(gallery, count).items():
        yield f"| {name} | {timed(calls)[0]} |"
    yield ""


def measured(folder: Path, faces: int, count: int, without: str) -> Iterator[str]:
    """The lines of the report."""
    url, snapshot = f"sqlite:///{folder}/gallery.db", folder / "index.snapshot"
    rate = enrolment(url, snapshot, faces)
    gallery = Gallery(url, snapshot)
    yield from kinds(gallery, count)
    quick, made = approximate(url, snapshot)
    yield from compared(gallery, quick, folder, faces, count, without)
    yield from made
    quick.close()
    gallery.close()
    enrolled = judged(f"{rate:,.0f}", rate >= ENROLMENT_BAR)
    yield f"| faces enrolled in a second, at least {ENROLMENT_BAR:,.0f} | {enrolled} |"
    ready, held = alone(start, url, snapshot)
    memory = judged(f"{held / faces:.0f}", held / faces <= MEMORY_BAR)
    yield f"| bytes of memory a face, at most {MEMORY_BAR:g} | {memory} |"
    yield f"| ready from a snapshot in at most {READY_BAR:g} s | {judged(f'{ready:.2f}', ready <= READY_BAR)} |"
    median, longest = alone(pauses, url, snapshot)
    pause = judged(f"{longest - median:.0f}", longest - median <= PAUSE_BAR)
    yield f"| median search while others write, ms | {median:.2f} |"
    yield f"| the longest of them took longer by at most {PAUSE_BAR:g} ms | {pause} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--without", default="", help=f"of {', '.join(NEIGHBOURS)}, separated by commas")
    arguments = parser.parse_args()
    print(f"{arguments.faces:,} faces, k = {K}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as folder:
        for line in measured(Path(folder), arguments.faces, arguments.queries, arguments.without):
            print(line, flush=True)


if __name__ == "__main__":
    main()
