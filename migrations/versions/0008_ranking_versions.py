"""what a permanent link to a ranking shows, and what a board shows beside the bill: other meters, and how long runs took."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
REFUSAL = "a version of a ranking is never changed"


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
    refuse_changes()


def refuse_changes() -> None:
    """As the audit log does: a version is never changed."""
    if op.get_bind().dialect.name == "postgresql":
        body = f"begin raise exception '{REFUSAL}'; end"
        op.execute(f"create function refuse_version_change() returns trigger language plpgsql as $$ {body} $$")
        op.execute(
            "create trigger versions_append_only before update or delete or truncate on ranking_versions "
            "for each statement execute function refuse_version_change()"
        )
    else:
        for act in ("update", "delete"):
            op.execute(f"create trigger versions_no_{act} before {act} on ranking_versions begin select raise(abort, '{REFUSAL}'); end")


def downgrade() -> None:
    """Take back; versions that were written are lost."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop trigger versions_append_only on ranking_versions")
        op.execute("drop function refuse_version_change()")
    else:
        for act in ("update", "delete"):
            op.execute(f"drop trigger versions_no_{act}")
    op.execute("delete from ranking_versions")
    with op.batch_alter_table("ranking_versions") as versions:
        for name in ("content", "base_number", "unranked", "ranked", "sha256"):
            versions.drop_column(name)
        versions.add_column(sa.Column("standings", sa.JSON(), nullable=False))
    with op.batch_alter_table("runs") as runs:
        for name in ("meters", "wall_ns"):
            runs.drop_column(name)
