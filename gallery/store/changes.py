"""The changes of the store in their order: how they are made, and what replicas follow."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, delete, insert, null, select, union_all, update

from gallery.records import Amendment, Change, Enrolment
from gallery.store.block_keys import forget_keys
from gallery.store.enrolment import advance
from gallery.store.rows import change_of, enrolment_of, values_of
from gallery.store.tables import counter, deletions, faces
from model.errors import Unavailable

NOTED = 1_000_000
"""Changes that somebody can follow: whoever is further behind begins anew, which takes no longer."""
FORGOTTEN = 100_000
"""Changes whose deletions are forgotten at a time."""
_ENROLMENT = select(
    faces.c.sequence, null().label("face"), faces.c.id, faces.c.subject, faces.c.collection, faces.c.model,
    faces.c.embedding, faces.c.metadata, faces.c.quality,
)  # fmt: skip


class Forgotten(Unavailable):
    """What was deleted after the asked-for change is no longer noted; whoever follows the changes begins anew."""

    def __init__(self) -> None:
        super().__init__("Too much was erased since to tell what; begin anew.")


def horizon(connection: Connection) -> int:
    """Up to which number deletions are no longer noted."""
    number: int = connection.execute(select(counter.c.horizon)).scalar_one()
    return number


def changes_since(connection: Connection, sequence: int, limit: int) -> list[Change]:
    """The first `limit` changes after one, in order. The enrolment of a face that is gone is not among them.

    Raises Forgotten where deletions after it are no longer noted.
    """
    deleted = select(deletions.c.sequence, deletions.c.face, *[null()] * 7).where(deletions.c.sequence > sequence)
    # One statement sees one state of the database, whatever its isolation level.
    both = union_all(_ENROLMENT.where(faces.c.sequence > sequence), deleted).order_by("sequence").limit(limit)
    found = [change_of(row) for row in connection.execute(both)]
    # After them: what is noted still was so while they were read.
    if sequence < horizon(connection):
        raise Forgotten
    return found


def enrolled(connection: Connection, after: int, last: int, limit: int) -> list[Enrolment]:
    """The first `limit` faces with a number above `after` and up to `last`, in the order of their numbers."""
    query = _ENROLMENT.where(faces.c.sequence > after, faces.c.sequence <= last)
    return [enrolment_of(row) for row in connection.execute(query.order_by(faces.c.sequence).limit(limit))]


def change(connection: Connection, amended: Iterable[tuple[Sequence[ColumnElement[bool]], Amendment]]) -> list[int]:
    """Change the face that each of some conditions names, where there is one; gives the new numbers of those.

    It is deleted under its old number and enrolled under a new one.
    """
    number, gone = advance(connection, 0), list[tuple[int, int]]()
    for named, amendment in amended:
        old = connection.execute(select(faces.c.sequence).where(*named)).scalar_one_or_none()
        if old is not None:
            gone.append((number + 1, old))
            number += 2
            values = values_of(amendment) | {"sequence": number}
            connection.execute(update(faces).where(faces.c.sequence == old).values(values))
    _note_deletions(connection, gone)
    advance(connection, 2 * len(gone))
    return [deletion + 1 for deletion, _ in gone]


def remove(connection: Connection, *which: ColumnElement[bool]) -> tuple[int, int]:
    """Delete faces and note that they are gone; gives how many, and the number of the latest change."""
    first = advance(connection, 0) + 1
    gone = connection.scalars(delete(faces).where(*which).returning(faces.c.sequence)).all()
    _note_deletions(connection, enumerate(sorted(gone), first))
    return len(gone), advance(connection, len(gone))


def _note_deletions(connection: Connection, gone: Iterable[tuple[int, int]]) -> None:
    """Note under some numbers of the sequence that the faces of others are gone, and so are their blocks' keys."""
    notes = [{"sequence": number, "face": face} for number, face in gone]
    if notes:
        connection.execute(insert(deletions), notes)
        forget_keys(connection, [note["face"] for note in notes])
        _forget_notes(connection, max(note["sequence"] for note in notes))


def _forget_notes(connection: Connection, latest: int) -> None:
    """Note no longer what is so long ago that nobody follows from there, some at a time."""
    start = horizon(connection)
    if latest - start < NOTED + FORGOTTEN:
        return
    connection.execute(delete(deletions).where(deletions.c.sequence <= start + FORGOTTEN))
    connection.execute(update(counter).values(horizon=start + FORGOTTEN))
