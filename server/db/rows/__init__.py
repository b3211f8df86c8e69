"""Rows, one module a noun. Importing this package registers every table on ``Base.metadata``."""

from server.db.rows.audit import AuditRow
from server.db.rows.hosts import EnrolmentCodeRow, HostClassRow, HostRow
from server.db.rows.participants import ApiTokenRow, ParticipantRow, SessionRow
from server.db.rows.runs import AttemptRow, RunRow
from server.db.rows.submissions import EntryRow, SubmissionRow
from server.db.rows.tracks import BoardRow, TrackRow

__all__ = [
    "ApiTokenRow",
    "AttemptRow",
    "AuditRow",
    "BoardRow",
    "EnrolmentCodeRow",
    "EntryRow",
    "HostClassRow",
    "HostRow",
    "ParticipantRow",
    "RunRow",
    "SessionRow",
    "SubmissionRow",
    "TrackRow",
]
