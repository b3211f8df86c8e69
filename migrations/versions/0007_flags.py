"""a public flag on runs whose host isn't vouched for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("flag", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("flag")
