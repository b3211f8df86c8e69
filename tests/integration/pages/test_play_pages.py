"""The play page, its frame and its files: what they show, and which policies stand around the entry."""

import json
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from minjoule.bundle import read_folder
from server.play.service import EXAMPLES
from tests.conftest import Account

BASE = "/tracks/webgpu-digits/play"
OF_A_FRAME = {"origin": "null"}
PUBLISH = "update submissions set source_public_at = '2026-01-01 00:00:00'"


@pytest.fixture
def database_url(tmp_path: object) -> str:
    return f"sqlite:///{tmp_path}/test.db"


def test_the_play_page_says_that_it_is_no_score_and_shows_the_source(client: TestClient) -> None:
    answer = client.get(BASE)
    assert answer.status_code == 200
    assert "This is not a score." in answer.text
    assert "mlp.wgsl" in answer.text
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]


def test_the_frame_is_sandboxed_even_when_it_is_opened_by_itself(client: TestClient) -> None:
    policy = client.get(f"{BASE}/webgpu-js/frame").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert f"connect-src http://testserver{BASE}/webgpu-js/files/ http://testserver/play/library/;" in policy


@pytest.mark.parametrize(("said", "status"), [("iframe", 200), ("document", 303), ("frame", 303), ("embed", 303)])
def test_the_frame_is_given_to_a_frame_alone(client: TestClient, said: str, status: int) -> None:
    answer = client.get(f"{BASE}/webgpu-js/frame", headers={"sec-fetch-dest": said}, follow_redirects=False)
    assert answer.status_code == status


NOWHERE = [
    f"{BASE}?entry=digits-mlp",
    f"{BASE}/digits-mlp/frame",
    f"{BASE}/webgpu-js/files/nothing.wgsl",
    f"{BASE}/webgpu-js/files/..%2Fentry.js",
    "/tracks/digits/play",
    "/tracks/nope/play",
    "/tracks/digits/play/data",
    "/play/library/..%2Fschedule.py",
    "/play/library/nothing.js",
]


@pytest.mark.parametrize("path", NOWHERE)
def test_what_cannot_be_played_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_data_is_an_instance_as_packed_arrays(client: TestClient) -> None:
    content = client.get(f"{BASE}/data").content
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    places = {each["name"]: each for each in header["arrays"]}
    assert set(places) == {"inputs", "labels", "asked", "truth"}
    labels = np.frombuffer(content, np.uint8, places["labels"]["shape"][0], 4 + length + places["labels"]["at"])
    assert set(labels.tolist()) == set(range(header["alphabet"]))
    assert (4 + length + places["inputs"]["at"]) % 8 == 0


def test_files_and_scripts_may_be_read_by_the_frame_of_no_origin(client: TestClient) -> None:
    answer = client.get(f"{BASE}/webgpu-js/files/entry.js", headers=OF_A_FRAME)
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["modelled.js", "limits.json", "vendor/wgsl_reflect.module.js"])
def test_what_carries_out_a_schedule_is_there_for_the_frame(client: TestClient, name: str) -> None:
    answer = client.get(f"/play/library/{name}")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.parametrize("headers", [{}, {"origin": "http://testserver"}, {"origin": "https://elsewhere.example"}])
def test_nobody_but_a_frame_of_no_origin_gets_a_file_to_run(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get(f"{BASE}/webgpu-js/files/entry.js", headers=headers)
    assert answer.status_code == 403
    assert "its frame alone" in answer.text


@pytest.fixture
def sent(account: Callable[..., Account], host: Callable[..., dict[str, str]], submit: Callable[..., dict[str, Any]]) -> str:
    """The digest of a submission whose source is still its owner's."""
    host()
    digest: str = submit(account("ada"), read_folder(EXAMPLES / "webgpu-js"))["id"]
    return digest


def plays(client: TestClient, digest: str) -> set[int]:
    """Statuses of the page, the frame and a file."""
    name = digest[:16]
    addresses = [f"{BASE}?entry={name}", f"{BASE}/{name}/frame", f"{BASE}/{name}/files/entry.js"]
    return {client.get(address, headers=OF_A_FRAME).status_code for address in addresses}


def test_a_submission_is_played_once_its_source_is_public_and_no_sooner(client: TestClient, sent: str, sql: Callable[[str], Any]) -> None:
    assert plays(client, sent) == {404}
    assert (sent[:16] in client.get(BASE).text, "Play it" in client.get(f"/submissions/{sent}").text) == (False, False)
    sql(PUBLISH)
    assert plays(client, sent) == {200}
    assert f"/play?entry={sent[:16]}" in client.get(BASE).text
    assert f'href="{BASE}?entry={sent[:16]}"' in client.get(f"/submissions/{sent}").text
    page = client.get(f"{BASE}?entry={sent[:16]}").text
    assert "Sent by ada" in page
    assert client.get(re.search(r"/submissions/[0-9a-f]+", page)[0]).status_code == 200  # type: ignore[index]


@pytest.mark.parametrize("status", ["DISQUALIFIED", "WITHDRAWN"])
def test_what_a_board_has_put_out_is_not_played(client: TestClient, sent: str, sql: Callable[[str], Any], status: str) -> None:
    sql(PUBLISH)
    sql(f"update entries set status = '{status}'")
    assert plays(client, sent) == {404}
    assert "Play it" not in client.get(f"/submissions/{sent}").text


def test_a_submission_is_played_on_its_own_track_alone(client: TestClient, sent: str, sql: Callable[[str], Any]) -> None:
    sql(PUBLISH)
    assert client.get(f"/tracks/webgpu-kjv/play?entry={sent[:16]}").status_code == 404
    assert client.get(f"{BASE}?entry={sent[:7]}").status_code == 404


def test_the_frame_of_a_submission_reaches_that_submissions_files_alone(client: TestClient, sent: str, sql: Callable[[str], Any]) -> None:
    sql(PUBLISH)
    policy = client.get(f"{BASE}/{sent[:16]}/frame").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert f"connect-src http://testserver{BASE}/{sent[:16]}/files/ http://testserver/play/library/;" in policy
