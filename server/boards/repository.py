"""Entries as the board shows them, and as the ranking reads them."""

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, undefer

from server.boards.beside import RunFigures
from server.boards.doubt import Bill
from server.boards.sieve import ALL, Sieve
from server.db.rows import BoardRow, EntryRow, ParticipantRow, RankingVersionRow, RunRow, SubmissionRow
from server.domain.participant import name_key
from server.domain.ranking import Contender
from server.domain.run import COUNTING, Purpose, RunState
from server.domain.scoring import Status

COLUMNS = (
    EntryRow.id,
    EntryRow.rank,
    EntryRow.status,
    EntryRow.mean_log_j,
    EntryRow.mean_loss,
    EntryRow.train_uj,
    EntryRow.score_uj,
    EntryRow.runs_done,
    EntryRow.runs_wanted,
    EntryRow.created_at,
    EntryRow.status_reason,
    EntryRow.flag_reason,
    SubmissionRow.digest,
    SubmissionRow.name,
    SubmissionRow.license,
    ParticipantRow.name.label("participant"),
)


JUDGED = (Status.QUALIFIED, Status.ABOVE_TARGET)
Figures = tuple[float, float, str]
"""Log joules, loss, status."""


def asked_for(query: Select[Any], board_id: int, sieve: Sieve) -> Select[Any]:
    """A board's entries through the sieve."""
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id) if sieve != ALL else query
    query = query.where(EntryRow.board_id == board_id)
    if sieve.participant:
        query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
        query = query.where(ParticipantRow.name_key == name_key(sieve.participant))
    if sieve.status:
        query = query.where(EntryRow.status == sieve.status)
    if sieve.licence:
        query = query.where(func.lower(SubmissionRow.license) == sieve.licence.lower())
    if sieve.text:
        query = query.where(SubmissionRow.name.icontains(sieve.text, autoescape=True))
    if sieve.budget_j is not None:
        query = query.where(EntryRow.status.in_(JUDGED), EntryRow.mean_log_j <= math.log(sieve.budget_j), EntryRow.mean_loss.is_not(None))
    return query


def ranked_count(session: Session, board_id: int, sieve: Sieve = ALL) -> int:
    """How many entries have a rank."""
    query = asked_for(select(func.count()).select_from(EntryRow), board_id, sieve).where(EntryRow.rank.is_not(None))
    return session.scalar(query) or 0


def unranked_count(session: Session, board_id: int, sieve: Sieve = ALL) -> int:
    """How many entries have none."""
    query = asked_for(select(func.count()).select_from(EntryRow), board_id, sieve).where(EntryRow.rank.is_(None))
    return session.scalar(query) or 0


def standings(session: Session, board_id: int, *, ranked: bool, limit: int | None = None, offset: int = 0, sieve: Sieve = ALL) -> list[Any]:
    """Ranked entries by rank, or the unranked ones, newest first."""
    query = select(*COLUMNS).where(EntryRow.id.in_(asked_for(select(EntryRow.id), board_id, sieve))) if sieve != ALL else select(*COLUMNS)
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id).where(EntryRow.board_id == board_id)
    if ranked:
        query = query.where(EntryRow.rank.is_not(None)).order_by(EntryRow.rank, EntryRow.created_at, EntryRow.id)
    else:
        query = query.where(EntryRow.rank.is_(None)).order_by(EntryRow.id.desc())
    return list(session.execute(query.limit(limit).offset(offset)))


def counting_figures(
    session: Session, board_id: int, entry_ids: list[int] | None
) -> tuple[dict[int, list[RunFigures]], dict[int, list[Bill]]]:
    """What the runs that count say, by entry, and their bills where they have a U; of these entries, or (None) of the whole board."""
    figures = (RunRow.id, RunRow.index, RunRow.purpose, RunRow.wall_ns, RunRow.meters, RunRow.flag)
    bills = (RunRow.energy_uj, RunRow.expanded_uj, RunRow.on_host_uj)
    query = select(RunRow.entry_id, *figures, *bills).where(RunRow.state == RunState.DONE, RunRow.superseded.is_(False))
    query = query.where(RunRow.purpose.in_(COUNTING)).order_by(RunRow.purpose, RunRow.index)
    if entry_ids is None:
        query = query.join(EntryRow, EntryRow.id == RunRow.entry_id).where(EntryRow.board_id == board_id)
    else:
        query = query.where(RunRow.entry_id.in_(entry_ids))
    runs: dict[int, list[RunFigures]] = {}
    known: dict[int, list[Bill]] = {}
    for entry_id, *said, energy_uj, expanded_uj, on_host_uj in session.execute(query):
        runs.setdefault(entry_id, []).append(RunFigures(*said))
        if on_host_uj is not None and energy_uj:
            known.setdefault(entry_id, []).append(Bill(energy_uj, expanded_uj, on_host_uj))
    return runs, known


def within_budget(session: Session, board_id: int, sieve: Sieve, limit: int, offset: int) -> list[Any]:
    """Entries within the sieve's budget, the least loss first."""
    query = select(*COLUMNS).where(EntryRow.id.in_(asked_for(select(EntryRow.id), board_id, sieve)))
    query = query.join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(ParticipantRow, ParticipantRow.id == SubmissionRow.participant_id)
    return list(session.execute(query.order_by(EntryRow.mean_loss, EntryRow.mean_log_j, EntryRow.id).limit(limit).offset(offset)))


def with_figures(board_id: int) -> Select[Any]:
    """Log joules, loss and status of whatever has figures."""
    figures: tuple[Any, ...] = (EntryRow.mean_log_j, EntryRow.mean_loss, EntryRow.status)
    query = select(*figures).where(EntryRow.board_id == board_id)
    return query.where(EntryRow.mean_log_j.is_not(None), EntryRow.mean_loss.is_not(None))


def figures_count(session: Session, board_id: int) -> int:
    """How many entries have figures."""
    return session.scalar(select(func.count()).select_from(with_figures(board_id).subquery())) or 0


def thinned(session: Session, board_id: int, first: int, every: int) -> list[Figures]:
    """The first by rank, and of the others one in ``every``."""
    top = with_figures(board_id).where(EntryRow.rank.is_not(None)).order_by(EntryRow.rank, EntryRow.id).limit(first)
    rest = with_figures(board_id).where(EntryRow.id % every == 0)
    return list(dict.fromkeys((row[0], row[1], row[2]) for query in (top, rest) for row in session.execute(query)))


def front(session: Session, board_id: int, most: int) -> list[Figures]:
    """Judged entries that no other beats in both joules and loss, the least joules first."""
    best = func.min(EntryRow.mean_loss).over(order_by=(EntryRow.mean_log_j, EntryRow.mean_loss, EntryRow.id), rows=(None, -1))
    inner = with_figures(board_id).where(EntryRow.status.in_(JUDGED)).add_columns(best.label("best")).subquery()
    query = select(inner.c.mean_log_j, inner.c.mean_loss, inner.c.status)
    query = query.where(inner.c.best.is_(None) | (inner.c.mean_loss < inner.c.best)).order_by(inner.c.mean_log_j).limit(most)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def counting_runs(session: Session, entry_id: int) -> list[RunRow]:
    """The entry's runs that are done and make its figures, in order."""
    query = select(RunRow).where(RunRow.entry_id == entry_id, RunRow.state == RunState.DONE, RunRow.superseded.is_(False))
    return list(session.scalars(query.where(RunRow.purpose.in_(COUNTING)).order_by(RunRow.purpose, RunRow.index)))


def contenders(session: Session, board_id: int, first: int | None = None) -> list[Contender]:
    """What the ranking reads; or the ``first`` of it."""
    columns = (EntryRow.id, EntryRow.mean_log_j, EntryRow.sd_log_j, EntryRow.runs_done, EntryRow.created_at)
    query = select(*columns).where(EntryRow.board_id == board_id, EntryRow.status == Status.QUALIFIED, EntryRow.mean_log_j.is_not(None))
    if first is not None:
        query = query.order_by(EntryRow.mean_log_j, EntryRow.created_at, EntryRow.id).limit(first)
    return [Contender(row.id, row.mean_log_j, row.sd_log_j, row.runs_done, row.created_at) for row in session.execute(query)]


def supersede_checks(session: Session, entry_id: int) -> None:
    """Verification and replication runs that organizers have looked at count no more against the entry."""
    query = update(RunRow).where(RunRow.entry_id == entry_id, RunRow.purpose.in_((Purpose.VERIFICATION, Purpose.REPLICATION)))
    session.execute(query.values(superseded=True))
    disputed = update(RunRow).where(RunRow.entry_id == entry_id, RunRow.disputed_by_id.is_not(None))
    session.execute(disputed.where(RunRow.flag.startswith("disputed: ")).values(flag=None))
    session.execute(disputed.values(disputed_by_id=None))


def present_ranks(session: Session, board_id: int) -> dict[int, int]:
    """Entry id to the rank stored now."""
    query = select(EntryRow.id, EntryRow.rank).where(EntryRow.board_id == board_id, EntryRow.rank.is_not(None))
    return {row.id: row.rank for row in session.execute(query)}


def store_ranks(session: Session, changed: dict[int, int | None]) -> None:
    """Write the ranks that changed."""
    if changed:
        session.execute(update(EntryRow), [{"id": entry_id, "rank": rank} for entry_id, rank in changed.items()])


def make_stale(session: Session, board_id: int) -> None:
    """Ask for a new ranking. Always written, so that a ranking under way, which holds the row, can't swallow the wish."""
    session.execute(update(BoardRow).where(BoardRow.id == board_id).values(stale=True))


def take_stale(session: Session, now: dt.datetime, only: int | None = None) -> list[BoardRow]:
    """Boards (or that one) whose standings are out of date, no longer so: whatever comes from here on asks again."""
    wanted = select(BoardRow.id).where(BoardRow.stale) if only is None else select(BoardRow.id).where(BoardRow.stale, BoardRow.id == only)
    taken = session.scalars(wanted.order_by(BoardRow.id).with_for_update()).all()  # in order: whoever wants several waits, and no more
    session.execute(update(BoardRow).where(BoardRow.id.in_(taken)).values(stale=False, ranked_at=now))
    return list(session.scalars(select(BoardRow).where(BoardRow.id.in_(taken)).order_by(BoardRow.id)))


def stale_boards(session: Session) -> list[int]:
    """Those that want ranking."""
    return list(session.scalars(select(BoardRow.id).where(BoardRow.stale).order_by(BoardRow.id)))


def hold(session: Session, board_ids: Iterable[int]) -> None:
    """Until the transaction ends, in order."""
    session.execute(select(BoardRow.id).where(BoardRow.id.in_(list(board_ids))).order_by(BoardRow.id).with_for_update())


def version(session: Session, board_id: int, number: int | None = None) -> RankingVersionRow | None:
    """One of a board's versions with its content; the newest, if no number is asked for."""
    query = select(RankingVersionRow).where(RankingVersionRow.board_id == board_id).options(undefer(RankingVersionRow.content))
    query = query.order_by(RankingVersionRow.number.desc()) if number is None else query.where(RankingVersionRow.number == number)
    return session.scalar(query.limit(1))


def version_rows(session: Session, board_id: int, limit: int, offset: int) -> list[RankingVersionRow]:
    """From the newest down, without their content."""
    query = select(RankingVersionRow).where(RankingVersionRow.board_id == board_id).order_by(RankingVersionRow.number.desc())
    return list(session.scalars(query.limit(limit).offset(offset)))


def statuses(session: Session, board_id: int, digests: list[str]) -> dict[str, tuple[str, str | None]]:
    """Status and its reason of entries as they stand now, by submission."""
    query = select(SubmissionRow.digest, EntryRow.status, EntryRow.status_reason)
    query = query.join(EntryRow, EntryRow.submission_id == SubmissionRow.id)
    rows = session.execute(query.where(EntryRow.board_id == board_id, SubmissionRow.digest.in_(digests)))
    return {row.digest: (row.status, row.status_reason) for row in rows}
