"""The faces that a search found, fetched by a statement that costs the search little."""

import json
from collections.abc import Collection

from gallery.records import EnrolledFace
from gallery.store.database import Database
from gallery.store.rows import moment, vector_of

# A scan of the index pushes all else out of the processor's caches, after which every line of Python counts: this text
# goes to the driver as it is.
_FIND = (
    "SELECT counter.sequence, faces.sequence, faces.id, subject, collection, model, quality, created, "
    "CAST(metadata AS TEXT), embedding FROM counter LEFT JOIN faces ON faces.sequence IN ({marks})"
)
_MOST = 1000
"""Faces asked for in one statement; databases limit its parameters."""


def find(database: Database, numbers: Collection[int]) -> tuple[int, dict[int, EnrolledFace]]:
    """The number of the latest change, and the faces with these numbers, by number, without those that are gone.

    Raises Unavailable.
    """
    wanted, latest, found = list(numbers), 0, dict[int, EnrolledFace]()
    for start in range(0, max(len(wanted), 1), _MOST):
        some = wanted[start : start + _MOST]
        with database.cursor() as cursor:
            cursor.execute(_FIND.format(marks=",".join([database.mark] * len(some)) or "NULL"), some)
            rows = cursor.fetchall()
        there = [row for row in rows if row[1] is not None]
        latest = max(latest, rows[0][0])
        # One text with all of them is read much faster than one after another.
        metadata = json.loads(f"[{','.join([row[8] for row in there])}]")
        for row, facts in zip(there, metadata, strict=True):
            _, number, id, subject, collection, model, quality, created, _, sealed = row
            vector, date = vector_of(database.opened(sealed)), moment(created)
            found[number] = EnrolledFace(id, number, subject, collection, model, vector, facts, quality, date)
    return latest, found
