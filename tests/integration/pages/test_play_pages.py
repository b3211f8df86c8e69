"""The play page, its frame and its files: what they show, and which policies stand around the entry."""

import json
import struct

import numpy as np
import pytest
from fastapi.testclient import TestClient

BASE = "/tracks/webgpu-digits/play"


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
    answer = client.get(f"{BASE}/webgpu-js/files/entry.js")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["modelled.js", "limits.json", "vendor/wgsl_reflect.module.js"])
def test_what_carries_out_a_schedule_is_there_for_the_frame(client: TestClient, name: str) -> None:
    answer = client.get(f"/play/library/{name}")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
