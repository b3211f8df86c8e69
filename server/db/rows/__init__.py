"""Rows, one module a noun. Importing this package registers every table on ``Base.metadata``."""

from server.db.rows.audit import AuditRow
from server.db.rows.finals import FinalistRow, FinalRow, FinalVersionRow
from server.db.rows.hosts import EnrolmentCodeRow, HostClassRow, HostRow
from server.db.rows.participants import ApiTokenRow, InvitationRow, MembershipRow, ParticipantRow, QuotaRow, SessionRow
from server.db.rows.records import DuelRow, RankingVersionRow, RecordRow
from server.db.rows.reviews import AppealRow, DecisionRow
from server.db.rows.runs import AttemptRow, RunRow
from server.db.rows.submissions import EntryRow, LineageMarkRow, LineageRow, SubmissionRow, SubmitterRow
from server.db.rows.tracks import BoardRow, RulesRow, SeasonRow, TrackRow

__all__ = [
    "ApiTokenRow",
    "AppealRow",
    "AttemptRow",
    "AuditRow",
    "BoardRow",
    "DecisionRow",
    "DuelRow",
    "EnrolmentCodeRow",
    "EntryRow",
    "FinalRow",
    "FinalVersionRow",
    "FinalistRow",
    "HostClassRow",
    "HostRow",
    "InvitationRow",
    "LineageMarkRow",
    "LineageRow",
    "MembershipRow",
    "ParticipantRow",
    "QuotaRow",
    "RankingVersionRow",
    "RecordRow",
    "RulesRow",
    "RunRow",
    "SeasonRow",
    "SessionRow",
    "SubmissionRow",
    "SubmitterRow",
    "TrackRow",
]
