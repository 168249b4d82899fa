"""A grouping: the faces of one collection that are alike in one attribute, brought together."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gallery.base_gallery import BaseGallery
from gallery.jobs.job_task import Task
from gallery.limits import MAX_PAGE
from gallery.records import EnrolledFace
from model.attributes import SPACES, Attribute, Vector, part
from model.errors import InvalidRequest, TooLarge

MOST_TOGETHER = 10_000
"""Faces that may hang together: the memory for the distances between them grows with their square, to 0.4 GB."""

_CHUNK = 256
"""Faces whose neighbours are looked for at a time."""
_MARGIN = 1e-4
"""More than a cosine summed in float32 can be off."""


def group_faces(task: Task, gallery: BaseGallery) -> None:
    """Group the faces of the job's collection that its model made, and keep the groups.

    Raises InvalidRequest where a distance makes too many faces hang together, and TooLarge for too many faces.
    """
    wanted = task.job.parameters
    faces = _faces(gallery, task.job.collection, wanted["model"])
    if len(faces) > wanted["max_faces"]:
        raise TooLarge(
            f"the collection has {len(faces)} faces; at most {wanted['max_faces']} are grouped",
            max_grouped=wanted["max_faces"],
        )
    attribute = Attribute(wanted["by"])
    vectors = np.stack([part(face.embedding, attribute) for face in faces]) if faces else _none(attribute)
    hanging = np.arange(len(faces))
    for done, found in _hanging_together(vectors, wanted["distance"]):
        task.record({"total": len(faces), "done": done})
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
        {face.sequence: int(label) if kept else None for face, label, kept in zip(faces, labels, grouped, strict=True)},
    )


def clusters(vectors: Vector, hanging: NDArray[np.int64], distance: float) -> NDArray[np.int64]:
    """The cluster of each unit vector `(n,)` by average linkage: two merge while their faces' mean distance allows it.

    `hanging` tells which vectors hang together by chains of pairs no further apart than `distance`. Two clusters no
    further apart than that in the mean have such a pair, so none reaches beyond what hangs together.
    """
    # Slow to import, and only this needs it.
    from scipy.cluster.hierarchy import fcluster, linkage

    labels, count = np.zeros(len(vectors), np.int64), 0
    order = np.argsort(hanging, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(hanging[order])) + 1):
        if len(members) > MOST_TOGETHER:
            raise InvalidRequest(
                f"{len(members)} faces hang together at a distance of {distance:g}; ask for a smaller one",
                limit=MOST_TOGETHER,
            )
        found = np.ones(len(members), np.int64)
        if len(members) > 1:
            tree = linkage(vectors[members].astype(np.float64), "average", metric="cosine")
            found = fcluster(tree, distance, criterion="distance").astype(np.int64)
        labels[members] = found - 1 + count
        count += int(found.max(initial=0))
    return labels


def _hanging_together(vectors: Vector, distance: float) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """By chains of near pairs: the component of each vector, as far as is known after so many were looked at."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labels = np.arange(len(vectors))
    for start in range(0, len(vectors), _CHUNK):
        ours, near = np.nonzero(vectors[start : start + _CHUNK] @ vectors.T >= 1.0 - distance - _MARGIN)
        pairs = (labels[start + ours], labels[near])
        graph = coo_array((np.ones(len(near), np.bool_), pairs), shape=(len(vectors), len(vectors)))
        labels = connected_components(graph, directed=False)[1].astype(np.int64)[labels]
        yield min(start + _CHUNK, len(vectors)), labels


def _faces(gallery: BaseGallery, collection: str, model: str) -> list[EnrolledFace]:
    found, cursor = list[EnrolledFace](), None
    while True:
        page = gallery.page(collection=collection, cursor=cursor, limit=MAX_PAGE)
        found += [face for face in page.faces if face.model == model]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _none(attribute: Attribute) -> Vector:
    return np.zeros((0, SPACES[attribute].size), np.float32)
