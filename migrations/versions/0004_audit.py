"""the audit log, append-only by trigger."""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

REFUSAL = "the audit log is append-only"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sa.UniqueConstraint("digest", name=op.f("uq_audit_digest")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function refuse_audit_change() returns trigger language plpgsql as $$ begin raise exception '{REFUSAL}'; end $$"
        )
        op.execute(
            "create trigger audit_append_only before update or delete or truncate on audit "
            "for each statement execute function refuse_audit_change()"
        )
    else:
        for act in ("update", "delete"):
            op.execute(f"create trigger audit_no_{act} before {act} on audit begin select raise(abort, '{REFUSAL}'); end")


def downgrade() -> None:
    """Undo."""
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function refuse_audit_change()")
