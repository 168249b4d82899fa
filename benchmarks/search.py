"""Measures the gallery at size: enrolment, start, memory, and searches against bare FAISS and another library.

    python -m benchmarks.search --faces 1000000

Prints one Markdown table. The other library is Qdrant's local mode, where `qdrant-client` is installed.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np

from gallery.gallery import Gallery
from gallery.query import Query, Term
from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, Vector, normalized, part

faiss: Any = _faiss

BATCH = 10_000
K = 10
MODEL = "m1"
BUCKETS = 100
"""One of so many faces passes the filter."""
VECTOR_BYTES = EMBEDDING_SIZE * np.dtype(np.float32).itemsize

Row = tuple[str, str]


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


def enrolment(url: str, snapshot: Path, faces: int) -> list[Row]:
    """Enrol everything and write the snapshot."""
    gallery, seconds = Gallery(url, snapshot), 0.0
    for new in batches(faces):
        start = time.perf_counter()
        gallery.enrol_many(new)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    gallery.close()
    return [
        ("enrolment in bulk", f"{faces / seconds:,.0f} faces/s"),
        ("index and snapshot made", f"{time.perf_counter() - start:.2f} s"),
    ]


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


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


KINDS: Mapping[str, Callable[[Vector, Vector], Query]] = {
    "one attribute": one_attribute,
    "composed": composed,
    "one attribute, filtered at 1 %": lambda a, b: one_attribute(a, b, metadata={"bucket": 7}),
    "one attribute, best of each subject": lambda a, b: one_attribute(a, b, group_by="subject"),
}


def timed(calls: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Median and 99th percentile of the milliseconds that each call takes, after some that do not count."""
    for call in calls[:3]:
        call()
    milliseconds = []
    for call in calls:
        start = time.perf_counter()
        call()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return float(np.median(milliseconds)), float(np.percentile(milliseconds, 99))


def searches(gallery: Gallery, faces: int, count: int) -> list[Row]:
    """Every kind of search, and the first also by bare FAISS."""
    rows, medians = [], {}
    for name, make in KINDS.items():
        asked = [make(a, b) for a, b in queries(count)]
        medians[name], slow = timed([partial(gallery.search, query) for query in asked])
        rows.append((name, f"median {medians[name]:.2f} ms, p99 {slow:.2f} ms"))
    bare, slow = timed(bare_faiss(faces, count))
    ratio = medians["one attribute"] / bare
    return [
        *rows,
        ("one attribute, bare FAISS", f"median {bare:.2f} ms, p99 {slow:.2f} ms"),
        ("gallery to bare FAISS", f"{ratio:.2f}"),
    ]


def bare_faiss(faces: int, count: int) -> list[Callable[[], object]]:
    """The searches of one attribute on a flat index of the same vectors."""
    index = faiss.IndexFlatIP(SPACES[Attribute.IDENTITY].size)
    for new in batches(faces):
        index.add(np.stack([part(face.embedding, Attribute.IDENTITY) for face in new]))
    asked = [np.ascontiguousarray(part(a, Attribute.IDENTITY))[np.newaxis] for a, _ in queries(count)]
    return [partial(index.search, vector, K) for vector in asked]


def qdrant(faces: int, count: int) -> list[Row]:
    """The same data and searches in Qdrant's local mode, exact as the gallery is."""
    if find_spec("qdrant_client") is None:
        return [("Qdrant's local mode", "not installed: pip install qdrant-client")]
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    size = SPACES[Attribute.IDENTITY].size
    client.create_collection("faces", models.VectorParams(size=size, distance=models.Distance.COSINE))
    for place, new in enumerate(batches(faces)):
        vectors = np.stack([part(face.embedding, Attribute.IDENTITY) for face in new])
        ids = range(place * BATCH, place * BATCH + len(new))
        client.upload_collection("faces", vectors, [face.metadata for face in new], ids)
    match = models.FieldCondition(key="bucket", match=models.MatchValue(value=7))
    filters = {"one attribute": None, "one attribute, filtered at 1 %": models.Filter(must=[match])}
    rows = []
    for name, condition in filters.items():
        asked = [part(a, Attribute.IDENTITY).tolist() for a, _ in queries(count)]
        ask = partial(client.query_points, "faces", query_filter=condition, limit=K)
        median, slow = timed([partial(ask, query=vector) for vector in asked])
        rows.append((f"{name}, Qdrant's local mode", f"median {median:.2f} ms, p99 {slow:.2f} ms"))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url, snapshot = f"sqlite:///{folder}/gallery.db", Path(folder, "index.snapshot")
        rows = enrolment(url, snapshot, arguments.faces)
        before, start = resident(), time.perf_counter()
        gallery = Gallery(url, snapshot)
        ready = time.perf_counter() - start
        size = (resident() - before) / arguments.faces
        rows += [
            ("ready from a snapshot", f"{ready:.2f} s"),
            ("memory for a face", f"{size:.0f} bytes, {size / VECTOR_BYTES:.2f} times its vector"),
        ]
        rows += searches(gallery, arguments.faces, arguments.queries)
        gallery.close()
    rows += qdrant(arguments.faces, arguments.queries)
    print(f"| {arguments.faces:,} faces, k = {K}, {os.cpu_count()} cores | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
