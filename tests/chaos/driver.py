"""Plays submissions under faults drawn by a seed, then the same undisturbed, and says what was lost, doubled, left or told otherwise."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy.orm import Session

from minjoule.bundle import Bundle
from sandbox import cgroups
from sandbox.lifetime import LABEL_FILE
from server.db.rows import AttemptRow, BoardRow, EntryRow, RunRow, SubmissionRow
from server.domain.run import Purpose
from server.queue import CeleryHints
from tests.chaos import faults
from tests.chaos.engine import OwnEngine, own_engine
from tests.chaos.entries import entries
from tests.chaos.faults import Fault
from tests.chaos.platform import HOST_CLASS, Suffering, leftovers, scratch, suffering

PATIENCE_S = 150.0
CLEARED_S = 40.0
OPEN_AT_ONCE = 12
HOSTS = ("host-a", "host-b", "host-c")
Shown = dict[str, tuple[str, str | None, float | None]]


@dataclass(frozen=True)
class Dose:
    """Seconds between two faults, on average, and how many at most."""

    every_s: float
    most: int = 10_000


DOSES = {"local": Dose(2.5), "docker": Dose(6.0)}
"""A box of the engine takes longer, and an attempt that never comes to its end shows nothing."""


@dataclass
class Verdict:
    """What came of it. ``board`` is each digest with status, outcome and loss; ``order`` rank, log joules and kind."""

    submissions: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    board: Shown = field(default_factory=dict)
    order: list[tuple[int, float, str]] = field(default_factory=list)
    seeds: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def said(self) -> str:
        """One paragraph."""
        return (
            f"{self.submissions} submissions in {self.seconds:.0f} s, {self.faults.total()} faults; attempts {dict(self.attempts)}; "
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, left {len(self.left)}, void {len(self.void)}"
        )


def play(
    seed: int, count: int, *, box: str = "local", kind: str = "sqlite", hosts: tuple[str, ...] = HOSTS, dose: Dose | None = None
) -> Verdict:
    """Submissions under faults. Whatever is broken at the end is mended before the account is made.

    With Docker boxes there's an engine of their own, which is killed too.
    """
    draw, began, verdict = random.Random(seed), time.monotonic(), Verdict(count)
    more = [(3, faults.kill("postgres"))] if kind == "postgres" else []
    with boxes(box) as engine, suffering(box, kind, hosts, docker_host=engine.url if engine else "") as platform:
        more += [(6, faults.kill_engine(engine))] if engine else []
        platform.start_workers()
        submit_under_faults(platform, entries(seed, count), draw, more, dose or DOSES[box], verdict)
        wait_for_all(platform)
        account(platform, [bundle for _, bundle in entries(seed, count)], verdict)
        wait_until_cleared(platform)
        stop(platform, engine, verdict)
    verdict.seconds = time.monotonic() - began
    return verdict


def replay(seed: int, before: Verdict, *, box: str = "local") -> Verdict:
    """The same entries with the same secret and the same seeds of runs, and nothing disturbs them."""
    began, verdict = time.monotonic(), Verdict(before.submissions)
    with boxes(box) as engine, suffering(box, names=HOSTS, docker_host=engine.url if engine else "") as platform:
        for _, bundle in entries(seed, before.submissions):
            assert platform.put(bundle) is not None
        with platform.database.session() as session:
            for run, digest in rows(session):
                run.seed = before.seeds[digest]
        platform.start_workers()
        wait_for_all(platform)
        account(platform, [bundle for _, bundle in entries(seed, before.submissions)], verdict)
        stop(platform, engine, verdict)
    verdict.seconds = time.monotonic() - began
    return verdict


def submit_under_faults(
    platform: Suffering, made: list[tuple[str, Bundle]], draw: random.Random, more: list[tuple[int, Fault]], dose: Dose, verdict: Verdict
) -> None:
    """A dozen open at a time; a fault now and then until the last is in, and some after."""
    at_once = min(OPEN_AT_ONCE, len(made) // 4)
    waiting, next_fault = list(made), time.monotonic() + dose.every_s
    while waiting or open_runs(platform) > 0:
        platform.launcher.tend()
        while waiting and open_runs(platform) < at_once and platform.put(waiting[0][1]) is not None:
            waiting.pop(0)
        if time.monotonic() > next_fault and verdict.faults.total() < dose.most:
            fault = more[-1][1] if more and not verdict.faults else faults.drawn(draw, more)  # what this platform alone has comes first
            verdict.faults[fault(platform, draw)] += 1
            next_fault = time.monotonic() + draw.uniform(0.5, 1.5) * dose.every_s
            if not waiting:
                break
        time.sleep(0.1)


def open_runs(platform: Suffering) -> int:
    """How many runs aren't final; many while the database is away."""
    try:
        with platform.database.session(read_only=True) as session:
            query = sqlalchemy.select(sqlalchemy.func.count()).select_from(RunRow).where(RunRow.state.in_(["QUEUED", "RUNNING"]))
            return session.scalar(query) or 0
    except sqlalchemy.exc.SQLAlchemyError:
        return OPEN_AT_ONCE


def wait_for_all(platform: Suffering) -> None:
    """Every run final and every board ranked; who isn't then is lost, and the account says so."""
    deadline = time.monotonic() + PATIENCE_S
    last = open_runs(platform)
    while open_runs(platform) > 0 and time.monotonic() < deadline:
        platform.launcher.tend()
        if open_runs(platform) != last:  # patience is with a platform that stands still
            last, deadline = open_runs(platform), time.monotonic() + PATIENCE_S
        time.sleep(0.2)
    ranked = time.monotonic() + 30
    while time.monotonic() < ranked:
        platform.launcher.tend()
        with platform.database.session(read_only=True) as session:
            if not session.scalars(sqlalchemy.select(BoardRow).where(BoardRow.stale)).all():
                return
        time.sleep(0.2)


@contextmanager
def boxes(kind: str) -> Iterator[OwnEngine | None]:
    """What boxes of that kind need: an engine of their own, or nothing."""
    if kind != "docker":
        yield None
        return
    with own_engine() as engine:
        yield engine


def wait_until_cleared(platform: Suffering) -> None:
    """Who was killed last has come back, and has cleared what it left: a hint lets it look. What isn't cleared then is left."""
    deadline, hints = time.monotonic() + CLEARED_S, CeleryHints(platform.stack.redis_url)
    while scratch(platform.stack.folder) and time.monotonic() < deadline:
        platform.launcher.tend()
        hints.run_waits(HOST_CLASS)
        time.sleep(0.5)


def stop(platform: Suffering, engine: OwnEngine | None, verdict: Verdict) -> None:
    """The platform, then a look at what is still there."""
    platform.launcher.stop()
    verdict.left += leftovers(platform.stack.folder)
    if engine is not None:
        labels = [path.read_text() for path in platform.stack.folder.glob(f"*/{LABEL_FILE}")]
        verdict.left += engine.containers() + [group for label in labels for group in cgroups.leftovers(label)]


def rows(session: Session) -> list[tuple[RunRow, str]]:
    """Every listing run with its submission's digest. Checks on a second host depend on what stands first when, so they aren't counted."""
    query = sqlalchemy.select(RunRow, SubmissionRow.digest).join(SubmissionRow, SubmissionRow.id == RunRow.submission_id)
    query = query.where(RunRow.purpose == Purpose.LISTING)
    return [(run, digest) for run, digest in session.execute(query)]


def account(platform: Suffering, bundles: list[Bundle], verdict: Verdict) -> None:
    """One terminal state, one result or one visible reason, for each that was sent."""
    with platform.database.session(read_only=True) as session:
        attempts: dict[str, list[AttemptRow]] = {}
        for attempt in session.scalars(sqlalchemy.select(AttemptRow)):
            attempts.setdefault(attempt.run_id, []).append(attempt)
            verdict.attempts[attempt.fault_cause or attempt.state] += 1
        found: dict[str, list[RunRow]] = {}
        for run, digest in rows(session):
            found.setdefault(digest, []).append(run)
            verdict.seeds[digest] = run.seed
        for bundle in bundles:
            judge_one(bundle.digest, found.get(bundle.digest, []), attempts, verdict)
        verdict.lost += [f"{digest[:8]} was never sent" for digest in found.keys() - {bundle.digest for bundle in bundles}]
        note_board(session, verdict)


def judge_one(digest: str, runs: list[RunRow], attempts: dict[str, list[AttemptRow]], verdict: Verdict) -> None:
    """What became of one submission."""
    if len(runs) != 1:
        (verdict.lost if not runs else verdict.doubled).append(f"{digest[:8]}: {len(runs)} runs")
        return
    run = runs[0]
    tries = attempts.get(run.id, [])
    reported = sum(each.state == "REPORTED" for each in tries)
    if any(each.state == "FAULTED" and not each.fault_detail for each in tries):
        verdict.lost.append(f"{run.id}: an attempt failed without a reason")
    if run.state == "VOID":
        verdict.void.append(f"{run.id}: {run.message}")
    if reported > 1 or (run.state == "VOID" and reported):
        verdict.doubled.append(f"{run.id}: {run.state}, {reported} reports")
    elif run.state not in ("DONE", "VOID") or (run.state == "DONE" and reported != 1) or (run.state == "VOID" and not run.message):
        verdict.lost.append(f"{run.id}: {run.state}, {[(each.state, each.fault_cause) for each in tries]}, {run.message}")


def note_board(session: Session, verdict: Verdict) -> None:
    """The board as its rows say."""
    query: Any = sqlalchemy.select(EntryRow, SubmissionRow, RunRow).join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
    query = query.join(RunRow, RunRow.entry_id == EntryRow.id).where(RunRow.purpose == Purpose.LISTING)
    for entry, submission, run in session.execute(query):
        status = "QUALIFIED" if entry.status == "DISPUTED" else entry.status  # a dispute is about joules, and these are noisy
        verdict.board[submission.digest] = (status, run.outcome, entry.mean_loss)
        if entry.rank is not None and entry.mean_log_j is not None:
            verdict.order.append((entry.rank, entry.mean_log_j, submission.description))
    verdict.order.sort()


def differences(played: Verdict, replayed: Verdict) -> list[str]:
    """Where the boards say something else. Modelled joules are noisy, so places are compared by what burns ten times the rest."""
    void = {digest for digest, (status, outcome, _) in played.board.items() if outcome is None and status == "PROVISIONAL"}
    told = [
        f"{digest[:8]}: {played.board.get(digest)} under faults, {replayed.board.get(digest)} undisturbed"
        for digest in (played.board.keys() | replayed.board.keys()) - void
        if played.board.get(digest) != replayed.board.get(digest)
    ]
    for name, board in (("under faults", played), ("undisturbed", replayed)):
        places = [rank for rank, _, _ in board.order]
        if any(not 1 <= rank <= number for number, rank in enumerate(places, 1)):  # one more than the number of surely better entries
            told.append(f"{name}: places {places[:20]}")
        light, heavy = ([log_j for _, log_j, kind in board.order if kind == wanted] for wanted in ("light", "heavy"))
        if light and heavy and max(light) > min(heavy):
            told.append(f"{name}: a heavy entry costs less than a light one")
    return told
