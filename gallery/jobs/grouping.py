"""A grouping: the faces of one collection that are alike in one attribute, brought together."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gallery.base_gallery import BaseGallery
from gallery.jobs.job_task import Task
from gallery.limits import MAX_PAGE
from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest, TooLarge

MOST_TOGETHER = 10_000
"""Faces that may hang together: the time to bring them together grows with their square."""

_CHUNK = 256
"""Faces whose neighbours are looked for at a time."""
_PAIRS = 1_000_000
"""Pairs of neighbours that are joined at a time: about 50 MB."""
_MARGIN = 1e-4
"""More than a cosine summed in float32 can be off."""
_TIE = 1e-12
"""Of cosines in float64, what is taken for no difference."""


def group_faces(task: Task, gallery: BaseGallery) -> None:
    """Group the faces of the job's collection that its model made, and keep the groups.

    Raises InvalidRequest where a distance makes too many faces hang together, and TooLarge for too many faces.
    """
    wanted = task.job.parameters
    attribute = Attribute(wanted["by"])
    faces = _faces(gallery, task.job.collection, wanted["model"], attribute, wanted["max_faces"])
    vectors = np.stack([*faces.values()]) if faces else np.zeros((0, SPACES[attribute].size), np.float32)
    hanging = np.arange(len(faces))
    for done, found in _hanging_together(vectors, wanted["distance"]):
        task.tell({"total": len(faces), "done": done})
        _check_together(found, wanted["distance"])
        hanging = found
    labels = clusters(vectors, hanging, wanted["distance"])
    sizes = np.bincount(labels, minlength=1)
    grouped = sizes[labels] >= wanted["min_size"] if len(labels) else np.zeros(0, np.bool_)
    task.jobs.group(
        task.job.id,
        {
            "total": len(faces),
            "done": len(faces),
            "groups": int(np.count_nonzero(sizes >= wanted["min_size"])) if len(labels) else 0,
            "unassigned": int(np.count_nonzero(~grouped)),
        },
        {number: int(label) if kept else None for number, label, kept in zip(faces, labels, grouped, strict=True)},
    )


def clusters(vectors: Vector, hanging: NDArray[np.int64], distance: float) -> NDArray[np.int64]:
    """The cluster of each unit vector `(n,)` by average linkage: two merge while their faces' mean distance allows it.

    `hanging` tells which vectors hang together by chains of pairs no further apart than `distance`. Two clusters no
    further apart than that in the mean have such a pair, so none reaches beyond what hangs together.
    Raises InvalidRequest where too many do.
    """
    _check_together(hanging, distance)
    labels, count = np.zeros(len(vectors), np.int64), 0
    order = np.argsort(hanging, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(hanging[order])) + 1):
        found = _average_linkage(vectors[members].astype(np.float64), distance)
        labels[members] = found + count
        count += int(found.max(initial=-1)) + 1
    return labels


def _check_together(hanging: NDArray[np.int64], distance: float) -> None:
    """Raises InvalidRequest where too many faces hang together, by the component of each."""
    most = int(np.bincount(hanging).max(initial=0))
    if most > MOST_TOGETHER:
        raise InvalidRequest(
            f"{most} faces hang together at a distance of {distance:g}; ask for a smaller one", limit=MOST_TOGETHER
        )


def _average_linkage(vectors: NDArray[np.float64], distance: float) -> NDArray[np.int64]:
    """The labels, from 0, of unit vectors `(n, d)` in the dendrogram of average linkage cut at a cosine distance.

    Follows chains of nearest neighbours (Murtagh, "A survey of recent advances in hierarchical clustering algorithms",
    1983): two that are each other's nearest merge, whatever else does, as no merger brings others nearer. The mean
    distance between the vectors of two clusters is one less the inner product of their means, so that no matrix of
    distances is needed.
    """
    means, sizes = vectors.copy(), np.ones(len(vectors))
    parents = np.arange(len(vectors))
    waiting = np.ones(len(vectors), np.bool_)
    chain: list[int] = []
    while chain or waiting.any():
        if not chain:
            chain = [int(np.argmax(waiting))]
        last = chain[-1]
        likeness = np.where(waiting, means @ means[last], -np.inf)
        likeness[last] = -np.inf
        if len(chain) > 1:
            # Of equally near ones the one that the chain came from, or it would go round for ever.
            likeness[chain[-2]] += _TIE
        nearest = int(np.argmax(likeness))
        if likeness[nearest] < 1.0 - distance:
            # Nothing is near enough to the end of the chain, which is no nearer to what comes before it.
            waiting[chain] = False
            chain = []
        elif len(chain) > 1 and nearest == chain[-2]:
            both = sizes[nearest] + sizes[last]
            means[nearest] = (means[nearest] * sizes[nearest] + means[last] * sizes[last]) / both
            sizes[nearest], waiting[last], parents[last] = both, False, nearest
            del chain[-2:]
        else:
            chain.append(nearest)
    return np.unique(_roots(parents), return_inverse=True)[1]


def _roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each ends that follows its parents to one that is its own."""
    while not np.array_equal(parents, above := parents[parents]):
        parents = above
    return parents


def _hanging_together(vectors: Vector, distance: float) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """By chains of near pairs: the component of each vector, as far as is known after so many were looked at."""
    labels = np.arange(len(vectors))
    for start in range(0, len(vectors), _CHUNK):
        near = vectors[start : start + _CHUNK] @ vectors.T >= 1.0 - distance - _MARGIN
        first = start
        # At a large distance all may be neighbours of all.
        for rows in np.array_split(near, 1 + np.count_nonzero(near) // _PAIRS):
            ours, others = np.nonzero(rows)
            labels = _joined(labels, first + ours, others)
            first += len(rows)
        yield min(start + _CHUNK, len(vectors)), labels


def _joined(labels: NDArray[np.int64], ours: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """The components after pairs of vectors were joined; a component's label is the lowest number of its vectors."""
    while True:
        low = np.minimum(labels[ours], labels[others])
        parents = np.arange(len(labels))
        np.minimum.at(parents, labels[ours], low)
        np.minimum.at(parents, labels[others], low)
        joined = _roots(parents)[labels]
        if np.array_equal(joined, labels):
            return labels
        labels = joined


def _faces(gallery: BaseGallery, collection: str, model: str, attribute: Attribute, most: int) -> dict[int, Vector]:
    """The sub-vector of each face of a collection that a model made, by its number, and nothing else of it.

    Raises TooLarge as soon as there are more than `most`.
    """
    found, cursor = dict[int, Vector](), None
    while True:
        page = gallery.page(collection=collection, cursor=cursor, limit=MAX_PAGE)
        for face in page.faces:
            if face.model == model:
                found[face.sequence] = part(face.embedding, attribute).copy()
        if len(found) > most:
            raise TooLarge(f"the collection has more than {most} faces; no more are grouped", max_grouped=most)
        cursor = page.next_cursor
        if cursor is None:
            return found
