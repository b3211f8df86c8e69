"""One code and many people, one person and many codes, at the same time: on each database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from server import clock
from server.db.session import Database
from server.domain.errors import ParticipantError
from server.domain.participant import Participant
from server.participants import teams


def people(sql: Callable[[str], Any], names: list[str]) -> list[Participant]:
    """Rows without credentials."""
    for name in names:
        row = f"values ('{name}', '{name}', '', 'participant', false, '2026-01-01')"
        sql(f"insert into participants (name, name_key, password_hash, role, is_team, created_at) {row}")
    return [Participant(sql(f"select id from participants where name = '{name}'")[0][0], name, "participant") for name in names]


def at_once(database: Database, joins: list[tuple[Participant, str]]) -> int:
    """How many came in."""

    def join(each: tuple[Participant, str]) -> bool:
        try:
            with database.session() as session:
                teams.join(session, *each, clock.now())
        except ParticipantError:
            return False
        return True

    with ThreadPoolExecutor(len(joins)) as crowd:
        return sum(crowd.map(join, joins))


def found(database: Database, lead: Participant, name: str) -> int:
    with database.session() as session:
        return teams.found(session, lead, name, clock.now()).id


def code(database: Database, lead: Participant, team_id: int) -> str:
    with database.session() as session:
        return teams.invite(session, lead, team_id, clock.now())[1]


def test_one_code_lets_one_in_and_one_person_into_one_team(database: Database, sql: Callable[[str], Any]) -> None:
    one, other, *crowd = people(sql, ["one", "other", "a", "b", "c"])
    first, second = found(database, one, "First"), found(database, other, "Second")
    shared = code(database, one, first)
    assert at_once(database, [(each, shared) for each in crowd]) == 1
    outside = next(each for each in crowd if not sql(f"select 1 from memberships where member_id = {each.id}"))
    both = [(outside, code(database, one, first)), (outside, code(database, other, second))]
    assert at_once(database, both) == 1
    assert sql(f"select count(*) from memberships where member_id = {outside.id}")[0][0] == 1
