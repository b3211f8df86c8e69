"""Records of hosts that sign: taken only if the signature and every field hold."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from minjoule import record
from server.clock import now
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from tests.conftest import Account, report_of

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
Headers = dict[str, str]


@pytest.fixture
def signing_host(database: Database, client: TestClient) -> Headers:
    with database.session() as session:
        code = hosts.issue_code(session, NewClass("test", "a test machine", "modelled-cpu-time", False), loopback_only=True, now=now())
    content = {"code": code, "name": "signer", "facts": {}, "public_key": record.public_key(KEY)}
    return {"authorization": f"Bearer {client.post('/api/v1/host/enrolments', json=content).json()['token']}"}


def claim(client: TestClient, headers: Headers) -> dict[str, Any]:
    given: dict[str, Any] = client.post("/api/v1/host/claims", headers=headers).json()
    return given


def signed(claimed: dict[str, Any], key: Ed25519PrivateKey = KEY, **changes: Any) -> dict[str, Any]:
    """An honest report with its record, or one in which the record's fields were changed before signing."""
    said = report_of(claimed["epoch"])
    shared: dict[str, Any] = {"losses": [said["loss"]], "instances": [said["instance_digest"]], "artifacts": [said["artifact_sha256"]]}
    said["sharing"] = {"floor_ns": "0", "expected_ns": "0", "train": 1, "score": 1} | shared
    log, trace = base64.b64decode(said["log_b64"]), base64.b64decode(said["trace_b64"])
    windows = {}
    for name in ("train", "score"):
        figures = {"energy_uj": said[name]["energy_uj"], "expanded_uj": None, "on_host_uj": None}
        windows[name] = {"begin_ns": str(said[name]["begin_ns"]), "end_ns": str(said[name]["end_ns"])} | figures
    content = {
        "schema": record.SCHEMA,
        "run": claimed["run_id"],
        "epoch": claimed["epoch"],
        "purpose": claimed["purpose"],
        "submission": claimed["submission_digest"],
        "seed": str(claimed["seed"]),
        "outcome": said["outcome"],
        "loss": said["loss"],
        "symbols": said["symbols"],
        "energy_uj": said["train"]["energy_uj"] + said["score"]["energy_uj"],
        "instance_sha256": said["instance_digest"],
        "sharing": said["sharing"],
        "windows": windows,
        "artifact": {"sha256": said["artifact_sha256"], "bytes": said["artifact_bytes"]},
        "log": {"sha256": record.sha256(log), "bytes": len(log), "truncated": False},
        "trace": {"sha256": record.sha256(trace), "bytes": len(trace)},
    }
    content |= changes
    canonical = record.canonical(content)
    return said | {"record_b64": base64.b64encode(canonical).decode(), "signature": record.sign(key, canonical)}


def post(client: TestClient, headers: Headers, claimed: dict[str, Any], content: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/host/attempts/{claimed['attempt_id']}/report", json=content, headers=headers)


def test_a_signed_result_is_countersigned_and_public(
    client: TestClient, signing_host: Headers, account: Callable[..., Account], submit: Callable[..., Any]
) -> None:
    submit(account("Alice"))
    claimed = claim(client, signing_host)
    answer = post(client, signing_host, claimed, signed(claimed))
    assert answer.status_code == 200, answer.text
    path = f"/api/v1/runs/{claimed['run_id']}"
    document = client.get(f"{path}/record").json()
    assert document["host"]["public_key"] == record.public_key(KEY)
    checks = record.verify(document, client.get(f"{path}/trace").content, client.get(f"{path}/log").content, client.get(path).json())
    assert [check.name for check in checks if not check.ok] == ["joules"], "the test's trace is no real one; all else holds"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"energy_uj": 1}, "the record says energy_uj = 1"),
        ({"loss": 0.01}, "the record says loss = 0.01"),
        ({"run": "another"}, 'the record says run = "another"'),
        ({"epoch": 7}, "the record says epoch = 7"),
        ({"submission": "c" * 64}, "the record says submission"),
        ({"seed": "1"}, "the record says seed"),
        ({"trace": {"sha256": "0" * 64, "bytes": 1}}, "the record says trace"),
        ({"artifact": {"sha256": "0" * 64, "bytes": 3}}, "the record says artifact"),
        ({"schema": "another"}, "the record says schema"),
        ({"sharing": None}, "the record says sharing"),
    ],
)
def test_a_record_that_says_something_else_than_the_report_is_refused(
    client: TestClient,
    signing_host: Headers,
    account: Callable[..., Account],
    submit: Callable[..., Any],
    change: dict[str, Any],
    said: str,
) -> None:
    submit(account("Alice"))
    claimed = claim(client, signing_host)
    refused = post(client, signing_host, claimed, signed(claimed, **change))
    assert refused.status_code == 422
    assert said in refused.json()["error"]["message"]
    assert client.get(f"/api/v1/runs/{claimed['run_id']}").json()["state"] == "RUNNING"
    assert post(client, signing_host, claimed, signed(claimed)).status_code == 200


def test_forged_foreign_missing_and_replayed_signatures_are_refused(
    client: TestClient, signing_host: Headers, account: Callable[..., Account], submit: Callable[..., Any]
) -> None:
    submit(account("Alice"))
    first = claim(client, signing_host)
    honest = signed(first)
    for content in (
        signed(first, OTHER),
        honest | {"signature": "00" * 64},
        honest | {"signature": "", "record_b64": ""},
        honest | {"record_b64": base64.b64encode(b"{}").decode()},
    ):
        refused = post(client, signing_host, first, content)
        assert refused.status_code == 422
        assert "isn't signed by the key of host signer" in refused.json()["error"]["message"]
    assert post(client, signing_host, first, honest).status_code == 200
    second = claim(client, signing_host)
    replayed = post(client, signing_host, second, honest | {"epoch": second["epoch"]})
    assert replayed.status_code == 422
    assert "the record says run" in replayed.json()["error"]["message"]


def test_a_host_without_a_key_is_shown_as_unsigned(
    client: TestClient,
    host: Callable[..., Any],
    account: Callable[..., Account],
    submit: Callable[..., Any],
    judge: Callable[..., list[str]],
) -> None:
    headers = host()
    submit(account("Alice"))
    done = judge(headers)
    answer = client.get(f"/api/v1/runs/{done[0]}/record")
    assert answer.status_code == 404
    assert "has no signed record" in answer.json()["error"]["message"]
