"""Every route of the app times every role, each cell by a real request. A route without a row fails."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server import clock
from server.app import create_app
from server.participants import teams
from server.settings import Settings
from tests.conftest import bundle_of, report_of
from tests.integration.web.conftest import ROLES, World, member, who
from tests.integration.web.routes import routes_of

Sent = Callable[[World, str], dict[str, Any]]
EVERYBODY = (200,) * 6


def form(world: World, role: str, **fields: str) -> dict[str, Any]:
    """A form as the role's own page would send it."""
    token = world.people[role].form_token if role in world.people else "x"
    return {"data": {"form_token": token} | fields}


def epoch(world: World) -> dict[str, Any]:
    return {"epoch": world.claim["epoch"]}


def bundle_for(role: str) -> bytes:
    return bundle_of(name=f"by {role}").to_zip()


SENT: dict[str, Sent] = {
    "POST /sign-up": lambda _, role: {"data": {"name": f"new {role}", "password": "a long password"}},
    "POST /sign-in": lambda _, role: {"data": {"name": "Alice", "password": "a long password"}},
    "POST /sign-out": form,
    "POST /submit": lambda world, role: form(world, role) | {"files": {"files": ("a.zip", bundle_for(role))}},
    "POST /me/tokens": lambda world, role: form(world, role, label="laptop"),
    "POST /me/tokens/{token_id}/revoke": form,
    "POST /teams": lambda world, role: form(world, role, name=f"team of {role}"),
    "POST /teams/join": lambda world, role: form(world, role, code=world.invitation()),
    "POST /teams/{team_id}/invitations": form,
    "POST /teams/{team_id}/invitations/{invitation_id}/revoke": form,
    "POST /teams/{team_id}/members/{member_id}/remove": form,
    "POST /teams/{team_id}/leave": form,
    "POST /api/v1/teams": lambda _, role: {"json": {"name": f"team of {role}"}},
    "POST /api/v1/teams/memberships": lambda world, _: {"json": {"code": world.invitation()}},
    "POST /organizer/codes": lambda world, role: form(world, role, host_class="rig", title="a rig", boundary="modelled-cpu-time"),
    "POST /organizer/hosts/{name}/revoke": form,
    "POST /organizer/reviews/{digest}": lambda world, role: form(world, role, host_class="test", act="flag", reason="a reason in public"),
    "POST /organizer/reviews/{digest}/reply": lambda world, role: form(
        world, role, host_class="test", verdict="reject", reason="a reason in public"
    ),
    "POST /submissions/{digest}/appeal": lambda world, role: form(world, role, host_class="test", text="a text in public"),
    "POST /submissions/{digest}/withdraw": lambda world, role: form(world, role, reason="a reason in public"),
    "POST /api/v1/submissions/{digest}/decisions": lambda *_: {
        "json": {"host_class": "test", "act": "hold", "reason": "a reason in public"}
    },
    "POST /api/v1/submissions/{digest}/appeals": lambda *_: {"json": {"host_class": "test", "text": "a text in public"}},
    "POST /api/v1/submissions/{digest}/withdrawal": lambda *_: {"json": {}},
    "POST /api/v1/tokens": lambda _, role: {"json": {"name": "Alice", "password": "a long password"}},
    "PUT /api/v1/submissions": lambda _, role: {"content": bundle_for(role)},
    "POST /api/v1/submissions/{digest}/replications": lambda *_: {"json": {"host_class": "test"}},
    "POST /api/v1/host/enrolments": lambda world, role: {"json": {"code": world.code(), "name": f"new-{role}".replace("_", "-")}},
    "POST /api/v1/host/controls": lambda world, role: {"json": {"passed": True, "said": "spread 0.2 %"}},
    "POST /api/v1/host/attempts/{attempt_id}/heartbeat": lambda world, _: {"json": epoch(world) | {"phase": "train"}},
    "POST /api/v1/host/attempts/{attempt_id}/report": lambda world, _: {"json": report_of(world.claim["epoch"])},
    "POST /api/v1/host/attempts/{attempt_id}/fault": lambda world, _: {"json": epoch(world) | {"cause": "box_fault", "detail": "x"}},
}


HOSTLESS = (200, 401, 401, 200, 200, 200)
"""Pages look at whoever speaks: a host's token is no participant's."""
NOT_HERE = (404, 401, 401, 404, 404, 404)
"""This world's track is no browser's: tests/integration/pages/test_play_pages.py has those that are."""
OWN = (303, 401, 401, 200, 200, 200)
FORM = (401, 401, 401, 303, 303, 303)
HOST_ONLY = (401, 404, 200, 401, 401, 401)
ROWS: dict[str, tuple[int, ...]] = {
    # In the order of ROLES: visitor, wrong host, host, another participant, organizer, owner.
    "GET /": HOSTLESS,
    "GET /tracks/{slug}": HOSTLESS,
    "GET /tracks/{slug}.csv": EVERYBODY,
    "GET /tracks/{slug}/boards/{host_class}/versions": HOSTLESS,
    "GET /tracks/{slug}/boards/{host_class}/versions/{number}": HOSTLESS,
    "GET /tracks/{slug}/boards/{host_class}/versions/{number}.csv": EVERYBODY,
    "GET /tracks/{slug}/rules": HOSTLESS,
    "GET /tracks/{slug}/play": NOT_HERE,
    "GET /tracks/{slug}/play/data": (404,) * 6,
    "GET /tracks/{slug}/play/{entry}/frame": (404,) * 6,
    "GET /tracks/{slug}/play/{entry}/files/{path}": (404,) * 6,
    "GET /play/library/{name}": (404,) * 6,
    "GET /tracks/{slug}/records": HOSTLESS,
    "GET /tracks/{slug}/seasons/{number}": HOSTLESS,
    "GET /tracks/{slug}/seasons/{number}.csv": (404,) * 6,  # this world's season isn't closed
    "GET /submissions/{digest}": HOSTLESS,
    "GET /runs/{run_id}": HOSTLESS,
    "GET /hosts": HOSTLESS,
    "GET /sign-up": HOSTLESS,
    "GET /sign-in": HOSTLESS,
    "GET /submit": OWN,
    "GET /me": OWN,
    "GET /teams/join": OWN,
    "GET /teams/{team_id}": HOSTLESS,
    "POST /teams": (401, 401, 401, 303, 303, 409),  # one team a person: the owner leads theirs
    "POST /teams/join": (401, 401, 401, 303, 303, 409),
    "POST /teams/{team_id}/invitations": (401, 401, 401, 403, 403, 200),
    "POST /teams/{team_id}/invitations/{invitation_id}/revoke": (401, 401, 401, 403, 403, 303),
    "POST /teams/{team_id}/members/{member_id}/remove": (401, 401, 401, 403, 403, 303),
    "POST /teams/{team_id}/leave": (401, 401, 401, 403, 403, 303),
    "POST /api/v1/teams": (401, 401, 401, 201, 201, 409),
    "GET /api/v1/teams/{team_id}": EVERYBODY,
    "POST /api/v1/teams/memberships": (401, 401, 401, 201, 201, 409),
    "POST /api/v1/teams/{team_id}/invitations": (401, 401, 401, 403, 403, 201),
    "DELETE /api/v1/teams/{team_id}/invitations/{invitation_id}": (401, 401, 401, 403, 403, 204),
    "DELETE /api/v1/teams/{team_id}/members/{member_id}": (401, 401, 401, 403, 403, 204),
    "GET /organizer": (303, 401, 401, 403, 200, 403),
    "POST /sign-up": (303,) * 6,
    "POST /sign-in": (303,) * 6,
    "POST /sign-out": FORM,
    "POST /submit": FORM,
    "POST /me/tokens": (401, 401, 401, 200, 200, 200),
    "POST /me/tokens/{token_id}/revoke": (401, 401, 401, 404, 404, 303),
    "POST /organizer/codes": (401, 401, 401, 403, 200, 403),
    "POST /organizer/hosts/{name}/revoke": (401, 401, 401, 403, 303, 403),
    "GET /organizer/reviews": (303, 401, 401, 403, 200, 403),
    "GET /organizer/reviews/{digest}": (303, 401, 401, 403, 200, 403),
    "POST /organizer/reviews/{digest}": (401, 401, 401, 403, 303, 403),
    "POST /organizer/reviews/{digest}/reply": (401, 401, 401, 403, 409, 403),  # nobody has appealed
    "POST /submissions/{digest}/appeal": (401, 401, 401, 403, 403, 409),  # nothing stands against it
    "POST /submissions/{digest}/withdraw": (401, 401, 401, 403, 403, 303),
    "GET /api/v1/submissions/{digest}/decisions": EVERYBODY,
    "POST /api/v1/submissions/{digest}/decisions": (401, 401, 401, 403, 201, 403),
    "POST /api/v1/submissions/{digest}/appeals": (401, 401, 401, 403, 403, 409),
    "POST /api/v1/submissions/{digest}/withdrawal": (401, 401, 401, 403, 403, 200),
    "GET /health": EVERYBODY,
    "GET /static/{path}": EVERYBODY,
    "GET /api/v1/openapi.json": EVERYBODY,
    "GET /api/v1/tracks": EVERYBODY,
    "GET /api/v1/tracks/{slug}": EVERYBODY,
    "GET /api/v1/tracks/{slug}/boards/{host_class}": EVERYBODY,
    "GET /api/v1/tracks/{slug}/boards/{host_class}/records": EVERYBODY,
    "GET /api/v1/tracks/{slug}/boards/{host_class}/versions": EVERYBODY,
    "GET /api/v1/tracks/{slug}/boards/{host_class}/versions/{number}": EVERYBODY,
    "GET /api/v1/tracks/{slug}/seasons/{number}/boards/{host_class}": EVERYBODY,
    "GET /api/v1/submissions": HOSTLESS,
    "POST /api/v1/submissions/{digest}/replications": (401, 401, 401, 409, 409, 409),  # this world's entry isn't listed yet
    "GET /api/v1/submissions/{digest}": EVERYBODY,
    "GET /api/v1/runs/{run_id}": EVERYBODY,
    "GET /api/v1/runs/{run_id}/log": EVERYBODY,
    "GET /api/v1/runs/{run_id}/trace": EVERYBODY,
    "GET /api/v1/runs/{run_id}/trace.csv": EVERYBODY,
    "GET /api/v1/runs/{run_id}/record": (404,) * 6,  # this world's host signs nothing
    "GET /api/v1/runs/{run_id}/events": EVERYBODY,
    "GET /api/v1/hosts": EVERYBODY,
    "GET /api/v1/me": (401, 401, 401, 200, 200, 200),
    "PUT /api/v1/submissions": (401, 401, 401, 201, 201, 201),
    "POST /api/v1/tokens": (201,) * 6,  # by name and password, whoever brings them
    "DELETE /api/v1/tokens/{token_id}": (401, 401, 401, 404, 404, 204),
    "POST /api/v1/host/enrolments": (201,) * 6,  # by one-time code, whoever brings it
    "POST /api/v1/host/presence": (401, 204, 204, 401, 401, 401),
    "POST /api/v1/host/claims": (401, 200, 200, 401, 401, 401),
    "POST /api/v1/host/controls": (401, 204, 204, 401, 401, 401),
    "GET /api/v1/host/attempts/{attempt_id}/bundle": HOST_ONLY,
    "POST /api/v1/host/attempts/{attempt_id}/heartbeat": HOST_ONLY,
    "POST /api/v1/host/attempts/{attempt_id}/report": HOST_ONLY,
    "POST /api/v1/host/attempts/{attempt_id}/fault": HOST_ONLY,
}


def test_every_route_has_a_row_and_every_row_a_route(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'empty.db'}"))
    assert {f"{method} {path}" for method, path in routes_of(app)} == set(ROWS)
    app.state.database.close()


def answers(world: World, route: str) -> dict[str, int]:
    """What each role is answered."""
    method, path = route.split(" ")
    address = path.format_map(world.names | {"path": "style.css", "entry": "webgpu-js"})
    sent = SENT.get(route, lambda _world, _role: {})
    return {role: world.request(role, method, address, **sent(world, role)).status_code for role in ROLES}


def test_each_role_may_read_what_its_row_says(world: World) -> None:
    read = [route for route in ROWS if route.startswith("GET ")]  # changes nothing: one world does for all
    assert {route: answers(world, route) for route in read} == {route: dict(zip(ROLES, ROWS[route], strict=True)) for route in read}


@pytest.mark.parametrize("route", [route for route in ROWS if not route.startswith("GET ")])
def test_each_role_may_do_what_its_row_says(world: World, route: str) -> None:
    assert answers(world, route) == dict(zip(ROLES, ROWS[route], strict=True))


def test_source_is_for_its_owner_alone(world: World) -> None:
    shown = {role: "def train" in world.request(role, "GET", f"/submissions/{world.names['digest']}").text for role in ROLES}
    assert shown == dict.fromkeys(ROLES, False) | {"owner": True}


TEAM_ROLES = ("stranger", "ex_member", "member", "lead")
"""Of the Walshers, whose submission Mia has sent; in the order in which they try."""
TEAM_ROWS: dict[str, tuple[int, ...]] = {
    "POST /submissions/{digest}/appeal": (403, 403, 409, 409),  # nothing stands against it
    "POST /submissions/{digest}/withdraw": (403, 403, 303, 409),  # withdrawn already
    "POST /api/v1/submissions/{digest}/appeals": (403, 403, 409, 409),
    "POST /api/v1/submissions/{digest}/withdrawal": (403, 403, 200, 409),
    "PUT /api/v1/submissions?team=walshers": (403, 403, 201, 201),
    "POST /submit": (403, 403, 303, 303),
    "POST /teams/{team_id}/invitations": (403, 403, 200, 200),
    "POST /teams/{team_id}/invitations/{invitation_id}/revoke": (403, 403, 303, 303),
    "POST /teams/{team_id}/members/{member_id}/remove": (403, 403, 403, 303),  # the lead alone
    "POST /teams/{team_id}/leave": (403, 403, 303, 303),
}


@pytest.fixture
def crew(world: World) -> World:
    """The world, with everybody who stands in some way to the team, and Nan, whom the lead may remove."""
    people = {"stranger": world.people["other"], "lead": world.people["owner"]}
    people |= {"member": member(world.database, "Max"), "ex_member": member(world.database, "Xena")}
    team_id, now = int(world.names["team_id"]), clock.now()
    for account in (people["member"], people["ex_member"]):
        code = world.invitation()
        with world.database.session() as session:
            teams.join(session, who(session, account), code, now)
    with world.database.session() as session:
        teams.remove(session, who(session, people["lead"]), team_id, who(session, people["ex_member"]).id, now)
    world = replace(world, people=people)
    sent = world.request("member", "PUT", "/api/v1/submissions?team=Walshers", content=bundle_of(name="the team's").to_zip())
    assert sent.status_code == 201, sent.text
    assert (sent.json()["participant"], sent.json()["sent_by"], sent.json()["team"]) == ("Walshers", "Max", team_id)
    return replace(world, names=world.names | {"digest": sent.json()["id"]})


@pytest.mark.parametrize("route", TEAM_ROWS)
def test_a_member_may_for_the_team_what_an_owner_may(crew: World, route: str) -> None:
    method, path = route.split(" ")
    sent = SENT.get(route.split("?")[0], lambda _world, _role: {})
    given = []
    for role in TEAM_ROLES:
        fields = sent(crew, role)
        if route == "POST /submit":
            fields["data"]["team"] = "Walshers"
        given.append(crew.request(role, method, path.format_map(crew.names), **fields).status_code)
    assert dict(zip(TEAM_ROLES, given, strict=True)) == dict(zip(TEAM_ROLES, TEAM_ROWS[route], strict=True))


def test_a_teams_source_is_for_its_members_of_today(crew: World) -> None:
    shown = {role: "def train" in crew.request(role, "GET", f"/submissions/{crew.names['digest']}").text for role in TEAM_ROLES}
    assert shown == {"stranger": False, "ex_member": False, "member": True, "lead": True}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_state_never_changes_by_another_method(world: World, method: str) -> None:
    for route in ("/sign-out", "/me/tokens", "/organizer/codes", "/organizer/hosts/host-1/revoke"):
        assert world.request("organizer", method, route).status_code in (404, 405), route


def test_form_from_another_site_or_session_changes_nothing(world: World) -> None:
    for route in [route for route in ROWS if route.startswith("POST") and not route.startswith("POST /api/")]:
        path = route.split(" ")[1].format_map(world.names)
        role = "organizer" if "organizer" in path else "owner"
        sent = SENT[route](world, role)
        for site in ("cross-site", "same-site"):
            answer = world.request(role, "POST", path, headers={"sec-fetch-site": site}, **sent)
            assert answer.status_code == 403, (route, site)
            assert "another site" in answer.text
        if "form_token" in sent["data"]:
            sent["data"]["form_token"] = world.people["other"].form_token
            answer = world.request(role, "POST", path, **sent)
            assert answer.status_code == 403, route
            assert "from your session" in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://testserver:81"])
def test_old_browser_is_judged_by_its_origin(world: World, origin: str) -> None:
    headers = {"origin": origin, "cookie": f"{world.app.state.cookie_name}={world.people['owner'].cookie}"}
    answer = world.client.post("/sign-out", data={"form_token": world.people["owner"].form_token}, headers=headers)
    assert answer.status_code == 403


def test_token_in_an_address_or_a_cookie_opens_nothing(world: World) -> None:
    token = world.people["owner"].token
    assert world.client.get("/api/v1/me", params={"token": token, "authorization": token}).status_code == 401
    assert world.client.get("/api/v1/me", headers={"cookie": f"{world.app.state.cookie_name}={token}"}).status_code == 401


def test_a_host_token_of_a_revoked_host_opens_nothing(world: World) -> None:
    world.request("organizer", "POST", "/organizer/hosts/host-1/revoke", **form(world, "organizer"))
    assert world.request("host", "POST", "/api/v1/host/claims").status_code == 401
