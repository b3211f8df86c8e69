"""The quota as participants meet it: an order is counted or refused, and what became of a run settles its account."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.db.rows import RunRow
from server.domain import quota
from server.domain.errors import QuotaExceeded
from server.domain.quota import Account, Limits, Line, Refusal
from server.domain.run import RunState
from server.participants import teams
from server.runs import ledger, repository
from server.runs.ledger import Payer
from server.templating import joules

__all__ = ["Accounts", "Payer", "QuotaView", "TeamQuota", "accounts_of", "charge", "check", "move"]


@dataclass(frozen=True, slots=True)
class QuotaView:
    """What was used within 24 hours, and the limits. ``next_allowed_at``: when one more run is allowed again; None: now."""

    runs_used: int
    runs_limit: int
    joules_used: float
    joules_limit: float
    next_allowed_at: dt.datetime | None

    @property
    def runs_left(self) -> int:
        """None, while a limit is reached."""
        return 0 if self.next_allowed_at else max(0, self.runs_limit - self.runs_used)


@dataclass(frozen=True, slots=True)
class TeamQuota:
    """A team with its quota."""

    id: int
    name: str
    quota: QuotaView


@dataclass(frozen=True, slots=True)
class Accounts:
    """What somebody's runs count against: their own quota, alone and in teams together, and that of the team they're in."""

    own: QuotaView
    team: TeamQuota | None


def accounts_of(session: Session, person_id: int, limits: Limits, now: dt.datetime) -> Accounts:
    """Somebody's."""
    team = teams.team_of(session, person_id)
    shared = TeamQuota(team.id, team.name, standing(ledger.of_team(session, team.id, now), limits, now)) if team else None
    return Accounts(standing(ledger.of_person(session, person_id, now), limits, now), shared)


def standing(lines: list[Line], limits: Limits, now: dt.datetime) -> QuotaView:
    """What lines come to."""
    had = quota.used(lines, now)
    following = quota.next_allowed(Account("", lines, limits.runs, limits.energy_uj), 1, now)
    return QuotaView(had.runs, limits.runs, had.energy_uj / 1e6, limits.energy_uj / 1e6, following if following != now else None)


def check(session: Session, payer: Payer, wanted: int, limits: Limits, lineage_runs: int, now: dt.datetime) -> None:
    """Whether ``wanted`` more runs are within every quota that they count against. Raises QuotaExceeded.

    Holds the payers until the transaction ends, so that of two orders at once the second counts the first.
    """
    ledger.hold(session, {payer.participant_id, payer.team_id} - {None})  # type: ignore[arg-type]
    accounts = [Account("you have", ledger.of_person(session, payer.participant_id, now), limits.runs, limits.energy_uj)]
    if payer.team_id is not None:
        accounts.append(Account("your team has", ledger.of_team(session, payer.team_id, now), limits.runs, limits.energy_uj))
    if payer.lineage_id is not None:
        lines = ledger.of_lineage(session, payer.lineage_id, now)
        accounts.append(Account("near-identical sources have together", lines, lineage_runs))
    if refused := quota.refusal(accounts, wanted, now):
        raise exceeded(refused, wanted, now)


def exceeded(refused: Refusal, wanted: int, now: dt.datetime) -> QuotaExceeded:
    """The quota's sentence: what was used, the limit, and the next allowed time."""
    used, limit, spent = refused.used, refused.limit, f"{refused.used} of {refused.limit}"
    shown: dict[str, Any] = {"what": refused.what, "used": used, "limit": limit}
    if refused.what == "joules":
        shown |= {"used": used / 1e6, "limit": limit / 1e6}
        spent = f"{joules(used / 1e6)} of {joules(limit / 1e6)}"
    said = f"this needs {wanted} runs; {refused.whose} used {spent} within 24 hours"
    if refused.next_at is None:
        return QuotaExceeded(said, "submit on a track with fewer runs", details=shown | {"next_allowed_at": None})
    at = quota.up_to_second(refused.next_at)
    hint = f"submit again after {at:%Y-%m-%d %H:%M:%S} UTC"
    wait_s = max(1, math.ceil((at - now).total_seconds()))
    return QuotaExceeded(said, hint, details=shown | {"next_allowed_at": at.isoformat()}, retry_after_s=wait_s)


def charge(session: Session, payer: Payer, opened: Iterable[RunRow], now: dt.datetime) -> None:
    """Debit the runs just queued."""
    for run in opened:
        ledger.write(session, payer, run.id, [quota.ordered(run.queued_at)], now)
    session.flush()


def move(
    session: Session, run: RunRow, at_epoch: int, to: RunState, now: dt.datetime, *, spent_uj: int | None = None, **values: Any
) -> bool:
    """Move a run on, if it still stands where it stood, and settle its account in the same transaction; False if somebody else moved it.

    DONE is billed; a miss without a bill costs its run and no joules. VOID is refunded, unless ``spent_uj`` is given: its
    participant ended it, and pays what it took until then.
    """
    if not repository.change_state(session, run, at_epoch, to, **values):
        return False
    found = ledger.of_run(session, run.id) if to in (RunState.DONE, RunState.VOID) else None
    if found is not None:
        payer, lines = found
        bill = values.get("energy_uj", 0) if to is RunState.DONE else spent_uj
        ledger.write(session, payer, run.id, quota.refunded(lines) if bill is None else quota.billed(lines, bill, now), now)
    return True
