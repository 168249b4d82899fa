"""New faces written to the database, in the one sequence of all changes."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gallery.records import EnrolledFace, NewFace
from gallery.store.rows import FACE, face_of, row_of
from gallery.store.tables import counter, faces

_LOOKUP = 1000
"""Values asked for in one statement; databases limit its parameters."""


def advance(connection: Connection, count: int) -> int:
    """Take the next `count` numbers of the sequence; gives the last of them.

    As the first statement of a transaction it also holds back every other writer until the commit, so that changes
    become visible in the order of their numbers.
    """
    step = update(counter).values(sequence=counter.c.sequence + count).returning(counter.c.sequence)
    last: int = connection.execute(step).scalar_one()
    return last


def insert_faces(connection: Connection, new: Sequence[NewFace]) -> list[dict[str, Any]]:
    """Enrol all of these faces; gives their rows."""
    if not new:
        return []
    milliseconds = time.time_ns() // 1_000_000
    first = advance(connection, len(new)) - len(new) + 1
    rows = [row_of(face, first + place, milliseconds) for place, face in enumerate(new)]
    connection.execute(insert(faces), rows)
    return rows


def insert_each(connection: Connection, new: Sequence[tuple[NewFace, bool]]) -> list[tuple[EnrolledFace, bool]]:
    """Enrol faces, those that are said to be enrolled once only where no face has their id.

    Gives each face, or the one that has its id, and whether it was enrolled now.
    """
    # The first of each id is enrolled, if any is.
    firsts = {face.id: place for place, (face, once) in reversed([*enumerate(new)]) if once}
    there = dict[str | None, EnrolledFace]()
    if firsts:
        # Whoever else enrols waits until what is looked up here is done.
        advance(connection, 0)
        query = select(*FACE).where(faces.c.id.in_(firsts))
        there = {row.id: face_of(row._mapping) for row in connection.execute(query)}
    fresh = [
        place
        for place, (face, once) in enumerate(new)
        if not once or (face.id not in there and firsts[face.id] == place)
    ]
    rows = insert_faces(connection, [new[place][0] for place in fresh])
    made = {place: face_of(row) for place, row in zip(fresh, rows, strict=True)}
    there |= {face.id: face for face in made.values()}
    return [(made.get(place) or there[face.id], place in made) for place, (face, _) in enumerate(new)]


def insert_unknown(connection: Connection, new: Sequence[NewFace]) -> int:
    """Enrol those of these faces whose id, or content in the same collection, no other has; gives how many."""
    # Whoever else enrols waits until what is looked up here is done.
    advance(connection, 0)
    ids = known_ids(connection, [face.id for face in new if face.id is not None])
    contents: set[tuple[str, bytes]] = set()
    for collection in {face.collection for face in new}:
        given = [face.content for face in new if face.collection == collection and face.content is not None]
        contents |= {(collection, content) for content in known_contents(connection, collection, given)}
    fresh: list[NewFace] = []
    for face in new:
        content = None if face.content is None else (face.collection, face.content)
        if face.id in ids or content in contents:
            continue
        fresh.append(face)
        if face.id is not None:
            ids.add(face.id)
        if content is not None:
            contents.add(content)
    insert_faces(connection, fresh)
    return len(fresh)


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these ids a face has."""
    known: set[str] = set()
    for start in range(0, len(ids), _LOOKUP):
        known |= set(connection.scalars(select(faces.c.id).where(faces.c.id.in_(ids[start : start + _LOOKUP]))))
    return known


def known_contents(connection: Connection, collection: str, contents: Sequence[bytes]) -> set[bytes]:
    """Which of these contents a face of a collection was made of."""
    known: set[bytes] = set()
    for start in range(0, len(contents), _LOOKUP):
        these = faces.c.content.in_(contents[start : start + _LOOKUP])
        known |= {bytes(found) for found in connection.scalars(
            select(faces.c.content).where(faces.c.collection == collection, these)
        )}  # fmt: skip
    return known
