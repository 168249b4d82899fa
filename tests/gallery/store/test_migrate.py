"""A store made by any earlier version is brought to the present form, and keeps what it holds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from gallery.records import NewFace
from gallery.store import migrate
from gallery.store.migrations.versions import faces
from gallery.store.store import Store
from gallery.store.tables import tables
from model.errors import Unavailable


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url)
    yield made
    made.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def test_the_migrations_make_exactly_the_tables(url: str, engine: Engine) -> None:
    Store(url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == []
        assert context.get_current_revision() == migrate.NEWEST


def test_the_newest_form_is_that_of_the_last_migration() -> None:
    assert ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).get_heads() == [migrate.NEWEST]


def test_a_store_from_before_there_were_migrations_keeps_its_faces(
    url: str, engine: Engine, new: Callable[..., NewFace]
) -> None:
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        faces.upgrade()
    with engine.begin() as connection:
        row = {"e": new(1).embedding.tobytes(), "id": "0197f0d4-0000-7000-8000-000000000000"}
        connection.execute(
            text(
                "INSERT INTO faces (sequence, id, subject, collection, model, embedding, metadata, created) "
                "VALUES (7, :id, 'ada', 'default', 'm1', :e, '{\"n\": 1}', 5)"
            ),
            row,
        )
        connection.execute(text("UPDATE counter SET sequence = 9"))
        assert _revision(connection) is None
    store = Store(url)
    face = store.get(row["id"])
    assert (face.sequence, face.metadata, face.embedding.tobytes()) == (7, {"n": 1}, row["e"])
    assert (store.sequence(), store.add(new(2)).sequence) == (9, 10)
    store.close()


def test_a_store_keeps_its_name_and_no_two_share_one(new_url: Callable[[], str]) -> None:
    url = new_url()
    names = []
    for opened in (url, url, new_url()):
        store = Store(opened)
        names.append(store.name())
        store.close()
    assert names[0] == names[1] != names[2]


def test_a_store_of_a_newer_version_is_not_touched(url: str, engine: Engine) -> None:
    Store(url).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="of another version"):
        Store(url)
    with engine.begin() as connection:
        assert _revision(connection) == "9999"
