"""Duels as pure functions."""

import math

import numpy as np
import pytest

from minjoule.outcome import Outcome
from server.domain import duels
from server.domain.scoring import Bar, Score
from server.domain.welch import Arm

BAR = Bar(0.3, 0.01)


def runs(mean_j: float, count: int, loss: float = 0.1, wobble: float = 0.01) -> list[Score]:
    bills = [round(1e6 * mean_j * (1 + wobble * (number % 3 - 1))) for number in range(count)]
    return [Score(Outcome.FINISHED, loss, bill, bill - 1, 1) for bill in bills]


def test_a_lineage_never_spends_more_than_the_seasons_alpha() -> None:
    spent = math.fsum(float(duels.alpha_of(before)) for before in range(60))
    assert spent <= duels.SEASON_ALPHA <= 0.01


def test_runs_are_fixed_from_the_scatter_and_a_class_too_noisy_grants_none() -> None:
    each = [int(duels.runs_each(cv, duels.alpha_of(0))) for cv in (0.001, 0.01, 0.04, 0.2)]
    assert each[0] == each[1] == duels.LEAST_RUNS < each[2] <= duels.MOST_RUNS
    assert each[3] == 0
    assert duels.runs_each(0.04, duels.alpha_of(9)) == 0  # the tenth duel would want more runs than there are


def test_the_classes_scatter_is_pooled_and_needs_four_degrees_of_freedom() -> None:
    assert duels.class_cv([(0.1, 3), (0.3, 3)]) == pytest.approx(math.sqrt(0.05))
    assert duels.class_cv([(0.1, 3)]) is None
    assert duels.class_cv([(0.1, 1)] * 9) is None


def test_a_challenger_that_is_surely_better_by_fresh_runs_wins() -> None:
    verdict = duels.decide(runs(0.95, 9), runs(1.0, 9), 0.005, BAR)
    assert verdict.won
    assert verdict.ratio == pytest.approx(0.95, abs=1e-3)
    assert verdict.p is not None
    assert verdict.p < 0.005


@pytest.mark.parametrize("mean_j", [0.995, 1.0, 1.2])
def test_less_than_one_percent_better_or_worse_loses(mean_j: float) -> None:
    assert not duels.decide(runs(mean_j, 9, wobble=0.001), runs(1.0, 9, wobble=0.001), 0.005, BAR).won


def test_a_challenger_whose_fresh_runs_miss_the_target_loses_whatever_its_joules() -> None:
    verdict = duels.decide(runs(0.5, 9, loss=0.31), runs(1.0, 9), 0.005, BAR)
    assert not verdict.won
    assert "miss the target" in verdict.reason


def test_misses_without_a_bill_lose_a_duel_and_never_break_it() -> None:
    unbilled = [Score(Outcome.TIME_LIMIT, None, None, 0, 0)] * 9
    assert not duels.decide(unbilled, runs(1.0, 9), 0.005, BAR).won
    assert duels.decide(runs(1.0, 9), unbilled, 0.005, BAR).won


def test_a_first_record_wants_fresh_runs_that_qualify_and_no_more() -> None:
    assert duels.decide(runs(1.0, 5), [], 0.005, BAR).won
    assert not duels.decide(runs(1.0, 5, loss=0.4), [], 0.005, BAR).won


def test_a_duel_of_one_run_is_a_bug() -> None:
    with pytest.raises(ValueError, match="can't be decided"):
        duels.decide(runs(1.0, 1), [], 0.005, BAR)


def test_clones_win_no_more_often_than_alpha() -> None:
    random, count = np.random.default_rng(5), 20_000
    arms = [
        Arm(random.normal(0, 0.04 / math.sqrt(20), count), 0.04 * np.sqrt(random.chisquare(19, count) / 19), np.full(count, 20))
        for _ in "ab"
    ]
    assert duels.wins(arms[0], arms[1], 0.01).mean() <= 0.012
