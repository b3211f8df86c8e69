"""the finals of seasons, append-only by trigger; runs that repeat another, and runs that dispute each other."""

import sqlalchemy as sa
from alembic import op

from server.db.base import FiniteFloat, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

REFUSAL = "final standings are append-only"
BEFORE = "purpose in ('listing', 'separation', 'duel', 'verification', 'replication', 'season_close', 'control')"
PURPOSES = BEFORE.replace("'control')", "'control', 'repeat')")
REPEATS = "select id from runs where purpose = 'repeat'"


def upgrade() -> None:
    """Apply. A season closed before has its runs and no final."""
    op.create_table(
        "finals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("season_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("target_loss", FiniteFloat(), nullable=False),
        sa.Column("sigma", FiniteFloat(), nullable=False),
        sa.Column("runs_each", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("deadline_at", UtcDateTime(), nullable=False),
        sa.Column("decisions_seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["season_id"], ["seasons.id"], name=op.f("fk_finals_season_id_seasons")),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_finals_board_id_boards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finals")),
        sa.UniqueConstraint("season_id", "board_id", name=op.f("uq_finals_season_id")),
    )
    op.create_table(
        "finalists",
        sa.Column("final_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("rank_before", sa.Integer(), nullable=True),
        sa.Column("first_index", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["final_id"], ["finals.id"], name=op.f("fk_finalists_final_id_finals")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_finalists_entry_id_entries")),
        sa.PrimaryKeyConstraint("final_id", "entry_id", name=op.f("pk_finalists")),
    )
    op.create_index(op.f("ix_finalists_entry_id"), "finalists", ["entry_id"])
    op.create_table(
        "final_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("final_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("standings", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["final_id"], ["finals.id"], name=op.f("fk_final_versions_final_id_finals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_final_versions")),
        sa.UniqueConstraint("final_id", "number", name=op.f("uq_final_versions_final_id")),
    )
    refuse_changes()
    with op.batch_alter_table("runs") as runs:
        for name in ("repeats_id", "disputed_by_id"):
            runs.add_column(sa.Column(name, sa.String(length=26), nullable=True))
            runs.create_foreign_key(runs.f(f"fk_runs_{name}_runs"), "runs", [name], ["id"])
        runs.drop_constraint(runs.f("ck_runs_purpose"), type_="check")
        runs.create_check_constraint(runs.f("ck_runs_purpose"), PURPOSES)


def refuse_changes() -> None:
    """As the audit log does."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"create function refuse_final_change() returns trigger language plpgsql as $$ begin raise exception '{REFUSAL}'; end $$"
        )
        op.execute(
            "create trigger finals_append_only before update or delete or truncate on final_versions "
            "for each statement execute function refuse_final_change()"
        )
    else:
        for act in ("update", "delete"):
            op.execute(f"create trigger finals_no_{act} before {act} on final_versions begin select raise(abort, '{REFUSAL}'); end")


def downgrade() -> None:
    """Take back. Repeated runs, for which there's no room any more, go."""
    op.execute(f"update decisions set run_id = null where run_id in ({REPEATS})")  # noqa: S608 (a constant)
    op.execute(f"delete from attempts where run_id in ({REPEATS})")  # noqa: S608
    op.execute("delete from runs where purpose = 'repeat'")
    with op.batch_alter_table("runs") as runs:
        runs.drop_constraint(runs.f("ck_runs_purpose"), type_="check")
        runs.create_check_constraint(runs.f("ck_runs_purpose"), BEFORE)
        for name in ("disputed_by_id", "repeats_id"):
            runs.drop_constraint(runs.f(f"fk_runs_{name}_runs"), type_="foreignkey")
            runs.drop_column(name)
    op.drop_table("final_versions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function refuse_final_change()")
    op.drop_index(op.f("ix_finalists_entry_id"), table_name="finalists")
    op.drop_table("finalists")
    op.drop_table("finals")
