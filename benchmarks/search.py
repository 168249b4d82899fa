"""Measures the gallery at size: enrolment, start, memory, and searches beside bare FAISS and another library.

    python -m benchmarks.search --faces 1000000

Prints Markdown tables. The other library is Qdrant's local mode (`pip install 'facet[bench]'`), which compares every
face too; `--without-qdrant` leaves it out. Each figure that has a bar says whether it is met.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import chain, cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import faiss as _faiss
import numpy as np

from gallery.gallery import Gallery
from gallery.index.index import IndexConfig
from gallery.query import Query, Term
from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, Vector, normalized, part

faiss: Any = _faiss

BATCH = 10_000
K = 10
MODEL = "m1"
BUCKETS = 100
"""One of so many faces passes the filter."""

RATIO_BAR, MEMORY_BAR, READY_BAR, ENROLMENT_BAR = 1.3, 300.0, 10.0, 20_000.0
PAUSE_BAR = 50.0
"""Milliseconds by which a search may take longer than the median while others write."""
PAUSE_SECONDS = 20.0

QDRANT_QUERIES = 50
"""Its local mode takes so long that more would tell little."""

Call = Callable[[], object]


class Times(NamedTuple):
    """Milliseconds of some calls."""

    median: float
    p99: float

    def __str__(self) -> str:
        return f"{self.median:.2f} / {self.p99:.2f}"


def embeddings_of(count: int, seed: int) -> Vector:
    """Embeddings `(count, 99)` with directions drawn evenly from the sphere."""
    numbers = np.random.default_rng(seed).standard_normal((count, EMBEDDING_SIZE), np.float32)
    return normalized(np.clip(numbers, -1.0, 1.0))


def batches(faces: int) -> Iterator[list[NewFace]]:
    """What is enrolled, four faces a subject, in batches."""
    for first in range(0, faces, BATCH):
        vectors = embeddings_of(min(BATCH, faces - first), seed=first)
        yield [
            NewFace(f"s{number // 4}", vector, MODEL, metadata={"bucket": number % BUCKETS})
            for number, vector in enumerate(vectors, first)
        ]


def queries(count: int) -> Iterator[tuple[Vector, Vector]]:
    """Pairs of embeddings `(99,)` that nobody enrolled."""
    vectors = embeddings_of(2 * count, seed=2**31)
    return zip(vectors[:count], vectors[count:], strict=True)


def one_attribute(a: Vector, _: Vector, **filters: Any) -> Query:
    """Who has the identity of a face."""
    return Query((Term(Attribute.IDENTITY, part(a, Attribute.IDENTITY)),), K, model=MODEL, reference=a, **filters)


def composed(a: Vector, b: Vector) -> Query:
    """Who has the identity of one face and the expression of another, and not the style of the first."""
    named = ((Attribute.IDENTITY, a, 1.0), (Attribute.EXPRESSION, b, 1.0), (Attribute.STYLE, a, -0.3))
    terms = tuple(Term(attribute, part(vector, attribute), weight) for attribute, vector, weight in named)
    return Query(terms, K, model=MODEL, reference=a)


ONE, FILTERED = "one attribute", "one attribute, filtered at 1 %"
KINDS: Mapping[str, Callable[[Vector, Vector], Query]] = {
    ONE: one_attribute,
    "composed": composed,
    FILTERED: lambda a, b: one_attribute(a, b, metadata={"bucket": 7}),
    "one attribute, best of each subject": lambda a, b: one_attribute(a, b, group_by="subject"),
}


def timed(*kinds: Sequence[Call]) -> list[Times]:
    """What the calls of each kind take; the kinds take turns, so that all meet the same machine.

    Each call is made once before, so that the rows that it finds are in the operating system's memory, as the vectors
    are.
    """
    for call in chain(*kinds):
        call()
    seconds: list[list[float]] = [[] for _ in kinds]
    for round_ in zip(*kinds, strict=True):
        for call, taken in zip(round_, seconds, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [Times(*(1000 * np.percentile(taken, (50, 99))).tolist()) for taken in seconds]


def searches(gallery: Gallery, count: int) -> dict[str, list[Call]]:
    """The calls of each kind of search."""
    return {name: [partial(gallery.search, make(a, b)) for a, b in queries(count)] for name, make in KINDS.items()}


def enrolment(url: str, snapshot: Path, faces: int) -> float:
    """Enrol everything and write the snapshot; gives the faces enrolled in a second."""
    gallery, seconds = Gallery(url, snapshot), 0.0
    for new in batches(faces):
        start = time.perf_counter()
        gallery.enrol_many(new)
        seconds += time.perf_counter() - start
    gallery.close()
    return faces / seconds


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def start(url: str, snapshot: Path) -> tuple[float, int]:
    """Seconds to open a gallery from its snapshot, and the bytes of memory that it then holds."""
    before, begun = resident(), time.perf_counter()
    gallery = Gallery(url, snapshot)
    taken, held = time.perf_counter() - begun, resident() - before
    gallery.close()
    return taken, held


def pauses(url: str, snapshot: Path) -> tuple[float, float]:
    """The median and the longest search, in milliseconds, while faces are enrolled and erased and snapshots written."""
    gallery, done = Gallery(url, snapshot), Event()
    new = chain.from_iterable(batches(BATCH))

    def write() -> None:
        for place, face in enumerate(cycle(list(new))):
            if done.is_set():
                return
            enrolled = gallery.enrol(face)
            if place % 2:
                gallery.delete(enrolled.id)

    def snapshots() -> None:
        while not done.wait(1.0):
            gallery.save()

    threads = [Thread(target=write), Thread(target=snapshots)]
    for thread in threads:
        thread.start()
    seconds, asked, end = list[float](), cycle(queries(100)), time.perf_counter() + PAUSE_SECONDS
    while (begun := time.perf_counter()) < end:
        gallery.search(one_attribute(*next(asked)))
        seconds.append(time.perf_counter() - begun)
    done.set()
    for thread in threads:
        thread.join()
    gallery.close()
    return 1000 * float(np.median(seconds)), 1000 * max(seconds)


def approximate(url: str, snapshot: Path, count: int) -> list[str]:
    """Make the approximate indexes and search by them; gives the rows of a table."""
    gallery, begun = Gallery(url, snapshot, IndexConfig(approximate_from=1)), time.perf_counter()
    while len(gallery.recall()) < sum(space.unit for space in SPACES.values()):
        time.sleep(0.1)
    made, recall = time.perf_counter() - begun, gallery.recall()
    times = {name: timed(calls)[0] for name, calls in searches(gallery, count).items()}
    gallery.close()
    return [
        f"| approximate indexes made | {made:.1f} s |",
        *(f"| {name}, approximate, ms | {taken} |" for name, taken in times.items()),
        *(f"| recall@10, {name} | {share:.3f} |" for name, share in recall.items()),
    ]


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a fresh process, whose memory nobody else has used."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def bare_faiss(faces: int, count: int) -> list[Call]:
    """The searches of one attribute on a flat index of the same vectors."""
    index = faiss.IndexFlatIP(SPACES[Attribute.IDENTITY].size)
    for new in batches(faces):
        index.add(np.stack([part(face.embedding, Attribute.IDENTITY) for face in new]))
    asked = [np.ascontiguousarray(part(a, Attribute.IDENTITY))[np.newaxis] for a, _ in queries(count)]
    return [partial(index.search, vector, K) for vector in asked]


def qdrant(faces: int, count: int) -> dict[str, Times]:
    """The same data and searches in Qdrant's local mode, exact as the gallery is."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    size = SPACES[Attribute.IDENTITY].size
    client.create_collection("faces", models.VectorParams(size=size, distance=models.Distance.COSINE))
    first = next(batches(faces))[:2]
    client.upload_collection("faces", [part(face.embedding, Attribute.IDENTITY) for face in first], ids=[0, 1])
    _fill(client, faces)
    match = models.FieldCondition(key="bucket", match=models.MatchValue(value=7))
    times = {}
    # It looks at the payload of each point in turn, which takes seconds where there are a million.
    for name, condition, asked in ((ONE, None, count), (FILTERED, models.Filter(must=[match]), min(count, 2))):
        ask = partial(client.query_points, "faces", query_filter=condition, limit=K)
        calls = [partial(ask, query=part(a, Attribute.IDENTITY).tolist()) for a, _ in queries(asked)]
        [times[name]] = timed(calls)
    return times


def _fill(client: Any, faces: int) -> None:
    """Put the faces where a client's collection holds its points.

    Its own way there copies a few arrays for each point: the time grows with the square of their number, to most of
    an hour for a million.
    """
    held = client._client.collections["faces"]
    held.ids, held.ids_inv = {number: number for number in range(faces)}, list(range(faces))
    held.payload = [face.metadata for new in batches(faces) for face in new]
    vectors = [np.stack([part(face.embedding, Attribute.IDENTITY) for face in new]) for new in batches(faces)]
    held.vectors[""] = np.concatenate(vectors)
    held.deleted = np.zeros(faces, held.deleted.dtype)
    held.deleted_per_vector[""] = np.zeros(faces, held.deleted_per_vector[""].dtype)


def judged(value: str, met: bool) -> str:
    """A figure with whether it meets its bar."""
    return f"{value} ({'met' if met else 'missed'})"


def side_by_side(gallery: Gallery, faces: int, count: int, other: Mapping[str, Times]) -> list[str]:
    """The table of all searches, with the ratio to bare FAISS."""
    bare = bare_faiss(faces, count)
    calls = searches(gallery, count)
    ours, theirs = timed(calls.pop(ONE), bare)
    times = {ONE: ours, **{name: timed(each)[0] for name, each in calls.items()}}
    ratio = ours.median / theirs.median
    return [
        "| median / 99th percentile, ms | gallery | bare FAISS | Qdrant's local mode |",
        "|---|---|---|---|",
        *(
            f"| {name} | {taken} | {theirs if name == ONE else '—'} | {other.get(name, '—')} |"
            for name, taken in times.items()
        ),
        "",
        "| | |",
        "|---|---|",
        f"| gallery to bare FAISS, at most {RATIO_BAR} | {judged(f'{ratio:.2f}', ratio <= RATIO_BAR)} |",
    ]


def measured(folder: Path, faces: int, count: int, with_qdrant: bool) -> Iterator[str]:
    """The lines of the report."""
    url, snapshot = f"sqlite:///{folder}/gallery.db", folder / "index.snapshot"
    rate = enrolment(url, snapshot, faces)
    gallery = Gallery(url, snapshot)
    there = with_qdrant and find_spec("qdrant_client") is not None
    yield from side_by_side(gallery, faces, count, alone(qdrant, faces, min(count, QDRANT_QUERIES)) if there else {})
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
    yield from alone(approximate, url, snapshot, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--without-qdrant", action="store_true")
    arguments = parser.parse_args()
    print(f"{arguments.faces:,} faces, k = {K}, {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as folder:
        for line in measured(Path(folder), arguments.faces, arguments.queries, not arguments.without_qdrant):
            print(line, flush=True)


if __name__ == "__main__":
    main()
