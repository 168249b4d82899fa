"""The faces that a search found, fetched by a statement that costs the search little."""

import json
from collections.abc import Mapping

from gallery.records import EnrolledFace
from gallery.store.database import Database
from gallery.store.rows import moment
from model.attributes import Vector

# A scan of the index pushes all else out of the processor's caches, after which every line of Python counts: this text
# goes to the driver as it is.
_FIND = (
    "SELECT counter.sequence, faces.sequence, faces.id, subject, collection, model, quality, created, "
    "CAST(metadata AS TEXT) FROM counter LEFT JOIN faces ON faces.sequence IN ({marks})"
)
_MOST = 1000
"""Faces asked for in one statement; databases limit its parameters."""


def find(database: Database, embeddings: Mapping[int, Vector]) -> tuple[int, dict[int, EnrolledFace]]:
    """The number of the latest change, and the faces with these numbers, by number, without those that are gone.

    The embedding of each, which no number ever changes, the caller has from its index. Raises Unavailable.
    """
    numbers, latest, found = list(embeddings), 0, dict[int, EnrolledFace]()
    for start in range(0, max(len(numbers), 1), _MOST):
        some = numbers[start : start + _MOST]
        with database.cursor() as cursor:
            cursor.execute(_FIND.format(marks=",".join([database.mark] * len(some)) or "NULL"), some)
            rows = cursor.fetchall()
        there = [row for row in rows if row[1] is not None]
        latest = max(latest, rows[0][0])
        # One text with all of them is read much faster than one after another.
        metadata = json.loads(f"[{','.join([row[8] for row in there])}]")
        for row, facts in zip(there, metadata, strict=True):
            _, number, id, subject, collection, model, quality, created, _ = row
            vector, date = embeddings[number], moment(created)
            found[number] = EnrolledFace(id, number, subject, collection, model, vector, facts, quality, date)
    return latest, found
