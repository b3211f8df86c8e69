"""Standings: a run is absorbed into its entry, entries are ranked, and the board is read."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from minjoule.outcome import Outcome
from server.boards import beside, repository, versions
from server.boards.beside import MeterColumn
from server.boards.sieve import ALL, Sieve
from server.boards.standing import Standing, standings_of
from server.boards.versions import VersionName
from server.db.rows import BoardRow, EntryRow, RunRow
from server.domain.ranking import Contender, rank
from server.domain.scoring import Bar, Score, Status, assess
from server.tracks.service import BoardView, find_board, find_track

PAGE_ROWS = 50
PLOT_POINTS, PLOT_FRONT = 200, 40
FROZEN = {Status.DISPUTED, Status.DISQUALIFIED, Status.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class BoardPage:
    """One page of a board: ranked entries first, then those without a rank. ``meters`` are the columns beside the bill.

    ``version`` names the ranking as it was last stored; ``changing``: something changed since, and is about to be ranked.
    """

    track: str
    title: str
    unit: str
    target_loss: float
    runs: int
    host_class: str
    boundary: str
    modelled: bool
    unsandboxed: bool
    ranked_at: dt.datetime | None
    version: VersionName | None
    changing: bool
    ranked: int
    unranked: int
    offset: int
    limit: int
    meters: list[MeterColumn]
    entries: list[Standing]


def read_board(session: Session, slug: str, host_class: str, limit: int = PAGE_ROWS, offset: int = 0, sieve: Sieve = ALL) -> BoardPage:
    """A page of a board, through the sieve. Raises NotFound."""
    board, rules = find_board(session, slug, host_class), find_track(session, slug)
    ranked, unranked = repository.ranked_count(session, board.id, sieve), repository.unranked_count(session, board.id, sieve)
    entries = page_rows(session, board, ranked, limit, offset, sieve)
    return BoardPage(
        track=slug,
        title=rules.title,
        unit=rules.unit,
        target_loss=rules.target_loss,
        runs=rules.runs,
        host_class=board.host_class,
        boundary=board.boundary,
        modelled=board.modelled,
        unsandboxed=board.unsandboxed,
        ranked_at=board.ranked_at,
        version=versions.latest(session, board.id),
        changing=board.stale,
        ranked=ranked,
        unranked=unranked,
        offset=offset,
        limit=limit,
        meters=beside.columns(each.meters for each in entries),
        entries=entries,
    )


def page_rows(session: Session, board: BoardView, ranked: int, limit: int, offset: int, sieve: Sieve) -> list[Standing]:
    """Ranked rows from ``offset``, filled up with unranked ones; within a budget, by loss."""
    if sieve.budget_j is not None:
        return standings_of(session, board, repository.within_budget(session, board.id, sieve, limit, offset))
    rows = repository.standings(session, board.id, ranked=True, limit=limit, offset=offset, sieve=sieve) if offset < ranked else []
    if len(rows) < limit:
        room, start = limit - len(rows), max(0, offset - ranked)
        rows += repository.standings(session, board.id, ranked=False, limit=room, offset=start, sieve=sieve)
    return standings_of(session, board, rows)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What the plot shows: (log joules, loss, status) of the front and of a bounded choice of the ``total`` entries."""

    total: int
    front: list[tuple[float, float, str]]
    points: list[tuple[float, float, str]]


def read_cloud(session: Session, board: BoardView) -> Cloud:
    """Every entry with figures, or from so many on the first and a thinned sample."""
    total = repository.figures_count(session, board.id)
    every = max(1, math.ceil(total / PLOT_POINTS))
    return Cloud(total, repository.front(session, board.id, PLOT_FRONT), repository.thinned(session, board.id, PLOT_FRONT, every))


def open_entry(session: Session, board: BoardView, submission_id: int, wanted: int, now: dt.datetime) -> EntryRow:
    """A new entry on a board."""
    entry = EntryRow(board_id=board.id, submission_id=submission_id, status=Status.PROVISIONAL, runs_wanted=wanted, created_at=now)
    session.add(entry)
    repository.make_stale(session, board.id)
    session.flush()
    return entry


def ask_for_ranking(session: Session, board_id: int) -> None:
    """Something on the board has changed."""
    repository.make_stale(session, board_id)


def absorb_run(session: Session, entry_id: int) -> None:
    """Compute an entry anew from the runs that count for it, and ask for a new ranking."""
    board = session.get_one(BoardRow, session.get_one(EntryRow, entry_id).board_id)
    repository.make_stale(session, board.id)
    # Two runs of an entry may end at once: the second waits here, and then counts the first. Board before entry, as the ranking does.
    entry = session.get_one(EntryRow, entry_id, with_for_update=True, populate_existing=True)
    figures = assess(scores_of(session, entry_id), entry.runs_wanted, bar_of(session, board.track_slug))
    if entry.status not in FROZEN:
        entry.status = figures.status
    entry.runs_done, entry.mean_log_j, entry.sd_log_j = figures.runs_done, figures.mean_log_j, figures.sd_log_j
    entry.train_uj, entry.score_uj = figures.train_uj, figures.score_uj
    loss = figures.loss
    entry.mean_loss, entry.sigma = (loss.mean, loss.sigma) if loss else (None, None)
    entry.loss_low, entry.loss_high = (loss.low, loss.high) if loss else (None, None)


def scores_of(session: Session, entry_id: int) -> list[Score]:
    """The runs that make an entry's figures."""
    return [as_score(run) for run in repository.counting_runs(session, entry_id)]


def bar_of(session: Session, slug: str) -> Bar:
    """What a track's entries must clear."""
    rules = find_track(session, slug)
    return Bar(rules.target_loss, rules.sigma)


def as_score(run: RunRow) -> Score:
    """A done run as a value. The row's checks guarantee its outcome."""
    if run.outcome is None:
        raise ValueError(f"run {run.id} is {run.state} without an outcome")
    return Score(Outcome(run.outcome), run.loss, run.energy_uj, run.train_uj or 0, run.score_uj or 0)


def stale_boards(session: Session) -> list[int]:
    """The ids of boards that want ranking."""
    return repository.stale_boards(session)


def hold(session: Session, board_ids: Iterable[int]) -> None:
    """Whoever will change several boards takes them beforehand, in the order that everybody keeps."""
    repository.hold(session, board_ids)


def rank_stale_boards(session: Session, now: dt.datetime, only: int | None = None) -> list[int]:
    """Rank every stale board (or that one, if it is), and keep what came of it as a version; returns their ids."""
    boards = repository.take_stale(session, now, only)
    for board in boards:
        before = repository.present_ranks(session, board.id)
        after = rank(contenders(session, board.id))
        gone: dict[int, int | None] = dict.fromkeys(before.keys() - after.keys())
        moved = {entry_id: place for entry_id, place in after.items() if before.get(entry_id) != place}
        repository.store_ranks(session, {**gone, **moved})
        versions.keep(session, board.id, now)
    return [board.id for board in boards]


def contenders(session: Session, board_id: int) -> list[Contender]:
    """A board's qualified entries, as the ranking and the duels read them."""
    return repository.contenders(session, board_id)


def leaders(session: Session, board_id: int, most: int) -> list[Contender]:
    """The first of them, in the order of display."""
    return repository.contenders(session, board_id, most)


def rule(session: Session, entry_id: int, status: Status, reason: str, now: dt.datetime) -> None:
    """Take an entry out of the ranking with a public reason: DISPUTED, DISQUALIFIED or WITHDRAWN."""
    entry = session.get_one(EntryRow, entry_id)
    entry.status, entry.status_reason, entry.rank = status, reason, None
    entry.withdrawn_at = now if status is Status.WITHDRAWN else entry.withdrawn_at
    repository.make_stale(session, entry.board_id)


def restore(session: Session, entry_id: int) -> None:
    """Back to what its runs make of it. What disputed it was looked at, and disputes it no more."""
    entry = session.get_one(EntryRow, entry_id)
    entry.status, entry.status_reason, entry.withdrawn_at, entry.flag_reason = Status.PROVISIONAL, None, None, None
    repository.supersede_checks(session, entry_id)
    session.flush()
    absorb_run(session, entry_id)
