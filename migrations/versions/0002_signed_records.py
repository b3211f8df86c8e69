"""signed records: a key a host, a record with two signatures an attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("hosts") as hosts:
        hosts.add_column(sa.Column("public_key", sa.String(length=64), nullable=True))
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(sa.Column("record", sa.LargeBinary(), nullable=True))
        attempts.add_column(sa.Column("host_signature", sa.String(length=128), nullable=True))
        attempts.add_column(sa.Column("receipt_signature", sa.String(length=128), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_column("receipt_signature")
        attempts.drop_column("host_signature")
        attempts.drop_column("record")
    with op.batch_alter_table("hosts") as hosts:
        hosts.drop_column("public_key")
