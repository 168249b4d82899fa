"""Jobs, what failed in them, the groups that they find, and what imported faces were made of."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("faces", sa.Column("content", sa.LargeBinary))
    imported = sa.text("content IS NOT NULL")
    op.create_index(
        "faces_by_content",
        "faces",
        ["collection", "content"],
        sqlite_where=imported,
        postgresql_where=imported,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("collection", sa.String(64), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("starts", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "job_failures",
        sa.Column("job", sa.String(36), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("subject", sa.String(200)),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("job_failures_by_subject", "job_failures", ["subject"])
    op.create_table(
        "group_members",
        sa.Column("job", sa.String(36), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "face",
            _NUMBER,
            sa.ForeignKey("faces.sequence", ondelete="CASCADE", onupdate="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("group", sa.Integer),
    )
    op.create_index("group_members_by_face", "group_members", ["face"])


def downgrade() -> None:
    """Drop the tables and the column."""
    for table in ("group_members", "job_failures", "jobs"):
        op.drop_table(table)
    op.drop_index("faces_by_content", "faces")
    op.drop_column("faces", "content")
