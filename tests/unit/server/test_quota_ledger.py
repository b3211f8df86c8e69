"""The quota's ledger: whatever happens to runs, in whatever order and however often it's told, the balance is what is due."""

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.domain.quota import (
    DAY,
    Account,
    Kind,
    Line,
    Used,
    billed,
    next_allowed,
    ordered,
    refunded,
    refusal,
    up_to_second,
    used,
)

NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@dataclass
class Told:
    """A run as a bookkeeper of its own remembers it: the first end counts, a bill may be taken back afterwards."""

    lines: list[Line] = field(default_factory=list)
    bill: tuple[int, dt.datetime] | None = None
    back: bool = False

    def due(self, at: dt.datetime) -> Used:
        """What should count at an instant."""
        if self.back or not self.lines:
            return Used(0, 0)
        counts = self.lines[0].at + DAY > at
        return Used(int(counts), self.bill[0] if self.bill and self.bill[1] + DAY > at else 0)


class Ledger(RuleBasedStateMachine):
    """Runs are ordered, billed and voided at any time, and everything is told again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.runs: list[Told] = []

    def one(self, number: int) -> Told | None:
        return self.runs[number % len(self.runs)] if self.runs else None

    @rule(minutes=st.integers(0, 2000))
    def time_goes_by(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule(paid=st.booleans())
    def order(self, paid: bool) -> None:
        self.runs.append(Told([ordered(self.now)] if paid else []))

    @rule(number=st.integers(0, 99), energy_uj=st.integers(0, 10**12), times=st.integers(1, 3))
    def bill(self, number: int, energy_uj: int, times: int) -> None:
        run = self.one(number)
        for _ in range(times if run else 0):
            assert run is not None
            run.lines += billed(run.lines, energy_uj, self.now)
        if run and run.lines and not run.back and run.bill is None:
            run.bill = (energy_uj, self.now)

    @rule(number=st.integers(0, 99), times=st.integers(1, 3))
    def void(self, number: int, times: int) -> None:
        run = self.one(number)
        for _ in range(times if run else 0):
            assert run is not None
            run.lines += refunded(run.lines)
        if run:
            run.back = True

    @invariant()
    def balance_is_what_is_due(self) -> None:
        for later in (dt.timedelta(0), 5 * HOUR, DAY, 2 * DAY):
            at = self.now + later
            due = [run.due(at) for run in self.runs]
            had = used([line for run in self.runs for line in run.lines], at)
            assert had == Used(sum(each.runs for each in due), sum(each.energy_uj for each in due))

    @invariant()
    def no_kind_is_doubled(self) -> None:
        for run in self.runs:
            kinds = [line.kind for line in run.lines]
            assert len(kinds) == len(set(kinds))


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=25, stateful_step_count=30)


def test_a_run_that_nobody_pays_for_is_neither_billed_nor_refunded() -> None:
    assert billed([], 5, NOON) == refunded([]) == []


def test_what_was_taken_back_leaves_the_day_with_what_it_takes_back() -> None:
    lines = [ordered(NOON)]
    lines += billed(lines, 7, NOON + HOUR)
    lines += refunded(lines)
    assert {line.kind: (line.runs, line.energy_uj, line.at) for line in lines} == {
        Kind.DEBIT: (1, 0, NOON),
        Kind.BILL: (0, 7, NOON + HOUR),
        Kind.REFUND: (-1, 0, NOON),
        Kind.UNBILL: (0, -7, NOON + HOUR),
    }
    assert all(used(lines, NOON + each * HOUR) == Used(0, 0) for each in range(50))


def account(lines: list[Line], runs: int = 10, energy_uj: int | None = 100) -> Account:
    return Account("you have", lines, runs, energy_uj)


def test_a_line_counts_for_a_day_and_not_an_instant_longer() -> None:
    lines = [ordered(NOON)]
    assert used(lines, NOON + DAY - dt.timedelta(microseconds=1)).runs == 1
    assert used(lines, NOON + DAY).runs == 0


def bill(energy_uj: int, at: dt.datetime) -> Line:
    return Line(Kind.BILL, 0, energy_uj, at)


CASES = {
    "nothing used": ([], 10, NOON),
    "just fits": ([ordered(NOON - HOUR)] * 7, 3, NOON),
    "the oldest must leave": ([ordered(NOON - 3 * HOUR), *[ordered(NOON - HOUR)] * 7], 3, NOON + 21 * HOUR),
    "more must leave": ([ordered(NOON - 3 * HOUR), *[ordered(NOON - HOUR)] * 7], 4, NOON + 23 * HOUR),
    "more than there is": ([], 11, None),
    "joules are spent": ([bill(60, NOON - 2 * HOUR), bill(40, NOON - HOUR)], 1, NOON + 22 * HOUR),
    "joules are overdrawn": ([bill(60, NOON - 2 * HOUR), bill(140, NOON - HOUR)], 1, NOON + 23 * HOUR),
    "joules are nearly spent": ([bill(99, NOON - HOUR)], 10, NOON),
}


@pytest.mark.parametrize(("lines", "wanted", "at"), CASES.values(), ids=CASES.keys())
def test_next_allowed_time(lines: list[Line], wanted: int, at: dt.datetime | None) -> None:
    assert next_allowed(account(lines), wanted, NOON) == at


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(["debit", "refund", "bill"]), st.integers(0, 60)), max_size=30),
    st.integers(1, 12),
)
def test_at_the_next_allowed_time_it_fits_and_before_it_does_not(events: list[tuple[int, str, int]], wanted: int) -> None:
    lines: list[Line] = []
    for minutes, what, energy_uj in events:
        of_run = [ordered(NOON - dt.timedelta(minutes=minutes))]
        of_run += billed(of_run, energy_uj, of_run[0].at + HOUR) if what == "bill" else []
        lines += of_run + (refunded(of_run) if what == "refund" else [])
    at = next_allowed(account(lines), wanted, NOON)
    if at is None:
        assert wanted > 10
        return
    assert refusal([account(lines)], wanted, at) is None
    ends = [line.at + DAY for line in lines if NOON < line.at + DAY < at]
    assert all(refusal([account(lines)], wanted, early) is not None for early in ([NOON, *ends] if at > NOON else []))


def test_the_refusal_names_the_account_that_allows_it_last() -> None:
    own = account([ordered(NOON - 3 * HOUR)] * 10)
    team = Account("team X has", [ordered(NOON - HOUR)] * 10, 10, 100)
    said = refusal([own, team], 1, NOON)
    assert said is not None
    assert (said.whose, said.what, said.used, said.limit, said.next_at) == ("team X has", "runs", 10, 10, NOON + 23 * HOUR)
    never = refusal([own, team, Account("kin", [], 0)], 1, NOON)
    assert never is not None
    assert (never.whose, never.next_at) == ("kin", None)
    assert refusal([account([])], 10, NOON) is None


def test_joules_are_named_where_they_are_what_is_spent() -> None:
    said = refusal([account([bill(150, NOON - HOUR)])], 1, NOON)
    assert said is not None
    assert (said.what, said.used, said.limit, said.next_at) == ("joules", 150, 100, NOON + 23 * HOUR)


def test_a_shown_instant_is_never_too_early() -> None:
    assert up_to_second(NOON) == NOON
    assert up_to_second(NOON + dt.timedelta(microseconds=1)) == NOON + dt.timedelta(seconds=1)
