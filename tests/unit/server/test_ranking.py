"""The ranking as a pure function: one more than the number of entries that are surely better."""

import datetime as dt
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, ttest_ind_from_stats

from server.domain import ranking
from server.domain.ranking import Contender, few_places, field_of, in_order, many_places, rank, to_separate

EARLY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BOARDS = st.lists(st.tuples(st.floats(-20, 20), st.one_of(st.none(), st.floats(0, 2)), st.integers(1, 30)), max_size=25)


def contenders(rows: list[tuple[float, float | None, int]]) -> list[Contender]:
    return [Contender(number, mean, sd, runs, EARLY + dt.timedelta(days=number)) for number, (mean, sd, runs) in enumerate(rows)]


def typical(board: list[Contender]) -> float:
    """The rule in plain words: each squared deviation by the median of its distribution, and of those the median."""
    pairs = [(each.sd_log_j, each.runs - 1) for each in board if each.sd_log_j is not None and each.runs > 1]
    known = [sd**2 * df / chi2.median(df) for sd, df in pairs]
    return math.sqrt(statistics.median(known)) if known else 0.0


def surely(one: Contender, other: Contender, common: float) -> bool:
    """The rule as scipy's own test says it."""
    arms = []
    for each in (one, other):
        sd, df = ranking.UNKNOWN_SD if each.sd_log_j is None else each.sd_log_j, max(1, each.runs - 1)
        blended = math.sqrt((4 * common**2 + df * sd**2) / (4 + df))
        arms += [each.mean_log_j, max(sd, blended, 0.001), df + 1]
    p = ttest_ind_from_stats(*arms, equal_var=False, alternative="less").pvalue
    return bool(one.mean_log_j <= other.mean_log_j + math.log(0.99) and p < 0.01)


@settings(max_examples=60)
@given(rows=BOARDS)
def test_a_rank_is_one_more_than_the_number_of_surely_better_entries(rows: list[tuple[float, float | None, int]]) -> None:
    board = contenders(rows)
    common = typical(board)
    assert rank(board) == {each.entry_id: 1 + sum(surely(other, each, common) for other in board) for each in board}


@given(rows=BOARDS, random=st.randoms())
def test_the_order_of_arrival_in_the_list_changes_nothing(rows: list[tuple[float, float | None, int]], random: object) -> None:
    shuffled = contenders(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert list(rank(shuffled).items()) == list(rank(contenders(rows)).items())


def test_what_is_not_surely_apart_shares_a_rank_and_the_earliest_shows_first() -> None:
    board = contenders([(1.0, 0.1, 3), (1.0, 0.1, 3), (1.05, 0.1, 3), (9.0, 0.1, 3)])
    assert list(rank(board).items()) == [(0, 1), (1, 1), (2, 1), (3, 4)]


def test_less_than_one_percent_is_never_surely_better() -> None:
    board = contenders([(0.0, 0.001, 30), (0.0099, 0.001, 30), (0.0102, 0.001, 30)])
    assert rank(board) == {0: 1, 1: 1, 2: 2}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_ranks(bad: float) -> None:
    with pytest.raises(ValueError, match="may not be ranked"):
        rank(contenders([(1.0, 0.1, 3), (bad, 0.1, 3)]))
    with pytest.raises(ValueError, match="may not be ranked"):
        rank(contenders([(1.0, abs(bad), 3)]))


@pytest.mark.parametrize("seed", range(4))
def test_the_fast_way_gives_what_trying_every_pair_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    runs = random.choice([2, 3, 10, 30], 700)
    sd = 0.05 * np.sqrt(random.chisquare(runs - 1) / (runs - 1))
    board = field_of(in_order(contenders(list(zip(random.normal(0, 0.2, 700).tolist(), sd.tolist(), runs.tolist(), strict=True)))))
    assert (few_places(board) == many_places(board)).all()


def test_the_first_ten_get_more_runs_until_they_are_apart_or_have_thirty() -> None:
    apart = contenders([(float(number), 0.01, 3) for number in range(12)])
    assert to_separate(apart) == []
    near = contenders([(0.0, 0.01, 3), (0.005, 0.01, 3), (1.0, 0.01, 3)])
    assert to_separate(near) == [0, 1]
    assert to_separate(contenders([(0.0, 0.01, 30), (0.005, 0.01, 29)])) == [1]
    crowd = contenders([(number / 1000, 0.01, 3) for number in range(12)])
    assert to_separate(crowd) == list(range(10))


def test_the_typical_scatter_is_that_of_the_field_however_few_runs_its_entries_have() -> None:
    random = np.random.default_rng(3)
    runs = random.choice([2, 3, 10, 30], 4000)
    sd = 0.05 * np.sqrt(random.chisquare(runs - 1) / (runs - 1))
    board = contenders(list(zip([0.0] * 4000, sd.tolist(), runs.tolist(), strict=True)))
    assert ranking.typical_sd(board) == pytest.approx(0.05, rel=0.03)
    assert ranking.typical_sd(contenders([(0.0, None, 1), (0.0, 0.0, 1)])) == 0.0
    half_noisy = contenders([(0.0, 0.05, 10)] * 6 + [(0.0, 5.0, 10)] * 5)
    assert ranking.typical_sd(half_noisy) == pytest.approx(0.05, rel=0.06)  # few can't move it


def test_runs_that_agree_by_chance_do_not_tell_an_entry_apart_on_a_noisy_board() -> None:
    field = [(3.0, 0.2, 3)] * 5
    lucky = contenders([(1.0, 0.0001, 3), (1.2, 0.0001, 3), *field])
    assert rank(lucky)[1] == 1
    alone = contenders([(1.0, 0.0001, 3), (1.2, 0.0001, 3)])
    assert rank(alone)[1] == 2
    assert to_separate(lucky)[:2] == [0, 1]


def test_an_entry_that_is_steady_over_many_runs_is_not_held_back_by_its_board() -> None:
    field = [(3.0, 0.2, 3)] * 5
    assert rank(contenders([(1.0, 0.0001, 30), (1.3, 0.0001, 30), *field]))[1] == 2
