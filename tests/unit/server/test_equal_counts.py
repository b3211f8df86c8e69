"""Boundaries where equal runs have equal joules: no scatter, no division by zero, ties go to the earliest, and a record is a real one."""

import datetime as dt
import math
import warnings

import pytest

from minjoule.outcome import Outcome
from server.domain import duels
from server.domain.agreement import Bill, disagreement
from server.domain.ranking import Contender, rank, to_separate
from server.domain.scoring import Bar, Score, Status, assess
from server.domain.welch import Arm, p_lower

BAR = Bar(0.3, 0.02)
EARLY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def counted(energy_uj: int, runs: int) -> list[Score]:
    """Every run costs the same; the loss scatters with the draw."""
    return [Score(Outcome.FINISHED, 0.2 + 0.01 * (number % 3), energy_uj, energy_uj - 1, 1) for number in range(runs)]


def board(*bills: int) -> list[Contender]:
    return [Contender(n, math.log(bill / 1e6), 0.0, 3, EARLY + dt.timedelta(days=len(bills) - n)) for n, bill in enumerate(bills)]


@pytest.fixture(autouse=True)
def strict() -> None:
    warnings.simplefilter("error")


def test_an_entry_whose_runs_all_cost_the_same_qualifies_with_scatter_zero() -> None:
    figures = assess(counted(31_632, 3), 3, BAR)
    assert (figures.status, figures.sd_log_j) == (Status.QUALIFIED, 0.0)


def test_one_percent_less_is_surely_better_and_equal_joules_are_a_tie_that_the_earliest_leads() -> None:
    assert list(rank(board(1_000_000, 1_000_000, 989_000)).items()) == [(2, 1), (1, 2), (0, 2)]
    assert set(rank(board(1_000_000, 999_000, 1_000_500)).values()) == {1}


def test_entries_that_no_run_could_separate_get_no_more_runs() -> None:
    assert to_separate(board(1_000_000, 1_000_000, 995_000)) == []
    assert to_separate(board(1_000_000, 980_000)) == []
    noisy = [Contender(n, 0.0, 0.04, 3, EARLY) for n in range(2)]
    assert to_separate(noisy) == [0, 1]


def test_the_welch_test_of_two_constants_is_finite() -> None:
    same = p_lower(Arm(0.0, 0.0, 5), Arm(0.0, 0.0, 5))
    assert float(same) == pytest.approx(0.5)
    assert 0 < float(p_lower(Arm(-0.011, 0.0, 5), Arm(0.0, 0.0, 5))) < 1e-4


def test_a_pooled_scatter_of_zero_asks_for_the_least_number_of_runs_and_a_duel_is_decided() -> None:
    cv = duels.class_cv([(0.0, 3), (0.0, 3)])
    assert cv == 0.0
    each = int(duels.runs_each(cv, duels.alpha_of(0)))
    assert each == duels.LEAST_RUNS
    alpha = float(duels.alpha_of(3))
    holder = counted(1_000_000, each)
    assert duels.decide(counted(985_000, each), holder, alpha, BAR).won
    for bill in (1_000_000, 995_000, 1_010_000):
        assert not duels.decide(counted(bill, each), holder, alpha, BAR).won
    assert duels.decide(holder, [], alpha, BAR).won


def test_two_hosts_that_count_the_same_agree_and_one_that_counts_two_percent_more_does_not() -> None:
    bills = [Bill(31_632, None)] * 3
    assert disagreement(bills, bills) is None
    assert disagreement(bills, [Bill(32_265, None)] * 3) is not None
