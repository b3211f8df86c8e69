"""Ranking and scoring as pure functions."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.outcome import Outcome
from server.domain.ranking import Contender, rank
from server.domain.scoring import Score, Status, assess

EARLY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MEANS = st.lists(st.floats(-20, 20), max_size=30)


def contenders(means: list[float]) -> list[Contender]:
    return [Contender(number, mean, EARLY + dt.timedelta(days=number)) for number, mean in enumerate(means)]


@given(means=MEANS)
def test_a_rank_is_one_more_than_the_number_of_better_entries(means: list[float]) -> None:
    ranks = rank(contenders(means))
    assert ranks == {number: 1 + sum(other < mean for other in means) for number, mean in enumerate(means)}


@given(means=MEANS, random=st.randoms())
def test_the_order_of_arrival_in_the_list_changes_nothing(means: list[float], random: object) -> None:
    shuffled = contenders(means)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(shuffled) == rank(contenders(means))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_ranks(bad: float) -> None:
    with pytest.raises(ValueError, match="may not be ranked"):
        rank(contenders([1.0, bad]))


def run(loss: float | None = 0.1, energy_uj: int = 2_000_000) -> Score:
    return Score(Outcome.FINISHED if loss is not None else Outcome.TIME_LIMIT, loss, energy_uj, energy_uj - 1, 1)


def test_no_runs_are_provisional_without_figures() -> None:
    assert assess([], 3, 0.3).mean_log_j is None


def test_joules_are_averaged_on_the_logarithm() -> None:
    figures = assess([run(energy_uj=1_000_000), run(energy_uj=4_000_000)], 2, 0.3)
    assert figures.mean_log_j == pytest.approx(math.log(2))
    assert figures.status is Status.QUALIFIED


def test_a_mean_loss_at_the_target_qualifies_and_above_it_does_not() -> None:
    assert assess([run(0.3), run(0.3)], 2, 0.3).status is Status.QUALIFIED
    assert assess([run(0.3), run(0.31)], 2, 0.3).status is Status.ABOVE_TARGET


def test_a_missed_run_is_a_miss() -> None:
    figures = assess([run(0.1), run(None)], 2, 0.3)
    assert (figures.status, figures.mean_loss, figures.runs_done) == (Status.ABOVE_TARGET, None, 2)


def test_an_impossible_score_is_refused() -> None:
    with pytest.raises(ValueError, match="isn't finite"):
        assess([run(math.nan)], 1, 0.3)
    with pytest.raises(ValueError, match="isn't a bill"):
        assess([run(0.1, 0)], 1, 0.3)
