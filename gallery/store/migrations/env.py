"""How Alembic runs the steps: in the caller's transaction, on the connection that it passes."""

from alembic import context

from gallery.store.tables import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables)
context.run_migrations()
