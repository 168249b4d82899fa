"""What is enrolled and asked for in measurements of searches, and how their time is taken."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from gallery.query import Query, Term
from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, normalized, part

BATCH = 10_000
K = 10
MODEL = "m1"
BUCKETS = 100
"""One of so many faces passes the filter."""
BUCKET = 7

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
