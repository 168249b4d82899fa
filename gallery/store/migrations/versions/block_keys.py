"""Keys of the snapshots' blocks, and up to which number deletions are no longer noted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "block_keys",
        sa.Column("block", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    op.add_column("counter", sa.Column("horizon", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the table and the column."""
    op.drop_column("counter", "horizon")
    op.drop_table("block_keys")
