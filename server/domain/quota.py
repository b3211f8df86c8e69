"""The quota as a ledger: what a run costs whoever ordered it, what comes back, and when the next one is allowed.

Pure functions over lines; knows no clock and no database. Lines are added, never changed: taking something back is a line of its own,
dated like the one that it takes back, so that both leave the day together. Each kind at most once a run, so nothing is doubled, whatever
is told twice or in another order.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

DAY = dt.timedelta(days=1)
"""A line counts from its instant until a day later, that instant excluded."""


class Kind(StrEnum):
    """What a line is. A debit is a run ordered; a bill its joules, once they're known; the others take these back."""

    DEBIT = "debit"
    BILL = "bill"
    REFUND = "refund"
    UNBILL = "unbill"


TAKES_BACK = {Kind.DEBIT: Kind.REFUND, Kind.BILL: Kind.UNBILL}


@dataclass(frozen=True, slots=True)
class Line:
    """One line about one run: ``runs`` and microjoules taken (negative: given back), counted for a day from ``at``."""

    kind: Kind
    runs: int
    energy_uj: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be used within a day: runs, and microjoules."""

    runs: int
    energy_uj: int


@dataclass(frozen=True, slots=True)
class Used:
    """What lines come to: runs, and microjoules."""

    runs: int
    energy_uj: int


@dataclass(frozen=True, slots=True)
class Account:
    """Lines that one pair of limits holds for. ``whose`` begins a sentence: "you have", "team X has". No limit of joules: None."""

    whose: str
    lines: Sequence[Line]
    runs: int
    energy_uj: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order is refused. ``what``: runs, or joules (then ``used`` and ``limit`` are microjoules). ``next_at``: None is never."""

    whose: str
    what: str
    used: int
    limit: int
    next_at: dt.datetime | None


def ordered(at: dt.datetime) -> Line:
    """The debit of a run."""
    return Line(Kind.DEBIT, 1, 0, at)


def billed(lines: Sequence[Line], energy_uj: int, at: dt.datetime) -> list[Line]:
    """What a run's bill adds to its lines: nothing if nobody pays for the run, it's billed already, or it was taken back."""
    kinds = {line.kind for line in lines}
    return [Line(Kind.BILL, 0, energy_uj, at)] if kinds == {Kind.DEBIT} else []


def refunded(lines: Sequence[Line]) -> list[Line]:
    """What takes back all that a run has cost and that isn't taken back yet."""
    kinds = {line.kind for line in lines}
    taken = [line for line in lines if line.kind in TAKES_BACK and TAKES_BACK[line.kind] not in kinds]
    return [Line(TAKES_BACK[line.kind], -line.runs, -line.energy_uj, line.at) for line in taken]


def used(lines: Iterable[Line], now: dt.datetime) -> Used:
    """Within the day before ``now``."""
    counting = [line for line in lines if line.at + DAY > now]
    return Used(sum(line.runs for line in counting), sum(line.energy_uj for line in counting))


def fits(account: Account, had: Used, wanted: int) -> bool:
    """Whether ``wanted`` more runs are allowed after what was had. A bill isn't known beforehand: joules must only not be used up."""
    return had.runs + wanted <= account.runs and (account.energy_uj is None or had.energy_uj < account.energy_uj)


def next_allowed(account: Account, wanted: int, now: dt.datetime) -> dt.datetime | None:
    """The first instant from ``now`` on at which ``wanted`` runs fit, if nothing else is ordered or billed meanwhile; None: never."""
    had = used(account.lines, now)
    if fits(account, had, wanted):
        return now
    counting = sorted((line for line in account.lines if line.at + DAY > now), key=counts_from)
    for at, leaving in groupby(counting, key=counts_from):
        for line in leaving:
            had = Used(had.runs - line.runs, had.energy_uj - line.energy_uj)
        if fits(account, had, wanted):
            return at + DAY
    return None


def counts_from(line: Line) -> dt.datetime:
    """Its instant."""
    return line.at


def refusal(accounts: Iterable[Account], wanted: int, now: dt.datetime) -> Refusal | None:
    """Why ``wanted`` runs are refused now: by the account that allows them last. None if all of them fit."""
    found = [refusal_of(account, wanted, now) for account in accounts if not fits(account, used(account.lines, now), wanted)]
    return max(found, key=lambda each: (each.next_at is None, each.next_at or now), default=None)


def refusal_of(account: Account, wanted: int, now: dt.datetime) -> Refusal:
    """Of one account."""
    had, at = used(account.lines, now), next_allowed(account, wanted, now)
    if had.runs + wanted > account.runs or account.energy_uj is None:
        return Refusal(account.whose, "runs", had.runs, account.runs, at)
    return Refusal(account.whose, "joules", had.energy_uj, account.energy_uj, at)


def up_to_second(instant: dt.datetime) -> dt.datetime:
    """The next whole second: whoever waits until what they read isn't a moment too early."""
    whole = instant.replace(microsecond=0)
    return whole if whole == instant else whole + dt.timedelta(seconds=1)
