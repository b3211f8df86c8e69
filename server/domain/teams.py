"""Teams: who may do what in one. Pure, from a team and its members; knows neither codes nor quotas.

The one who has been a member longest (at first the founder) leads: leading is no right that can be lost or passed on by mistake.
Every member submits, invites, and acts for the team's submissions; the lead alone removes others.
"""

import datetime as dt
from dataclasses import dataclass

from server.domain.errors import Conflict, Forbidden, NotFound

MOST_MEMBERS = 8
INVITATION_DAYS = 7


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a team."""

    id: int
    name: str
    joined_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Team:
    """A team, its members in the order in which they joined. None are left of one that was dissolved: its submissions stay."""

    id: int
    name: str
    created_at: dt.datetime
    members: tuple[Member, ...]

    @property
    def lead(self) -> Member | None:
        """Who has been in it longest."""
        return self.members[0] if self.members else None

    def has(self, person_id: int) -> bool:
        """Whether somebody is a member."""
        return any(member.id == person_id for member in self.members)

    def led_by(self, person_id: int) -> bool:
        """Whether somebody leads it."""
        return self.lead is not None and self.lead.id == person_id


def check_member(team: Team, person_id: int) -> None:
    """Raises Forbidden."""
    if not team.has(person_id):
        raise Forbidden(f"you aren't a member of team {team.name}", "ask one of its members for an invitation")


def check_room(team: Team) -> None:
    """Raises Conflict."""
    if len(team.members) >= MOST_MEMBERS:
        raise Conflict(
            f"team {team.name} is full: it has {len(team.members)} members of at most {MOST_MEMBERS}", "somebody must leave first"
        )


def check_unbound(present: Team | None) -> None:
    """A person is in one team at most. Raises Conflict."""
    if present is not None:
        raise Conflict(f"you are in team {present.name}: a person is in one team at a time", "leave it first, on its page")


def check_leave(team: Team, person_id: int, *, dissolve: bool) -> None:
    """The last one to go dissolves the team, and must say so. Raises Forbidden, Conflict."""
    check_member(team, person_id)
    if len(team.members) == 1 and not dissolve:
        raise Conflict(
            f"you are the last member of team {team.name}: without you nobody could withdraw or appeal for its submissions any more",
            "invite somebody first, or dissolve the team for good",
        )
    if len(team.members) > 1 and dissolve:
        raise Conflict(
            f"team {team.name} has {len(team.members)} members: only the last one can dissolve it", "leave it, without dissolving"
        )


def check_remove(team: Team, person_id: int, member_id: int) -> None:
    """Whether somebody may remove a member. Raises Forbidden, NotFound, Conflict."""
    check_member(team, person_id)
    if not team.led_by(person_id):
        lead = team.lead.name if team.lead else "nobody"
        raise Forbidden(f"{lead} leads team {team.name}, as its longest-standing member, and removes members", f"ask {lead}")
    if not team.has(member_id):
        raise NotFound(f"team {team.name} has no such member", "its page lists them")
    if member_id == person_id:
        raise Conflict("you can't remove yourself", "leave the team instead")
