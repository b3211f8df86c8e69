"""a track's published submissions are found by when their source became public."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_submissions_published", "submissions", ["track_slug", "source_public_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_submissions_published", "submissions")
