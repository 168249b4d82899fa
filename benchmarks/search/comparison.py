"""The gallery beside bare FAISS and other engines: exact, filtered, and approximate at equal recall, in turns."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np

from benchmarks.search.neighbours import SIZE, Neighbour, identities, opened
from benchmarks.search.workload import BUCKET, K, Times, one_attribute, queries, timed
from gallery.gallery import Gallery
from model.attributes import Attribute, Vector, part

faiss: Any = _faiss

RECALL = 0.95
"""What each approximate index is set to reach, by the least effort that does."""
RATIO_BAR = 1.3


def compared(gallery: Gallery, approximate: Gallery, folder: Path, faces: int, count: int, without: str) -> list[str]:
    """The tables of all engines. `approximate` is the same gallery with its approximate indexes made."""
    others = list(opened(folder, faces, without))
    pairs = list(queries(count))
    asked = [np.ascontiguousarray(part(a, Attribute.IDENTITY)) for a, _ in pairs]
    bare = faiss.IndexFlatIP(SIZE)
    for vectors in identities(faces):
        bare.add(vectors)
    best = [set(found) for found in bare.search(np.stack(asked), K)[1].tolist()]
    names = ["gallery", "bare FAISS", *(other.name for other in others)]
    one = timed(
        [partial(gallery.search, one_attribute(a, b)) for a, b in pairs],
        [partial(bare.search, vector[np.newaxis], K) for vector in asked],
        *([partial(other.exact, vector) for vector in asked] for other in others),
    )
    few = timed(
        [partial(gallery.search, one_attribute(a, b, metadata={"bucket": BUCKET})) for a, b in pairs],
        *([partial(other.exact, vector, True) for vector in asked] for other in others),
    )
    ratio = one[0].median / one[1].median
    return [
        f"| median / 99th percentile, ms | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        _row("one attribute, exact", one),
        _row("one attribute, exact, filtered at 1 %", [few[0], None, *few[1:]]),
        *_at_equal_recall(approximate, others, pairs, asked, best),
        "",
        "| | |",
        "|---|---|",
        f"| gallery to bare FAISS, at most {RATIO_BAR} | {ratio:.2f} ({'met' if ratio <= RATIO_BAR else 'missed'}) |",
    ]


def _row(name: str, times: Sequence[Times | None]) -> str:
    return f"| {name} | {' | '.join('—' if each is None else str(each) for each in times)} |"


def _at_equal_recall(
    gallery: Gallery,
    others: Sequence[Neighbour],
    pairs: Sequence[tuple[Vector, Vector]],
    asked: Sequence[Vector],
    best: Sequence[set[int]],
) -> Iterator[str]:
    """The rows of approximate search, each engine with the least effort that finds enough."""
    made = [one_attribute(a, b) for a, b in pairs]
    ours = [{match.face.sequence - 1 for match in gallery.search(query).matches} for query in made]
    recalls, calls = [_recall(ours, best)], [[partial(gallery.search, query) for query in made]]
    for other in others:
        effort, reached = _least_effort(other, asked, best)
        recalls.append(reached)
        calls.append([partial(other.approximate, vector, effort) for vector in asked])
    times = timed(*([*each] for each in calls))
    yield _row(f"one attribute, approximate, recall of {RECALL} or more", [times[0], None, *times[1:]])
    shares = " | ".join([f"{recalls[0]:.3f}", "—", *(f"{recall:.3f}" for recall in recalls[1:])])
    yield f"| recall@{K} of these queries | {shares} |"


def _least_effort(other: Neighbour, asked: Sequence[Vector], best: Sequence[set[int]]) -> tuple[int, float]:
    reached = 0.0
    for effort in other.efforts:
        reached = _recall([set(other.approximate(vector, effort)) for vector in asked], best)
        if reached >= RECALL:
            return effort, reached
    return other.efforts[-1], reached


def _recall(found: Sequence[set[int]], best: Sequence[set[int]]) -> float:
    return float(np.mean([len(mine & theirs) / K for mine, theirs in zip(found, best, strict=True)]))
