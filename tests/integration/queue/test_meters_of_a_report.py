"""What a host says of its other meters: taken if it adds up to the bill, kept with the run, shown beside it."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Account, report_of

BILL = {"meter": "rapl", "energy_uj": 4_000_000, "billed": True}
WALL = {"meter": "shelly", "energy_uj": 7_000_000, "billed": False}


@pytest.fixture
def reported(client: TestClient, host: Any, account: Callable[..., Account], submit: Any) -> Callable[..., Any]:
    headers = host("rig-1", "rig", "node-cpu")
    submit(account("Alice"))

    def post(train: Any, scoring: Any = None, **changes: Any) -> Any:
        claim = client.post("/api/v1/host/claims", headers=headers).json()
        said = report_of(claim["epoch"], **changes)
        for name, meters in (("train", train), ("score", scoring)):
            if said[name] is not None:
                said[name]["meters"] = meters
        return client.post(f"/api/v1/host/attempts/{claim['attempt_id']}/report", json=said, headers=headers)

    return post


def test_both_windows_of_a_meter_are_added_and_one_that_read_only_one_isnt_shown(client: TestClient, reported: Any) -> None:
    score = [BILL | {"energy_uj": 1_000_000}, WALL | {"energy_uj": 2_000_000}]
    assert reported([BILL, WALL, WALL | {"meter": "csv"}], score).status_code == 200
    (entry,) = client.get("/api/v1/tracks/parity/boards/rig").json()["entries"]
    assert entry["meters"] == [{"meter": "shelly", "energy_j": 9.0, "runs": 1, "billed": False, "modelled": False}]
    assert entry["wall_s"] == 1.0


def test_a_run_that_failed_in_training_has_its_meters_of_training(client: TestClient, reported: Any) -> None:
    assert reported([BILL, WALL], outcome="RUNTIME_ERROR", loss=None, score=None).status_code == 200
    (entry,) = client.get("/api/v1/tracks/parity/boards/rig").json()["entries"]
    assert entry["meters"][0]["energy_j"] == 7.0


WRONG = {
    "the parts don't add up to the bill": [BILL | {"energy_uj": 3_999_990}, WALL],
    "a meter twice": [BILL, WALL, WALL],
    "one alone": [BILL],
    "a strange name": [BILL, WALL | {"meter": "<b>"}],
    "a long name": [BILL, WALL | {"meter": "x" * 41}],
    "below nothing": [BILL, WALL | {"energy_uj": -1}],
    "a fraction": [BILL, WALL | {"energy_uj": 1.5}],
    "too many": [BILL, *(WALL | {"meter": f"m{place}"} for place in range(12))],
    "an unknown field": [BILL, WALL | {"watts": 1}],
}


@pytest.mark.parametrize("meters", WRONG.values(), ids=WRONG.keys())
def test_meters_that_cant_be_are_refused(reported: Any, meters: Any) -> None:
    assert reported(meters).status_code == 422


@pytest.fixture
def database_url(tmp_path: Any, request: pytest.FixtureRequest) -> str:
    """SQLite: JSON in a column is tried on both databases by test_version_numbers."""
    return f"sqlite:///{tmp_path / 'test.db'}"
