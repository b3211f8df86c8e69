"""Bundles at the door."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from minjoule.bundle import MAX_ZIP_BYTES
from server.settings import Settings
from tests.conftest import ENTRY, Account, bundle_of
from tests.fakes.hints import FakeHints

OTHER = "import numpy as np\n\n\ndef train(data, *, seed):\n    return np.linalg.svd(data.inputs)[0].sum(axis=1).tobytes()\n"
Make = Callable[..., Account]


def put(client: TestClient, who: Account, content: bytes) -> tuple[int, dict[str, Any]]:
    answer = client.put("/api/v1/submissions", content=content, headers=who.headers)
    return answer.status_code, answer.json()


def count(sql: Callable[[str], Any], table: str) -> int:
    return int(sql(f"select count(*) from {table}")[0][0])


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


GOOD = {path: content for path, content in bundle_of().files.items()}
REFUSED = {
    "no zip": (b"hello", "no readable zip"),
    "no manifest": (zipped({"entry.py": b"x"}), "no entry.toml"),
    "unknown track": (bundle_of("nowhere").to_zip(), "there is no track 'nowhere'"),
    "path upwards": (zipped(GOOD | {"../evil.py": b"x"}), "isn't allowed"),
    "binary": (zipped(GOOD | {"weights.py": b"\x00\x01"}), "weights.py, line 1: a NUL byte"),
    "not UTF-8": (zipped(GOOD | {"latin.py": b"a\n\xe9"}), "latin.py, line 2: byte 0xe9"),
    "wrong type": (zipped(GOOD | {"entry.toml": b"name = 3"}), "track is missing"),
    "no entrypoint": (zipped({"entry.toml": GOOD["entry.toml"]}), "entrypoint entry.py, which isn't in the bundle"),
    "source cap": (bundle_of(junk=repr(list(range(3, 200_000, 7)))).to_zip(), "at most 3000 are allowed on track parity"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_an_inadmissible_upload_stores_nothing(
    client: TestClient, account: Make, host: Any, sql: Callable[[str], Any], content: bytes, said: str
) -> None:
    host()
    status, body = put(client, account("Alice"), content)
    assert status == 422
    assert said in body["error"]["message"]
    assert count(sql, "submissions") == count(sql, "runs") == count(sql, "entries") == 0


def test_an_upload_over_the_cap_is_refused(client: TestClient, account: Make, host: Any) -> None:
    host()
    status, body = put(client, account("Alice"), bytes(MAX_ZIP_BYTES + 1))
    assert status == 413
    assert str(MAX_ZIP_BYTES) in body["error"]["message"]


def test_without_an_account_nothing_is_taken(client: TestClient) -> None:
    assert client.put("/api/v1/submissions", content=bundle_of().to_zip()).status_code == 401


def test_a_track_that_no_host_serves_says_so(client: TestClient, account: Make) -> None:
    status, body = put(client, account("Alice"), bundle_of().to_zip())
    assert status == 409
    assert "no host serves track parity" in body["error"]["message"]


def test_a_submission_opens_its_runs_and_hints_their_host_class(
    client: TestClient, account: Make, host: Any, hints: FakeHints, submit: Any
) -> None:
    host()
    view = submit(account("Alice"))
    assert [run["state"] for run in view["runs"]] == ["QUEUED"] * 3
    assert hints.classes == ["test"]
    assert view["id"] == bundle_of().digest
    assert client.get(f"/api/v1/submissions/{view['id'][:8]}").json() == view


def test_the_same_digest_joins_the_same_submission(client: TestClient, account: Make, host: Any, submit: Any) -> None:
    host()
    alice, bob = account("Alice"), account("Bob")
    first, again = submit(alice), submit(bob)
    assert first["id"] == again["id"]
    assert again["participant"] == "Alice"
    assert len(again["runs"]) == 3


def test_a_spent_quota_says_what_is_left_and_when(client: TestClient, account: Make, host: Any, submit: Any, settings: Settings) -> None:
    host()
    client.app.state.settings = settings.model_copy(update={"quota_runs_per_day": 5, "lineage_runs_per_day": 5})  # type: ignore[attr-defined]
    alice = account("Alice")
    submit(alice)
    status, body = put(client, alice, bundle_of(name="second").to_zip())
    assert status == 429
    assert "used 3 of 5" in body["error"]["message"]
    assert "submit again after" in body["error"]["hint"]
    bob = account("Bob")
    status, body = put(client, bob, bundle_of(name="third", **{"entry.py": "# mine\n" + ENTRY}).to_zip())
    assert (status, "near-identical sources have together used 3 of 5" in body["error"]["message"]) == (429, True)
    assert put(client, bob, bundle_of(name="fourth", **{"entry.py": OTHER}).to_zip())[0] == 201


def test_two_accounts_and_one_digest_are_one_entry(client: TestClient, account: Make, host: Any, submit: Any) -> None:
    host()
    first, again = submit(account("Alice")), submit(account("Bob"))
    assert (again["id"], len(again["runs"]), again["participant"], again["also_by"]) == (first["id"], 3, "Alice", ["Bob"])
    assert "also sent by Bob" in client.get(f"/submissions/{first['id']}").text


def test_a_changed_comment_is_one_lineage_and_other_code_is_not(client: TestClient, account: Make, host: Any, submit: Any) -> None:
    host()
    views = [submit(account("Alice")), submit(account("Bob"), bundle_of(**{"entry.py": "# mine\n" + ENTRY}))]
    other = submit(account("Carol"), bundle_of(**{"entry.py": OTHER}))
    assert views[0]["lineage"] == views[1]["lineage"] != other["lineage"]
    assert (views[1]["lineage_size"], other["lineage_size"]) == (2, 1)


@pytest.mark.parametrize("digest", ["zzzzzzzz", "abc", "../../etc", "0" * 64])
def test_an_unknown_submission_is_not_found(client: TestClient, database: Any, digest: str) -> None:
    assert client.get(f"/api/v1/submissions/{digest}").status_code == 404
