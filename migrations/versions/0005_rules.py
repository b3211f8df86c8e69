"""rules: duels, records, lineages, seasons, reviews, teams, the quota's ledger."""

import sqlalchemy as sa
from alembic import op

from server.db.base import FiniteFloat, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOT_VOID = "state != 'VOID'"
PURPOSES = "purpose in ('listing', 'separation', 'duel', 'verification', 'replication', 'season_close', 'control')"
BEYOND_0004 = "purpose != 'listing' or superseded or replaces_id is not null"


def upgrade() -> None:
    """Apply. A stored track without a frozen sigma gets 1 % of its target, until its file is applied with a calibrated one."""
    freeze_sigmas()
    op.create_table(
        "lineages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_slug", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["track_slug"], ["tracks.slug"], name=op.f("fk_lineages_track_slug_tracks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lineages")),
    )
    with op.batch_alter_table("lineages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lineages_track_slug"), ["track_slug"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["participants.id"], name=op.f("fk_memberships_member_id_participants")),
        sa.ForeignKeyConstraint(["team_id"], ["participants.id"], name=op.f("fk_memberships_team_id_participants")),
        sa.PrimaryKeyConstraint("team_id", "member_id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_member_id"), ["member_id"], unique=False)

    op.create_table(
        "rules",
        sa.Column("track_slug", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reruns", sa.Boolean(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["track_slug"], ["tracks.slug"], name=op.f("fk_rules_track_slug_tracks")),
        sa.PrimaryKeyConstraint("track_slug", "version", name=op.f("pk_rules")),
    )
    op.create_table(
        "seasons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_slug", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opens_at", UtcDateTime(), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["track_slug"], ["tracks.slug"], name=op.f("fk_seasons_track_slug_tracks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("track_slug", "number", name=op.f("uq_seasons_track_slug")),
    )
    op.create_table(
        "lineage_marks",
        sa.Column("lineage_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lineage_id"], ["lineages.id"], name=op.f("fk_lineage_marks_lineage_id_lineages")),
        sa.PrimaryKeyConstraint("lineage_id", "mark", name=op.f("pk_lineage_marks")),
    )
    with op.batch_alter_table("lineage_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lineage_marks_mark"), ["mark"], unique=False)

    op.create_table(
        "ranking_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("standings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_ranking_versions_board_id_boards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_versions")),
        sa.UniqueConstraint("board_id", "number", name=op.f("uq_ranking_versions_board_id")),
    )
    op.create_table(
        "submitters",
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_submitters_participant_id_participants")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_submitters_submission_id_submissions")),
        sa.PrimaryKeyConstraint("submission_id", "participant_id", name=op.f("pk_submitters")),
    )
    op.create_table(
        "appeals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'OPEN') = (answered_at is null)", name=op.f("ck_appeals_answered")),
        sa.CheckConstraint("state in ('OPEN', 'UPHELD', 'REJECTED')", name=op.f("ck_appeals_state")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_appeals_entry_id_entries")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_appeals_participant_id_participants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeals_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_state"), ["state"], unique=False)

    op.create_table(
        "duels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("lineage_id", sa.Integer(), nullable=True),
        sa.Column("challenger_id", sa.Integer(), nullable=False),
        sa.Column("incumbent_id", sa.Integer(), nullable=True),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("runs_each", sa.Integer(), nullable=False),
        sa.Column("cv", FiniteFloat(), nullable=False),
        sa.Column("alpha", FiniteFloat(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("p", FiniteFloat(), nullable=True),
        sa.Column("ratio", FiniteFloat(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state in ('QUEUED', 'RUNNING')) = (decided_at is null)", name=op.f("ck_duels_decided")),
        sa.CheckConstraint("state in ('QUEUED', 'RUNNING', 'WON', 'LOST', 'CANCELLED')", name=op.f("ck_duels_state")),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_duels_board_id_boards")),
        sa.ForeignKeyConstraint(["challenger_id"], ["entries.id"], name=op.f("fk_duels_challenger_id_entries")),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_duels_host_id_hosts")),
        sa.ForeignKeyConstraint(["incumbent_id"], ["entries.id"], name=op.f("fk_duels_incumbent_id_entries")),
        sa.ForeignKeyConstraint(["lineage_id"], ["lineages.id"], name=op.f("fk_duels_lineage_id_lineages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duels")),
    )
    with op.batch_alter_table("duels", schema=None) as batch_op:
        batch_op.create_index("ix_duels_board", ["board_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_duels_challenger_id"), ["challenger_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_duels_incumbent_id"), ["incumbent_id"], unique=False)

    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("duel_id", sa.Integer(), nullable=False),
        sa.Column("mean_log_j", FiniteFloat(), nullable=False),
        sa.Column("provisional_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(revoked_at is null) = (reason is null)", name=op.f("ck_records_revoked_has_reason")),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_records_board_id_boards")),
        sa.ForeignKeyConstraint(["duel_id"], ["duels.id"], name=op.f("fk_records_duel_id_duels")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_records_entry_id_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("duel_id", name=op.f("uq_records_duel_id")),
    )
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.create_index("ix_records_board", ["board_id", "provisional_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_records_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(length=26), nullable=True),
        sa.Column("track_slug", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_decisions_entry_id_entries")),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"], name=op.f("fk_decisions_participant_id_participants")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_decisions_run_id_runs")),
        sa.ForeignKeyConstraint(["track_slug"], ["tracks.slug"], name=op.f("fk_decisions_track_slug_tracks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decisions_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_decisions_track_slug"), ["track_slug"], unique=False)

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
    with op.batch_alter_table("quota_ledger", schema=None) as batch_op:
        batch_op.create_index("ix_quota_ledger_lineage", ["lineage_id", "at"], unique=False)
        batch_op.create_index("ix_quota_ledger_participant", ["participant_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_quota_ledger_run_id"), ["run_id"], unique=False)

    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sd_log_j", FiniteFloat(), nullable=True))
        batch_op.add_column(sa.Column("loss_low", FiniteFloat(), nullable=True))
        batch_op.add_column(sa.Column("loss_high", FiniteFloat(), nullable=True))
        batch_op.add_column(sa.Column("sigma", FiniteFloat(), nullable=True))
        batch_op.add_column(sa.Column("status_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("flag_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("hold_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
        batch_op.alter_column("train_uj", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=True)
        batch_op.alter_column("score_uj", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=True)

    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_team", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("duel_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("host_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("replaces_id", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("superseded", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("expanded_uj", sa.BigInteger(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_runs_entry_id"), type_="unique")
        batch_op.create_check_constraint(batch_op.f("ck_runs_purpose"), PURPOSES)
        batch_op.create_index(batch_op.f("ix_runs_duel_id"), ["duel_id"], unique=False)
        batch_op.create_index(
            "ix_runs_instance",
            ["entry_id", "purpose", "index"],
            unique=True,
            sqlite_where=sa.text(NOT_VOID),
            postgresql_where=sa.text(NOT_VOID),
        )
        batch_op.create_foreign_key(batch_op.f("fk_runs_duel_id_duels"), "duels", ["duel_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_runs_replaces_id_runs"), "runs", ["replaces_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_runs_host_id_hosts"), "hosts", ["host_id"], ["id"])

    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lineage_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("source_public_at", UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f("ix_submissions_lineage_id"), ["lineage_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_submissions_lineage_id_lineages"), "lineages", ["lineage_id"], ["id"])


def freeze_sigmas() -> None:
    """See upgrade."""
    tracks = sa.table("tracks", sa.column("slug", sa.String), sa.column("target_loss", sa.Float), sa.column("rules", sa.JSON))
    for row in op.get_bind().execute(sa.select(tracks)).all():
        rules = {"sigma": row.target_loss / 100} | row.rules
        op.execute(tracks.update().where(tracks.c.slug == row.slug).values(rules=rules))


def downgrade() -> None:
    """Take back. Runs that 0004 has no room for (duels, replications, replacements) go."""
    with op.batch_alter_table("quota_ledger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quota_ledger_run_id"))
        batch_op.drop_index("ix_quota_ledger_participant")
        batch_op.drop_index("ix_quota_ledger_lineage")

    op.drop_table("quota_ledger")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_track_slug"))
        batch_op.drop_index(batch_op.f("ix_decisions_run_id"))
        batch_op.drop_index(batch_op.f("ix_decisions_entry_id"))

    op.drop_table("decisions")
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_records_entry_id"))
        batch_op.drop_index("ix_records_board")

    op.drop_table("records")
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeals_state"))
        batch_op.drop_index(batch_op.f("ix_appeals_entry_id"))

    op.drop_table("appeals")
    op.drop_table("submitters")
    op.drop_table("ranking_versions")
    with op.batch_alter_table("lineage_marks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lineage_marks_mark"))

    op.drop_table("lineage_marks")
    op.drop_table("seasons")
    op.drop_table("rules")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_member_id"))

    op.drop_table("memberships")
    op.execute(f"delete from attempts where run_id in (select id from runs where {BEYOND_0004})")  # noqa: S608 (a constant)
    op.execute(f"delete from runs where {BEYOND_0004}")  # noqa: S608
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_runs_host_id_hosts"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_runs_replaces_id_runs"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_runs_duel_id_duels"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_runs_purpose"), type_="check")
        batch_op.drop_index("ix_runs_instance", sqlite_where=sa.text(NOT_VOID), postgresql_where=sa.text(NOT_VOID))
        batch_op.drop_index(batch_op.f("ix_runs_duel_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_runs_entry_id"), ["entry_id", "index"])
        batch_op.drop_column("expanded_uj")
        batch_op.drop_column("superseded")
        batch_op.drop_column("replaces_id")
        batch_op.drop_column("host_id")
        batch_op.drop_column("duel_id")

    with op.batch_alter_table("duels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duels_incumbent_id"))
        batch_op.drop_index(batch_op.f("ix_duels_challenger_id"))
        batch_op.drop_index("ix_duels_board")

    op.drop_table("duels")
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_submissions_lineage_id_lineages"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_submissions_lineage_id"))
        batch_op.drop_column("source_public_at")
        batch_op.drop_column("lineage_id")

    with op.batch_alter_table("lineages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lineages_track_slug"))

    op.drop_table("lineages")
    with op.batch_alter_table("participants", schema=None) as batch_op:
        batch_op.drop_column("is_team")

    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.alter_column("score_uj", existing_type=sa.BigInteger(), type_=sa.INTEGER(), existing_nullable=True)
        batch_op.alter_column("train_uj", existing_type=sa.BigInteger(), type_=sa.INTEGER(), existing_nullable=True)
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("hold_reason")
        batch_op.drop_column("flag_reason")
        batch_op.drop_column("status_reason")
        batch_op.drop_column("sigma")
        batch_op.drop_column("loss_high")
        batch_op.drop_column("loss_low")
        batch_op.drop_column("sd_log_j")
