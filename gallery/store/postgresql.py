"""What PostgreSQL needs beyond SQL to forget; for any other database this does nothing."""

from sqlalchemy import Engine

from gallery.store.tables import tables


def rewrite(engine: Engine) -> None:
    """Write every table anew without what was deleted; nobody else can use it meanwhile.

    A deletion leaves the bytes where they are until their place is taken. This lets go of the old files, which the
    server removes with its next checkpoint; its write-ahead log keeps what it was written until the server takes that
    file of it again.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            # No transaction may be under way.
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in tables.sorted_tables:
                alone.exec_driver_sql(f"VACUUM FULL {table.name}")
