"""What a page must say before somebody acts on it."""

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

from server import clock
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from tests.conftest import Account, bundle_of, report_of
from tests.integration.pages.test_pages import sign_up


def upload(client: TestClient, token: str, *files: tuple[str, bytes]) -> Any:
    return client.post("/submit", data={"form_token": token}, files=[("files", file) for file in files])


def test_every_faulty_file_is_named_with_its_line_and_nothing_is_stored(
    client: TestClient, host: Callable[..., Any], sql: Callable[[str], Any]
) -> None:
    host()
    token = sign_up(client, "Alice")
    answer = upload(client, token, ("entry.toml", b"x = 1\n"), ("a.py", b"one\n\xff\n"), ("b.bin", b"one\ntwo\n\0"), ("c.py", b"ok\n"))
    assert answer.status_code == 422
    assert "a.py, line 2" in answer.text
    assert "b.bin, line 3" in answer.text
    assert "choose <strong>all</strong> files again" in answer.text
    assert sql("select count(*) from submissions")[0][0] == 0


def test_submit_page_says_before_the_upload_what_nobody_judges(
    client: TestClient, host: Callable[..., Any], sql: Callable[[str], Any]
) -> None:
    sign_up(client, "Alice")
    assert "a submission would be refused" in client.get("/submit").text
    headers = host()
    assert "no live host" in client.get("/submit").text
    client.post("/api/v1/host/claims", headers=headers)
    shown = client.get("/submit").text
    assert ">live<" in shown
    assert "no live host" not in shown
    assert "modelled, not measured" in shown


def test_own_page_shows_how_far_the_runs_are(client: TestClient, host: Callable[..., Any]) -> None:
    headers = host()
    token = sign_up(client, "Alice")
    upload(client, token, *bundle_of(name="first").files.items())
    upload(client, token, *bundle_of(name="second").files.items())
    shown = client.get("/me").text
    assert "queued, next" in shown
    assert "queued, 1 before it" in shown
    client.post("/api/v1/host/claims", headers=headers)
    assert "running now" in client.get("/me").text


def test_run_page_shows_both_windows_with_length_and_joules(
    client: TestClient, host: Callable[..., Any], account: Callable[..., Account], submit: Callable[..., Any]
) -> None:
    headers, alice = host(), account("Alice")
    submit(alice)
    claim = client.post("/api/v1/host/claims", headers=headers).json()
    train = {"begin_ns": 0, "end_ns": 2_500_000_000, "energy_uj": 4_000_000, "expanded_uj": None}
    score = {"begin_ns": 3_000_000_000, "end_ns": 3_125_000_000, "energy_uj": 1_000_000, "expanded_uj": None}
    said = report_of(claim["epoch"], train=train, score=score)
    assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).status_code == 200
    shown = client.get(f"/runs/{claim['run_id']}").text
    for figure in ("2.5 s", "0.125 s", "2.62 s", "4 J", "1 J", "5 J", "80 %", "20 %"):
        assert figure in shown, figure


def test_run_page_tells_why_an_attempt_failed(
    client: TestClient, host: Callable[..., Any], account: Callable[..., Account], submit: Callable[..., Any]
) -> None:
    headers, alice = host(), account("Alice")
    submit(alice)
    claim = client.post("/api/v1/host/claims", headers=headers).json()
    said = {"epoch": claim["epoch"], "cause": "meter_fault", "detail": "the plug <b>fell silent</b>"}
    assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/fault", json=said, headers=headers).status_code == 200
    assert "meter fault: the plug &lt;b&gt;fell silent&lt;/b&gt;" in client.get(f"/runs/{claim['run_id']}").text


def test_unsandboxed_is_said_wherever_its_figures_are(
    client: TestClient, database: Database, account: Callable[..., Account], submit: Callable[..., Any]
) -> None:
    with database.session() as session:
        wanted = NewClass("bare", "a bare machine", "modelled-cpu-time", True)
        code = hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())
    client.post("/api/v1/host/enrolments", json={"code": code, "name": "bare-1", "facts": {}})
    view = submit(account("Alice"))
    run = view["runs"][0]["id"]
    for path in ("/", "/hosts", "/tracks/parity", f"/submissions/{view['id']}", f"/runs/{run}"):
        shown = client.get(path).text
        assert "UNSANDBOXED" in shown, path
        assert "modelled, not measured" in shown, path


def test_a_parent_is_linked_where_it_is_here_and_named_where_it_isnt(client: TestClient, host: Any, account: Any, submit: Any) -> None:
    host()
    first = submit(account("Alice"))["id"]
    pages = {}
    for parent in (first, "ab" * 32):
        bundle = bundle_of(name=f"on {parent[:4]}")
        manifest = bundle.files["entry.toml"].decode() + f'parent = "{parent}"\n'
        child = submit(account(f"Bob {parent[:4]}"), bundle_of(**{"entry.toml": manifest}))["id"]
        pages[parent] = client.get(f"/submissions/{child}").text
    assert f'builds on <a href="/submissions/{first}">' in pages[first]
    assert "builds on abababababab, which isn" in pages["ab" * 32]
