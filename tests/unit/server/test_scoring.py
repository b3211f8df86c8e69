"""From runs to an entry: what qualifies, and what doesn't."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.outcome import Outcome
from server.domain.scoring import Bar, Score, Status, assess, loss_of

BAR = Bar(0.3, 0.01)


def run(loss: float | None = 0.1, energy_uj: int = 2_000_000) -> Score:
    return Score(Outcome.FINISHED if loss is not None else Outcome.TIME_LIMIT, loss, energy_uj, energy_uj - 1, 1)


def status_of(*losses: float | None) -> Status:
    return assess([run(loss) for loss in losses], len(losses), BAR).status


def test_no_runs_are_provisional_without_figures() -> None:
    figures = assess([], 3, BAR)
    assert (figures.status, figures.mean_log_j, figures.loss) == (Status.PROVISIONAL, None, None)


def test_joules_are_averaged_on_the_logarithm() -> None:
    figures = assess([run(energy_uj=1_000_000), run(energy_uj=4_000_000)], 2, BAR)
    assert figures.mean_log_j == pytest.approx(math.log(2))
    assert figures.sd_log_j == pytest.approx(math.log(4) / math.sqrt(2))
    assert figures.status is Status.QUALIFIED


def test_the_scatter_of_one_run_is_unknown() -> None:
    assert assess([run()], 1, BAR).sd_log_j is None


def test_a_mean_must_be_surely_below_the_target() -> None:
    error = 0.01 / math.sqrt(3)
    assert status_of(*[0.3 - 2.40 * error] * 3) is Status.QUALIFIED
    assert status_of(*[0.3 - 2.25 * error] * 3) is Status.ABOVE_TARGET
    assert status_of(0.3, 0.3, 0.3) is Status.ABOVE_TARGET


def test_one_run_above_three_sigma_is_a_miss_however_good_the_others_are() -> None:
    assert status_of(*[0.01] * 9, 0.329) is Status.QUALIFIED
    assert status_of(*[0.01] * 9, 0.331) is Status.ABOVE_TARGET


def test_a_gambling_entry_is_caught_by_three_sigma_though_its_mean_is_below_the_target() -> None:
    gamble = [0.05, 0.05, 0.60]  # one run in three misses; its own scatter would have let it through
    assert math.fsum(gamble) / 3 < BAR.target_loss
    assert BAR.target_loss + 3 * float(np.std(gamble, ddof=1)) > 0.60
    assert status_of(*gamble) is Status.ABOVE_TARGET


def test_an_entry_that_scatters_more_than_the_rules_say_is_tested_by_its_own_scatter() -> None:
    narrow, wide = loss_of([0.26, 0.26, 0.26], BAR), loss_of([0.20, 0.26, 0.32], BAR)
    assert (narrow.sigma, wide.sigma) == (0.01, pytest.approx(0.06))
    assert narrow.p < 0.01 < wide.p
    assert wide.high - wide.low > narrow.high - narrow.low


def test_a_missed_run_is_a_miss() -> None:
    figures = assess([run(0.1), run(None)], 2, BAR)
    assert (figures.status, figures.loss, figures.runs_done) == (Status.ABOVE_TARGET, None, 2)


def test_a_miss_without_a_bill_counts_as_a_miss_and_in_no_mean_of_joules() -> None:
    unbilled = Score(Outcome.TIME_LIMIT, None, None, 0, 0)
    figures = assess([run(0.1), unbilled], 2, BAR)
    assert (figures.status, figures.runs_done, figures.sd_log_j) == (Status.ABOVE_TARGET, 2, None)
    assert figures.mean_log_j == pytest.approx(math.log(2))
    assert assess([unbilled], 1, BAR).mean_log_j is None


def test_an_impossible_score_is_refused() -> None:
    with pytest.raises(ValueError, match="no bill"):
        assess([Score(Outcome.FINISHED, 0.1, None, 0, 0)], 1, BAR)
    with pytest.raises(ValueError, match="isn't finite"):
        assess([run(math.nan)], 1, BAR)
    with pytest.raises(ValueError, match="isn't a bill"):
        assess([run(0.1, 0)], 1, BAR)


@given(losses=st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_a_better_loss_never_hurts_and_the_interval_holds_the_mean(losses: list[float]) -> None:
    found = loss_of(losses, BAR)
    assert found.low <= found.mean <= found.high
    if assess([run(loss) for loss in losses], len(losses), BAR).status is Status.QUALIFIED:
        assert found.mean < BAR.target_loss
        assert max(losses) <= BAR.run_limit


def test_an_entry_surely_below_the_target_nearly_always_qualifies() -> None:
    drawn = np.random.default_rng(4).normal(BAR.target_loss - 5 * BAR.sigma, BAR.sigma, (3000, 3))
    assert sum(status_of(*losses) is Status.QUALIFIED for losses in drawn.tolist()) / len(drawn) > 0.999


@pytest.mark.parametrize(("scatter", "at_most"), [(0.01, 0.015), (0.03, 0.08)])  # three runs may look calmer than they are
def test_an_entry_truly_at_the_target_seldom_qualifies(scatter: float, at_most: float) -> None:
    drawn = np.random.default_rng(3).normal(BAR.target_loss, scatter, (3000, 3))
    passed = sum(status_of(*losses) is Status.QUALIFIED for losses in drawn.tolist())
    assert passed / len(drawn) < at_most
