"""The store's tables brought to their present form."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from model.errors import Unavailable

NEWEST = "0006"
"""The last of the migrations, which makes the present form."""

_STEPS = Path(__file__).parent / "migrations"
_LOCK = 0xFACE7
"""Any number that nothing else in the database locks by."""


def upgrade(connection: Connection) -> None:
    """Apply every migration that the database lacks, all or none, one process at a time.

    The connection must not have read or written in its transaction yet. Raises Unavailable for a database that a
    newer version of the service made.
    """
    if connection.dialect.name == "sqlite":
        # Otherwise it would begin with the first change of data, too late for what comes before.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    if _revision(connection) != NEWEST:
        _migrate(connection)


def _revision(connection: Connection) -> str | None:
    """The migration that was last applied; None for a new database, and for one from before there were migrations."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def _migrate(connection: Connection) -> None:
    # Imported late: few starts find anything to do, and Alembic would be a tenth of the time to start.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_STEPS))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Unavailable(f"the database is of another version of the service, and cannot be used: {error}") from error
