"""Faces, deletions and the sequence of all changes.

A store that has these tables from before there were migrations keeps them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "faces",
        sa.Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("collection", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("quality", sa.Float),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("crop", sa.LargeBinary),
        if_not_exists=True,
    )
    op.create_index("faces_by_subject", "faces", ["subject", "sequence"], if_not_exists=True)
    op.create_index("faces_by_collection", "faces", ["collection", "sequence"], if_not_exists=True)
    op.create_table(
        "deletions",
        sa.Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("face", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "counter",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.execute("INSERT INTO counter (id, sequence) SELECT 1, 0 WHERE NOT EXISTS (SELECT id FROM counter)")


def downgrade() -> None:
    """Drop the tables and all that they hold."""
    for table in ("faces", "deletions", "counter"):
        op.drop_table(table)
