"""what a permanent link to a ranking shows, and what a board shows beside the bill: other meters, and how long runs took."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Nobody has written ranking versions until now."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("wall_ns", sa.BigInteger(), nullable=True))
        runs.add_column(sa.Column("meters", sa.JSON(), nullable=True))
    with op.batch_alter_table("ranking_versions") as versions:
        versions.drop_column("standings")
        versions.add_column(sa.Column("sha256", sa.String(length=64), nullable=False))
        versions.add_column(sa.Column("ranked", sa.Integer(), nullable=False))
        versions.add_column(sa.Column("unranked", sa.Integer(), nullable=False))
        versions.add_column(sa.Column("base_number", sa.Integer(), nullable=True))
        versions.add_column(sa.Column("content", sa.LargeBinary(), nullable=False))


def downgrade() -> None:
    """Take back; versions that were written are lost."""
    op.execute("delete from ranking_versions")
    with op.batch_alter_table("ranking_versions") as versions:
        for name in ("content", "base_number", "unranked", "ranked", "sha256"):
            versions.drop_column(name)
        versions.add_column(sa.Column("standings", sa.JSON(), nullable=False))
    with op.batch_alter_table("runs") as runs:
        for name in ("meters", "wall_ns"):
            runs.drop_column(name)
