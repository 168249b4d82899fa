"""Every enrolled face sealed anew, after a change of the keys."""

from sqlalchemy import bindparam, select, update

from gallery.store.block_keys import seal_anew
from gallery.store.database import Database
from gallery.store.tables import faces

_BATCH = 500


def reseal(url: str) -> int:
    """Write all that is sealed again as the database at a SQLAlchemy URL now keeps it; gives how many faces.

    The service may run: what a face is does not change under its number. Nothing of the old bytes stays in the files.
    Raises Unavailable where a face was sealed with a key that is not there.
    """
    database = Database(url)
    count, after = 0, 0
    change = update(faces).where(faces.c.sequence == bindparam("number"))
    change = change.values(embedding=bindparam("new_embedding"), crop=bindparam("new_crop"))
    try:
        while True:
            with database.transaction(None) as connection:
                found = connection.execute(
                    select(faces.c.sequence, faces.c.embedding, faces.c.crop)
                    .where(faces.c.sequence > after)
                    .order_by(faces.c.sequence)
                    .limit(_BATCH)
                ).all()
                if not found:
                    break
                rows = [{"number": row.sequence, "new_embedding": row.embedding, "new_crop": row.crop} for row in found]
                connection.execute(change, rows)
            count, after = count + len(found), found[-1].sequence
        with database.transaction() as connection:
            seal_anew(connection)
        database.scrub()
    finally:
        database.close()
    return count
