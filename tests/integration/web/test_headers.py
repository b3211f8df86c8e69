"""Headers of every answer, the session's cookie, and how often one may knock."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.app import create_app
from server.middleware import BODY_CAP
from server.settings import Settings
from tests.fakes.hints import FakeHints
from tests.integration.web.conftest import World
from tests.integration.web.routes import routes_of

PASSWORD = "a long password"
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def policy_of(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


def check(answer: Any, said: str) -> None:
    policy = policy_of(answer)
    assert policy["default-src"] == "'none'", said
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'", said
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'", said
    assert "unsafe" not in answer.headers["content-security-policy"], said
    assert answer.headers["x-content-type-options"] == "nosniff", said
    assert answer.headers["referrer-policy"] == "same-origin", said
    assert answer.headers["x-frame-options"] == "DENY", said
    assert "server" not in answer.headers, said
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert not INLINE.search(answer.text), said


def test_every_route_answers_with_the_headers_and_no_inline_script_or_style(world: World) -> None:
    for method, path in routes_of(world.app):
        address = path.format_map({"entry": "webgpu-js", "name": "nope.js"} | world.names | {"path": "style.css"})
        for role in ("visitor", "organizer"):
            check(world.request(role, method, address), f"{role} {method} {path}")


@pytest.mark.parametrize("path", ["/nope", "/tracks/nope", "/runs/%00", "/static/../server/app.py", "/api/v1/nope"])
def test_errors_have_the_headers_too(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    check(answer, path)


def test_refusals_of_the_guard_have_the_headers_too(client: TestClient) -> None:
    for answer in (
        client.post("/sign-in", content=b"x", headers={"content-length": str(BODY_CAP + 1)}),
        client.post("/sign-in", data={"name": "a", "password": "b"}, headers={"sec-fetch-site": "cross-site"}),
    ):
        assert answer.status_code in (403, 413)
        check(answer, "refusal")


def test_log_of_hostile_bytes_is_plain_text_that_no_browser_sniffs(world: World) -> None:
    answer = world.request("visitor", "GET", f"/api/v1/runs/{world.names['run_id']}/log")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def signed_up(settings: Settings, **changes: Any) -> Any:
    app = create_app(settings.model_copy(update=changes), FakeHints())
    with TestClient(app) as client:
        answer = client.post(
            "/sign-up", data={"name": "Alice", "password": PASSWORD}, headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
        )
    app.state.database.close()
    assert answer.status_code == 303
    return answer


@pytest.mark.usefixtures("database")
def test_session_cookie_by_https_is_of_this_host_secure_and_out_of_scripts_reach(settings: Settings) -> None:
    answer = signed_up(settings, public_url="https://minjoule.example")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-mj=")
    for flag in ("secure", "httponly", "samesite=lax", "path=/"):
        assert flag in cookie
    assert "domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.usefixtures("database")
def test_session_cookie_on_this_machine_is_out_of_scripts_reach(settings: Settings) -> None:
    cookie = signed_up(settings).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_session_is_another_one_after_each_sign_in_and_gone_after_signing_out(world: World) -> None:
    cookies = set()
    for _ in range(2):
        answer = world.request("visitor", "POST", "/sign-in", data={"name": "Alice", "password": PASSWORD})
        cookies.add(answer.cookies[world.app.state.cookie_name])
    assert len(cookies) == 2
    world.request("owner", "POST", "/sign-out", data={"form_token": world.people["owner"].form_token})
    assert world.request("owner", "GET", "/me").status_code == 303


@pytest.mark.parametrize(
    ("setting", "path", "sent"),
    [
        ("sign_ins_per_minute", "/sign-in", {"data": {"name": "Nobody", "password": PASSWORD}}),
        ("sign_ins_per_minute", "/api/v1/tokens", {"json": {"name": "Nobody", "password": PASSWORD}}),
        ("sign_ins_per_minute", "/api/v1/host/enrolments", {"json": {"code": "x", "name": "host-9"}}),
        ("sign_ups_per_hour", "/sign-up", {"data": {"name": "x", "password": "short"}}),
    ],
)
@pytest.mark.usefixtures("database")
def test_who_knocks_too_often_is_told_to_wait(settings: Settings, setting: str, path: str, sent: dict[str, Any]) -> None:
    app = create_app(settings.model_copy(update={setting: 3}), FakeHints())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        answers = [client.post(path, **sent) for _ in range(5)]
    app.state.database.close()
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True, True]
    assert "are allowed" in answers[-1].text
