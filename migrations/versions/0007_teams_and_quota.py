"""teams by invitation, who sent a submission, and the quota's ledger as the one account of what was used."""

import sqlalchemy as sa
from alembic import op

from server.db.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LINES = (
    "(kind = 'debit' and runs = 1 and energy_uj = 0) or (kind = 'refund' and runs = -1 and energy_uj = 0)"
    " or (kind = 'bill' and runs = 0 and energy_uj >= 0) or (kind = 'unbill' and runs = 0 and energy_uj <= 0)"
)
PAID = """
from runs r join submissions s on s.id = r.submission_id
where r.purpose in ('listing', 'replication') and r.state != 'VOID' and r.replaces_id is null
and not (r.purpose = 'listing' and not r.superseded and exists (
  select 1 from runs o where o.entry_id = r.entry_id and o.purpose = 'listing' and o.superseded and o.queued_at < r.queued_at))
"""
"""What participants ordered, and what counts: neither void runs, nor their replacements, nor what organizers ran anew."""


def upgrade() -> None:
    """Apply; the ledger, which nothing wrote into before, is made anew and begins with the runs that there are."""
    op.drop_table("quota_ledger")
    op.create_table(
        "quota_ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("lineage_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("energy_uj", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(LINES, name=op.f("ck_quota_ledger_line")),
        sa.ForeignKeyConstraint(["lineage_id"], ["lineages.id"], name=op.f("fk_quota_ledger_lineage_id_lineages")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_quota_ledger_participant_id_participants")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_quota_ledger_run_id_runs")),
        sa.ForeignKeyConstraint(["team_id"], ["participants.id"], name=op.f("fk_quota_ledger_team_id_participants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_ledger")),
        sa.UniqueConstraint("run_id", "kind", name=op.f("uq_quota_ledger_run_id")),
    )
    for whose in ("participant", "team", "lineage"):
        op.create_index(f"ix_quota_ledger_{whose}", "quota_ledger", [f"{whose}_id", "at"], unique=False)
    lineage = "case when r.purpose = 'listing' then s.lineage_id end"
    into = "insert into quota_ledger (participant_id, lineage_id, run_id, kind, runs, energy_uj, at, written_at)"
    op.execute(f"{into} select r.participant_id, {lineage}, r.id, 'debit', 1, 0, r.queued_at, r.queued_at {PAID}")
    bill = f"select r.participant_id, {lineage}, r.id, 'bill', 0, r.energy_uj, r.finished_at, r.finished_at {PAID}"
    op.execute(f"{into} {bill} and r.state = 'DONE' and r.energy_uj is not null and r.finished_at is not null")

    op.create_table(
        "team_invitations",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_by_id", sa.Integer(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["participants.id"], name=op.f("fk_team_invitations_made_by_id_participants")),
        sa.ForeignKeyConstraint(["team_id"], ["participants.id"], name=op.f("fk_team_invitations_team_id_participants")),
        sa.ForeignKeyConstraint(["used_by_id"], ["participants.id"], name=op.f("fk_team_invitations_used_by_id_participants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_invitations")),
    )
    op.create_index(op.f("ix_team_invitations_team_id"), "team_invitations", ["team_id"], unique=False)
    op.drop_index(op.f("ix_memberships_member_id"), table_name="memberships")
    op.create_index(op.f("ix_memberships_member_id"), "memberships", ["member_id"], unique=True)
    with op.batch_alter_table("submissions") as submissions:
        submissions.add_column(sa.Column("sent_by_id", sa.Integer(), nullable=True))
        submissions.create_foreign_key(op.f("fk_submissions_sent_by_id_participants"), "participants", ["sent_by_id"], ["id"])


def downgrade() -> None:
    """Take back; what the ledger says goes with it, for 0006 counts runs."""
    with op.batch_alter_table("submissions") as submissions:
        submissions.drop_constraint(op.f("fk_submissions_sent_by_id_participants"), type_="foreignkey")
        submissions.drop_column("sent_by_id")
    op.drop_index(op.f("ix_memberships_member_id"), table_name="memberships")
    op.create_index(op.f("ix_memberships_member_id"), "memberships", ["member_id"], unique=False)
    op.drop_table("team_invitations")
    op.drop_table("quota_ledger")
    op.create_table(
        "quota_ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("lineage_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(length=26), nullable=True),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("energy_uj", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lineage_id"], ["lineages.id"], name=op.f("fk_quota_ledger_lineage_id_lineages")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_quota_ledger_participant_id_participants")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_quota_ledger_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_ledger")),
    )
    op.create_index("ix_quota_ledger_lineage", "quota_ledger", ["lineage_id", "at"], unique=False)
    op.create_index("ix_quota_ledger_participant", "quota_ledger", ["participant_id", "at"], unique=False)
    op.create_index(op.f("ix_quota_ledger_run_id"), "quota_ledger", ["run_id"], unique=False)
