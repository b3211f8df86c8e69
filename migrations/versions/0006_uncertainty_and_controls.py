"""what a run's joules are worth: their uncertainty, a public flag, and each host's control workload."""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("on_host_uj", sa.BigInteger(), nullable=True))
        runs.add_column(sa.Column("flag", sa.Text(), nullable=True))
    with op.batch_alter_table("hosts") as hosts:
        hosts.add_column(sa.Column("control_at", UtcDateTime(), nullable=True))
        hosts.add_column(sa.Column("control_passed_at", UtcDateTime(), nullable=True))
        hosts.add_column(sa.Column("control_said", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("hosts") as hosts:
        for name in ("control_said", "control_passed_at", "control_at"):
            hosts.drop_column(name)
    with op.batch_alter_table("runs") as runs:
        for name in ("flag", "on_host_uj"):
            runs.drop_column(name)
