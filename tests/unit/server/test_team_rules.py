"""Who may do what in a team."""

import datetime as dt

import pytest

from server.domain.errors import Conflict, Forbidden, NotFound, ParticipantError
from server.domain.teams import MOST_MEMBERS, Member, Team, check_leave, check_member, check_remove, check_room, check_unbound

LEAD, MEMBER, STRANGER = 1, 2, 9


def team(size: int = 2) -> Team:
    born = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    return Team(100, "Walshers", born, tuple(Member(number, f"person {number}", born) for number in range(1, size + 1)))


def test_the_longest_standing_leads_and_a_dissolved_team_has_no_lead() -> None:
    assert team().led_by(LEAD)
    assert not team().led_by(MEMBER)
    assert team(0).lead is None


REFUSED = {
    "a stranger isn't a member": (lambda: check_member(team(), STRANGER), Forbidden, "aren't a member of team Walshers"),
    "a full team": (lambda: check_room(team(MOST_MEMBERS)), Conflict, f"is full: it has {MOST_MEMBERS} members of at most"),
    "a second team": (lambda: check_unbound(team()), Conflict, "you are in team Walshers"),
    "the last to leave": (lambda: check_leave(team(1), LEAD, dissolve=False), Conflict, "you are the last member"),
    "to dissolve over others": (lambda: check_leave(team(), LEAD, dissolve=True), Conflict, "only the last one can dissolve"),
    "a stranger leaves": (lambda: check_leave(team(), STRANGER, dissolve=False), Forbidden, "aren't a member"),
    "a member removes": (lambda: check_remove(team(3), MEMBER, 3), Forbidden, "person 1 leads team Walshers"),
    "a stranger removes": (lambda: check_remove(team(), STRANGER, MEMBER), Forbidden, "aren't a member"),
    "to remove a stranger": (lambda: check_remove(team(), LEAD, STRANGER), NotFound, "no such member"),
    "to remove oneself": (lambda: check_remove(team(), LEAD, LEAD), Conflict, "leave the team instead"),
}


@pytest.mark.parametrize(("act", "kind", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_with_a_sentence(act: object, kind: type[ParticipantError], said: str) -> None:
    with pytest.raises(kind) as refused:
        act()  # type: ignore[operator]
    assert said in f"{refused.value.message}; {refused.value.hint}"
    assert refused.value.hint


def test_what_is_allowed_is_silent() -> None:
    check_member(team(), MEMBER)
    check_room(team(MOST_MEMBERS - 1))
    check_unbound(None)
    check_leave(team(), LEAD, dissolve=False)
    check_leave(team(1), LEAD, dissolve=True)
    check_remove(team(), LEAD, MEMBER)
