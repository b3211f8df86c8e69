"""Value +- U wherever there is one: absolute, on its host, or none; and no model's figure looks like a measurement."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.testclient import TestClient

from minjoule.cli import look, show
from server import clock
from server.boards.service import rank_stale_boards
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from tests.conftest import Account, report_of

MEASURED = {"expanded_uj": 300_000, "on_host_uj": 100_000}


@pytest.fixture
def board(
    client: TestClient, database: Database, account: Callable[..., Account], submit: Callable[..., Any]
) -> Callable[..., tuple[str, list[str]]]:
    """A submission that is judged on one board of a boundary; its digest, and its runs."""

    def make(boundary: str, *doubts: dict[str, Any], sharing: dict[str, Any] | None = None) -> tuple[str, list[str]]:
        with database.session() as session:
            code = hosts.issue_code(session, NewClass("rig", "a rig", boundary, False), loopback_only=True, now=clock.now())
        token = client.post("/api/v1/host/enrolments", json={"code": code, "name": "rig-1", "facts": {}}).json()["token"]
        headers, view = {"authorization": f"Bearer {token}"}, submit(account("Alice"))
        for place in range(3):
            claim = client.post("/api/v1/host/claims", headers=headers).json()
            said = report_of(claim["epoch"], **({"sharing": sharing} if sharing else {}))
            for name, doubt in zip(("train", "score"), (doubts * 2)[:2], strict=True):
                said[name] |= doubt
            if sharing:
                said["train"]["end_ns"] = said["train"]["begin_ns"] + 3 * 10**8 * (place + 1)
                said["score"] |= {"begin_ns": said["train"]["end_ns"] + 10, "end_ns": said["train"]["end_ns"] + 20}
            assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).status_code == 200
        with database.session() as session:
            rank_stale_boards(session, clock.now())
        return view["id"], [run["id"] for run in view["runs"]]

    return make


def test_an_absolute_figure_is_shown_with_its_u_on_run_page_board_and_json(client: TestClient, board: Any) -> None:
    _, runs = board("node", MEASURED)
    run = client.get(f"/api/v1/runs/{runs[0]}").json()
    assert (run["expanded_uj"], run["on_host_uj"]) == (pytest.approx(583_000, rel=0.01), 141_422)
    page = client.get(f"/runs/{runs[0]}").text
    assert "± 583 mJ (U, k = 2), absolute" in page
    assert "± 141 mJ beside other runs on this host" in page
    (row,) = client.get("/api/v1/tracks/parity/boards/rig").json()["entries"]
    assert row["on_host_j"] == pytest.approx(0.1414 / 3**0.5, rel=0.01), "three runs: the mean is better known than one"
    assert row["expanded_j"] == pytest.approx((0.566**2 + row["on_host_j"] ** 2) ** 0.5, rel=0.01), "the gain is common to all"
    assert re.search(r"± 57\d mJ<", client.get("/tracks/parity").text)


def test_an_uncalibrated_meter_has_a_figure_on_its_host_and_none_absolute(client: TestClient, board: Any) -> None:
    _, runs = board("node-cpu", {"expanded_uj": None, "on_host_uj": 100_000})
    page = client.get(f"/runs/{runs[0]}").text
    assert "± 141 mJ on this host (U, k = 2): the meter is uncalibrated, so there is no absolute figure" in page
    assert re.search(r"± 81\.[67] mJ on this host", client.get("/tracks/parity").text)
    assert client.get("/api/v1/tracks/parity/boards/rig").json()["entries"][0]["expanded_j"] is None


def test_a_measured_figure_without_u_says_so(client: TestClient, board: Any) -> None:
    _, runs = board("node-cpu", {"expanded_uj": None, "on_host_uj": None})
    assert "gave no uncertainty" in client.get(f"/runs/{runs[0]}").text
    assert "±" not in re.sub(r"<caption>.*?</caption>", "", client.get("/tracks/parity").text)


def test_shared_windows_and_short_ones_are_said(client: TestClient, board: Any) -> None:
    plain = {"losses": [0.1] * 5, "instances": ["a" * 64] * 5, "artifacts": ["b" * 64] * 5}
    sharing = {"floor_ns": str(10**9), "expected_ns": str(2 * 10**8), "train": 5, "score": 5} | plain
    _, runs = board("node", MEASURED, sharing=sharing)
    views = [client.get(f"/api/v1/runs/{each}").json() for each in runs]
    assert [(each["boxes"], each["floor_s"], each["below_floor"]) for each in views] == [(5, 1, True), (5, 1, True), (5, 1, False)]
    page = client.get(f"/runs/{runs[0]}").text
    assert "5 boxes, each with a draw of its own, shared both windows" in page
    assert "shorter than the 1 s that this meter wants" in page
    assert "shorter than" not in client.get(f"/runs/{runs[2]}").text


WRONG = {
    "too few boxes": {"train": 4, "score": 4},
    "a loss that isn't the mean": {"losses": [0.1, 0.1, 0.1, 0.1, 0.2]},
    "a draw unsaid": {"instances": ["a" * 64] * 4},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_a_report_whose_boxes_dont_fit_is_refused(
    client: TestClient, host: Callable[..., Any], account: Callable[..., Account], submit: Callable[..., Any], change: dict[str, Any]
) -> None:
    headers = host()
    submit(account("Alice"))
    claim = client.post("/api/v1/host/claims", headers=headers).json()
    plain = {"losses": [0.1] * 5, "instances": ["a" * 64] * 5, "artifacts": ["b" * 64] * 5}
    sharing = {"floor_ns": str(10**9), "expected_ns": str(2 * 10**8), "train": 5, "score": 5} | plain | change
    said = report_of(claim["epoch"], sharing=sharing)
    assert client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers).status_code == 422


class Words(HTMLParser):
    """A page's visible text, by its smallest region that has a boundary's mark: page, or card."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


JOULES = re.compile(r"\d(?:\.\d+)? ?(?:[kMmµu]?J)\b")


@pytest.mark.parametrize("boundary", ["modelled-cpu-time", "modelled-cpu"])
def test_no_modelled_figure_is_ever_shown_as_measured(
    client: TestClient, board: Any, boundary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    digest, runs = board(boundary, {"expanded_uj": 5, "on_host_uj": 5})
    pages = ("/", "/hosts", "/tracks/parity", f"/submissions/{digest}", f"/runs/{runs[0]}")
    with_joules = 0
    for path in pages:
        words = " ".join(Words(client.get(path).text).text)
        assert "modelled, not measured" in words, path
        assert "±" not in words, f"{path} gives a model's figure an uncertainty"
        with_joules += bool(JOULES.search(words))
    assert with_joules >= 4, "the pages do show the figures"
    for path in (f"/api/v1/runs/{runs[0]}", f"/api/v1/submissions/{digest}", "/api/v1/tracks/parity/boards/rig"):
        assert unmarked(client.get(path).json(), marked=False) == [], path
    run, view = client.get(f"/api/v1/runs/{runs[0]}").json(), client.get(f"/api/v1/submissions/{digest}").json()
    assert show.run_line(run).endswith("5 J MODELLED")
    assert all(show.bill(each) == "5 J MODELLED" for each in view["runs"])
    look.print_board(client.get("/api/v1/tracks/parity/boards/rig").json())
    assert "MODELLED, not measured" in " ".join(capsys.readouterr().out.split())


def unmarked(content: Any, *, marked: bool) -> list[str]:
    """Every object with joules for which neither it nor what holds it says that they're modelled."""
    if isinstance(content, list):
        return [found for each in content for found in unmarked(each, marked=marked)]
    if not isinstance(content, dict):
        return []
    marked = marked or content.get("modelled") is True
    own = [json.dumps(content)[:80]] if not marked and any(name.startswith("energy") and value for name, value in content.items()) else []
    return own + [found for each in content.values() for found in unmarked(each, marked=marked)]
