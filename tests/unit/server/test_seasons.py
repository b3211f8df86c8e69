"""Deadlines and changes of the rules."""

import dataclasses
import datetime as dt

import pytest

from minjoule import tracks as shipped
from server.domain.errors import Closed, Conflict, Inadmissible, ParticipantError
from server.domain.seasons import Season, check_admitted, check_change, check_close, check_new

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
OPEN = Season(1, NOW - DAY, NOW + DAY)
OVER = Season(1, NOW - 2 * DAY, NOW - DAY, NOW)
RULES = shipped.parse_track(shipped.shipped()["parity"])


@pytest.mark.parametrize("at", [OPEN.opens_at, NOW, OPEN.closes_at - dt.timedelta(microseconds=1)])
def test_a_season_takes_submissions_until_just_before_its_deadline(at: dt.datetime) -> None:
    check_admitted("parity", [OPEN], at)


def test_a_track_without_seasons_is_always_open() -> None:
    check_admitted("parity", [], NOW)


@pytest.mark.parametrize(("seasons", "at"), [([OPEN], OPEN.closes_at), ([OVER], NOW), ([dataclasses.replace(OPEN, closed_at=NOW)], NOW)])
def test_after_the_deadline_it_is_closed_and_says_since_when(seasons: list[Season], at: dt.datetime) -> None:
    with pytest.raises(Closed, match="season 1 of track parity took submissions until 2026-"):
        check_admitted("parity", seasons, at)


def test_before_the_first_season_it_says_when_it_opens() -> None:
    with pytest.raises(Conflict) as refused:
        check_admitted("parity", [Season(1, NOW + DAY, NOW + 2 * DAY)], NOW)
    assert refused.value.hint == "the next season opens 2026-11-02 12:00 UTC"


@pytest.mark.parametrize(
    ("before", "opens", "closes", "said"),
    [
        ([], NOW, NOW - DAY, "the deadline 2026-10-31 12:00 UTC is in the past"),
        ([], NOW, NOW, "in the past"),
        ([], NOW + 2 * DAY, NOW + DAY, "before it opens"),
        ([OPEN], NOW, NOW + 3 * DAY, "season 1 isn't over"),
    ],
)
def test_a_season_that_makes_no_sense_is_refused(before: list[Season], opens: dt.datetime, closes: dt.datetime, said: str) -> None:
    with pytest.raises(ParticipantError, match=said):
        check_new(before, opens, closes, NOW)


@pytest.mark.parametrize(
    ("season", "said"), [(None, "has no season"), (OPEN, "takes submissions until"), (OVER, "was closed 2026-11-01 12:00 UTC")]
)
def test_only_a_season_past_its_deadline_is_closed_and_once(season: Season | None, said: str) -> None:
    with pytest.raises(ParticipantError, match=said):
        check_close("parity", season, NOW)


def test_a_change_of_words_alters_nothing_and_of_the_target_scores() -> None:
    words = dataclasses.replace(RULES, summary="other words", rules_version=RULES.rules_version + 1)
    assert check_change(RULES, words, [OVER]) == []
    target = dataclasses.replace(words, target_loss=0.4)
    assert check_change(RULES, target, [OPEN]) == ["target_loss"]


def test_a_change_that_alters_a_closed_season_is_refused() -> None:
    with pytest.raises(Conflict, match="season 1 is closed, and a change of target_loss would change its scores"):
        check_change(RULES, dataclasses.replace(RULES, target_loss=0.4, rules_version=9), [OVER])


def test_a_changed_file_needs_a_higher_version() -> None:
    with pytest.raises(Inadmissible, match=f"rules_version is {RULES.rules_version}, the version in force is {RULES.rules_version}"):
        check_change(RULES, dataclasses.replace(RULES, summary="other words"), [])
