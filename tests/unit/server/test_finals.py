"""Final standings: from the fresh runs alone, whoever was taken out or missed stays, unranked."""

import datetime as dt

import pytest

from minjoule.outcome import Outcome
from server.domain.finals import Finalist, Verdict, final_standings
from server.domain.scoring import Bar, Score, Status

BAR = Bar(1.0, 0.01)
EARLY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def runs(joules: float, loss: float | None = 0.9, count: int = 3) -> list[Score]:
    """Runs of so many joules, a thousandth apart."""
    outcome = Outcome.FINISHED if loss is not None else Outcome.TIME_LIMIT
    bills = [round(1e6 * joules * (1 + number / 1000)) for number in range(count)]
    return [Score(outcome, loss, bill, bill, 0) for bill in bills]


def finalist(number: int, scores: list[Score], status: Status = Status.QUALIFIED) -> Finalist:
    return Finalist(number, EARLY + dt.timedelta(days=number), status, scores)


def told(*finalists: Finalist) -> list[tuple[int, int | None, Verdict]]:
    return [(each.entry_id, each.rank, each.verdict) for each in final_standings(finalists, BAR)]


def test_a_tie_shares_the_rank_and_the_earliest_shows_first() -> None:
    given = told(finalist(3, runs(10.0)), finalist(1, runs(10.001)), finalist(2, runs(20.0)))
    assert given == [(1, 1, Verdict.RANKED), (3, 1, Verdict.RANKED), (2, 3, Verdict.RANKED)]


@pytest.mark.parametrize("missed", [runs(1.0, loss=1.2), [*runs(1.0, count=2), *runs(1.0, loss=None, count=1)], runs(1.0, loss=0.999)])
def test_who_misses_the_target_in_the_final_stays_unranked(missed: list[Score]) -> None:
    assert told(finalist(0, missed), finalist(1, runs(10.0))) == [(1, 1, Verdict.RANKED), (0, None, Verdict.MISSED)]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (Status.DISQUALIFIED, Verdict.DISQUALIFIED),
        (Status.WITHDRAWN, Verdict.WITHDRAWN),
        (Status.DISPUTED, Verdict.DISPUTED),
    ],
)
def test_who_is_taken_out_after_the_close_has_no_place_and_moves_the_others_up(status: Status, verdict: Verdict) -> None:
    assert told(finalist(0, runs(1.0), status), finalist(1, runs(10.0))) == [(1, 1, Verdict.RANKED), (0, None, verdict)]


@pytest.mark.parametrize("status", [Status.ABOVE_TARGET, Status.PROVISIONAL])
def test_what_the_runs_on_the_board_say_meanwhile_counts_for_nothing(status: Status) -> None:
    assert told(finalist(0, runs(1.0), status)) == [(0, 1, Verdict.RANKED)]


def test_too_few_runs_in_time_leave_an_entry_unranked() -> None:
    given = told(finalist(0, runs(1.0, count=1)), finalist(1, runs(10.0, count=2)), finalist(2, []))
    assert given == [(1, 1, Verdict.RANKED), (0, None, Verdict.UNFINISHED), (2, None, Verdict.UNFINISHED)]
