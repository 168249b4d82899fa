"""A name that no other store has, by which a snapshot knows its own."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the store."""
    op.add_column("counter", sa.Column("store", sa.String(36)))
    op.execute(sa.text("UPDATE counter SET store = :name").bindparams(name=str(uuid.uuid4())))


def downgrade() -> None:
    """Forget the name."""
    op.drop_column("counter", "store")
