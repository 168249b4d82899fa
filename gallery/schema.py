"""The store's tables brought to their present form."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from model.errors import Unavailable

_STEPS = Path(__file__).parent / "migrations"
_LOCK = 0xFACE7
"""Any number that nothing else in the database locks by."""


def upgrade(connection: Connection) -> None:
    """Apply every migration that the database lacks, all or none, one process at a time.

    The connection must not have read or written in its transaction yet. Raises Unavailable for a database that a
    newer version of the service made.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_STEPS))
    if connection.dialect.name == "sqlite":
        # Otherwise it would begin with the first change of data, too late for what comes before.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    if MigrationContext.configure(connection).get_current_revision() == newest():
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Unavailable(f"the database is of another version of the service, and cannot be used: {error}") from error


def newest() -> str | None:
    """The revision of the present form."""
    return ScriptDirectory(str(_STEPS)).get_current_head()
