"""The exported CSV equals the page, cell by cell: the board, the board through filters, a version of it, and pages of each."""

import csv
import io
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.templating import bits, joules, seconds
from tests.conftest import Account, bundle_of

TRAIN = {"begin_ns": 10, "end_ns": 1_500_000_010, "expanded_uj": None, "on_host_uj": 20_000}
SCORE = {"begin_ns": 2_000_000_000, "end_ns": 2_250_000_000, "energy_uj": 1_000_000, "expanded_uj": None, "on_host_uj": 9_000}
VERSIONS = "/tracks/parity/boards/rig/versions"


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """SQLite alone: what is compared is two views of one answer."""
    return f"sqlite:///{tmp_path / 'test.db'}"


class Table(HTMLParser):
    """The first table's body: each row's cells as lists of the texts in them; notes below a row are their own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.head: list[str] = []
        self.rows: list[list[list[str]]] = []
        self.notes: dict[int, str] = {}
        self._inside, self._note, self._cells = False, False, list[list[str]]()
        self.feed(page[page.index("<table") : page.index("</table>")])

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self._cells, self._note = [], "note" in (dict(attrs).get("class") or "")
        elif tag in ("td", "th"):
            self._cells.append([])
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._inside = False
        elif tag == "tr" and self._note:
            self.notes[len(self.rows) - 1] = " ".join(text for cell in self._cells for text in cell)
        elif tag == "tr" and self.head:
            self.rows.append(self._cells)
        elif tag == "tr":
            self.head = [cell[0] for cell in self._cells]

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self._cells[-1].append(data.strip())


@pytest.fixture
def board(client: TestClient, account: Callable[..., Account], host: Any, submit: Any, judge: Any, sql: Any) -> None:
    """Six entries of every kind; the fourth and later have a plug beside the bill, the third a host that failed its control afterwards."""
    headers = host("rig-1", "rig", "node")
    for number, (name, loss) in enumerate(
        [("=first", 0.1), ("second", 0.12), ("third", 0.1), ("fourth", 0.6), ("fifth", 0.11), ("sixth", 0.1)]
    ):
        parts = [("nvml", 2_000_000 * (number + 1), True), ("rapl", 1_000_000, True)] + [("shelly", 9_000_000, False)] * (number > 2)
        train = TRAIN | {"energy_uj": 2_000_000 * (number + 1) + 1_000_000, "meters": meters(parts)}
        score = SCORE | {
            "meters": meters([("nvml", 400_000, True), ("rapl", 600_000, True)] + [("shelly", 1_500_000, False)] * (number > 2))
        }
        submit(account(f"by {number}"), bundle_of(name=name))
        judge(headers, most=1, loss=loss, train=train, score=score if number < 5 else SCORE)
        judge(headers, loss=loss, train=train, score=score)
        if name == "third":
            said = {"passed": False, "said": "the joules spread by 4 %"}
            assert client.post("/api/v1/host/controls", json=said, headers=headers).status_code == 204
            client.post("/api/v1/host/controls", json=said | {"passed": True}, headers=headers)
    sql("update entries set status = 'DISQUALIFIED', status_reason = 'it read the host', rank = null where id = 2")
    sql("update boards set stale = true")
    judge(headers)


def meters(parts: list[tuple[str, int, bool]]) -> list[dict[str, Any]]:
    return [{"meter": meter, "energy_uj": energy_uj, "billed": billed} for meter, energy_uj, billed in parts]


def number(text: str) -> float | None:
    return float(text) if text else None


def expected(line: dict[str, str]) -> list[str]:
    """The first text of each cell that a page makes of a line."""
    columns = [name for name in line if name.startswith("unranked_") and name.endswith("_j")]
    texts = [line["rank"] or "–", line["name"].removeprefix("'"), joules(number(line["energy_j"])), bits(number(line["loss"]))]
    texts += [f"{line['runs_done']}/{line['runs_wanted']}", seconds(number(line["wall_s"]))]
    return texts + [joules(number(line[name])) for name in columns]


ADDRESSES = {
    "the board": ("/tracks/parity?board=rig", "/tracks/parity.csv?board=rig", 6),
    "its second page": ("/tracks/parity?board=rig&offset=4", "/tracks/parity.csv?board=rig&offset=4", 2),
    "by status": ("/tracks/parity?board=rig&status=qualified", "/tracks/parity.csv?board=rig&status=qualified", 4),
    "by name": ("/tracks/parity?board=rig&text=f", "/tracks/parity.csv?board=rig&text=f", 3),
    "by participant": ("/tracks/parity?board=rig&participant=by+1", "/tracks/parity.csv?board=rig&participant=by+1", 1),
    "within a budget": ("/tracks/parity?board=rig&budget=9", "/tracks/parity.csv?board=rig&budget=9", 2),
    "a version": (f"{VERSIONS}/10", f"{VERSIONS}/10.csv", 5),
    "the newest version": (f"{VERSIONS}/{{newest}}", f"{VERSIONS}/{{newest}}.csv", 6),
    "a version from its fourth entry on": (f"{VERSIONS}/{{newest}}?offset=3", f"{VERSIONS}/{{newest}}.csv?offset=3", 3),
    "a version past its end": (f"{VERSIONS}/{{newest}}?offset=50", f"{VERSIONS}/{{newest}}.csv?offset=50", 0),
}


def test_the_csv_equals_the_page(client: TestClient, board: None) -> None:
    newest = client.get(f"/api/v1{VERSIONS}").json()[0]["number"]
    for what, (page, sheet, count) in ADDRESSES.items():
        table = Table(client.get(page.format(newest=newest)).text)
        lines = list(csv.DictReader(io.StringIO(client.get(sheet.format(newest=newest)).text)))
        if not count:
            assert (lines, table.rows) == ([], [[["No entry stands here."]]]), what
            continue
        assert len(lines) == count, what
        assert [[cell[0] for cell in row] for row in table.rows] == [expected(line) for line in lines], what
        for place, (row, line) in enumerate(zip(table.rows, lines, strict=True)):
            assert row[1][1:] == [line["participant"], line["status"].lower().replace("_", " ")], what
            assert row[2][-1] == f"{joules(number(line['train_j']))} + {joules(number(line['score_j']))}", what
            note = table.notes.get(place, "")
            assert bool(note) == bool(line["flags"] or line["reason"]), what
            assert (line["reason"] or "") in note, what
            assert line["flags"].partition(" (runs")[0] in note, what


def test_a_meter_that_nobody_read_is_absent_and_never_0(client: TestClient, board: None) -> None:
    table = Table(client.get("/tracks/parity?board=rig").text)
    assert table.head == ["Rank", "Entry", "Joules", "Loss", "Runs", "Time a run", "nvml", "rapl", "shelly"]
    by_name = {row[1][0]: row for row in table.rows}
    assert by_name["=first"][8] == ["–"]
    assert by_name["fourth"][8] == ["10.5 J"]
    assert by_name["sixth"][8] == ["10.5 J", "2 of 3 runs"]
    entry = next(each for each in client.get("/api/v1/tracks/parity/boards/rig").json()["entries"] if each["name"] == "=first")
    assert [each["meter"] for each in entry["meters"]] == ["nvml", "rapl"]
    assert entry["meters"][0] == {"meter": "nvml", "energy_j": 2.4, "runs": 3, "billed": True, "modelled": False}
    first = next(csv.DictReader(io.StringIO(client.get("/tracks/parity.csv?board=rig").text)))
    assert (first["name"], first["unranked_part_nvml_j"], first["unranked_beside_shelly_j"]) == ("'=first", "2.4", "")


def test_columns_say_that_they_arent_ranked_and_only_those_are_there_that_somebody_has(client: TestClient, board: None) -> None:
    page = client.get("/tracks/parity?board=rig").text
    assert "GPU boards alone; a part of the bill, not ranked" in page
    assert "at the wall; beside the bill, not ranked" in page
    narrow = Table(client.get("/tracks/parity?board=rig&text=first").text)
    assert narrow.head[6:] == ["nvml", "rapl"]
