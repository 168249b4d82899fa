"""An index that holds all that a list of the collections counts."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAME = "faces_by_collection_and_subject"


def upgrade() -> None:
    """Make the index."""
    op.create_index(_NAME, "faces", ["collection", "subject"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(_NAME, "faces")
