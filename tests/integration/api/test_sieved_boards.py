"""A board through filters and a budget: page, CSV and JSON show the same rows."""

import csv
import io
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.boards.plot import loss_joules_plot
from server.boards.service import BoardPage, Cloud
from tests.conftest import Account, bundle_of


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """SQLite; what differs between databases is in test_boards."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def board(client: TestClient, account: Callable[..., Account], host: Any, submit: Any, judge: Any) -> None:
    headers = host()
    for number, (name, loss) in enumerate([("=walsh", 0.33), ("qda", 0.32), ("poor", 0.6)]):
        submit(account(f"by {number}"), bundle_of(name=name))
        judge(headers, loss=loss, energy_uj=2_000_000 * 3**number)


def rows(client: TestClient, query: str) -> tuple[list[str], list[str], list[str]]:
    """Digests as page, CSV and JSON show them."""
    page = client.get(f"/tracks/parity?{query}").text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    lines = list(csv.DictReader(io.StringIO(client.get(f"/tracks/parity.csv?{query}").text)))
    given = client.get(f"/api/v1/tracks/parity/boards/test?{query}").json()["entries"]
    on_page = re.findall(r'href="/submissions/([0-9a-f]{16})"', table)
    return on_page, [line["submission"][:16] for line in lines], [entry["submission"][:16] for entry in given]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("status=qualified", 2),
        ("status=above_target", 1),
        ("participant=BY%201", 1),
        ("licence=mit", 3),
        ("licence=GPL-3.0", 0),
        ("text=%25", 0),
        ("text=QD", 1),
        ("budget=7", 2),
        ("budget=1000", 3),
        ("budget=1000&text=q", 1),
        ("offset=2", 1),
    ],
)
def test_page_csv_and_json_show_the_same_rows(client: TestClient, board: None, query: str, count: int) -> None:
    on_page, in_csv, in_json = rows(client, query)
    assert on_page == in_csv == in_json
    assert len(on_page) == count


def test_a_budget_orders_by_loss(client: TestClient, board: None) -> None:
    entries = client.get("/api/v1/tracks/parity/boards/test?budget=1000").json()["entries"]
    assert [entry["name"] for entry in entries] == ["qda", "=walsh", "poor"]


def test_no_name_is_a_formula_in_a_spreadsheet(client: TestClient, board: None) -> None:
    assert "'=walsh" in client.get("/tracks/parity.csv").text


@pytest.mark.parametrize("query", ["budget=nan", "budget=inf", "budget=-1", "budget=x", "status=best", "text=" + "x" * 61])
def test_a_filter_that_makes_no_sense_is_refused(client: TestClient, board: None, query: str) -> None:
    for path in ("/tracks/parity", "/tracks/parity.csv", "/api/v1/tracks/parity/boards/test"):
        assert client.get(f"{path}?{query}").status_code == 422


def page_of(target: float) -> BoardPage:
    return BoardPage("t", "T", "bits", target, 3, "c", "node-cpu", False, False, None, None, False, 0, 0, 0, 50, [], [])


def test_the_plot_has_a_shape_for_each_kind_its_front_and_words() -> None:
    points = [(0.0, 0.5, "QUALIFIED"), (1.0, 0.4, "ABOVE_TARGET"), (2.0, 0.6, "DISQUALIFIED")]
    plot = loss_joules_plot(page_of(0.5), Cloud(3, points[:2], points))
    assert [plot.count(f'class="{shape}"') for shape in ("disc", "ring", "cross", "front")] == [1, 1, 1, 1]
    assert "The Pareto front, 2 entries: 1 J at loss 0.5000; 2.72 J at loss 0.4000" in plot
    assert "All 3 entries" in plot


def test_the_plot_of_a_hundred_thousand_stays_small_and_says_what_it_leaves_out() -> None:
    points = [(math.log(1 + number), 1 / (1 + number), "QUALIFIED") for number in range(280)]
    plot = loss_joules_plot(page_of(0.5), Cloud(100_000, points[:40], points))
    assert len(plot) < 12_000
    assert "280 of 100000 entries are drawn" in plot
