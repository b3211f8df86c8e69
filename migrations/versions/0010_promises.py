"""whether a host class promises a GPU: it was each worker's own setting before."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. No class has promised one so far."""
    with op.batch_alter_table("host_classes") as classes:
        classes.add_column(sa.Column("promises_gpu", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("host_classes") as classes:
        classes.alter_column("promises_gpu", server_default=None, existing_type=sa.Boolean())


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("host_classes") as classes:
        classes.drop_column("promises_gpu")
