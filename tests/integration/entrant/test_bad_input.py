"""What entrants do wrong, by the real command: its exit code, and a message with what, the value, the limit and what to do."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from server.launcher import free_port
from tests.stack import EXAMPLES, Stack

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]
MANIFEST = 'name = "x"\ntrack = "parity"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "d"\n'
MODEL = """
import numpy as np
def train(data, *, seed): {train}
class Model:
    def reset(self, streams): pass
    def predict(self, inputs): return {logits}
def load(artifact): return Model()
"""
Folder = Callable[..., Path]
REFUSED_HERE = {
    "no manifest": ({"entry.toml": None}, r"no entry\.toml at the top .*seen: entry\.py.*minjoule init"),
    "no TOML": ({"entry.toml": "name = \n"}, r"entry\.toml, line 1: no valid TOML"),
    "wrong type": ({"entry.toml": MANIFEST.replace('"MIT"', "3")}, r"line 4: license is int \(3\), a string in quotes is due"),
    "unknown key": ({"entry.toml": MANIFEST + "joules = 1\n"}, r"line 6: unknown key 'joules'; known are name, track"),
    "no entrypoint": ({"entry.py": None}, r"names the entrypoint entry\.py, which isn't in the bundle: add it"),
    "too large": ({"big.txt": "x" * (1 << 20) + "x"}, r"big\.txt has 1048577 bytes, at most 1048576 a file"),
    "too many bytes": ({f"{i}.txt": "x" * (1 << 20) for i in range(3)}, r"more than \d+ files or 2097152 bytes .*source only"),
    "binary": ({"weights.bin": b"a\nb\0c"}, r"weights\.bin, line 2: a NUL byte: .*no binary files"),
    "no UTF-8": ({"notes.txt": b"caf\xe9\n"}, r"notes\.txt, line 1: byte 0xe9 is no UTF-8: save the file as UTF-8"),
}
FAILS = {
    "train raises": ("raise ValueError('boom')", "None", "RUNTIME_ERROR", r"ValueError: boom"),
    "train returns no bytes": ("return 3", "None", "BAD_ARTIFACT", r"train\(\) returned int, bytes are due"),
    "train returns nothing": ("return b''", "None", "BAD_ARTIFACT", r"returned 0 bytes; between 1 and 26000 are allowed"),
    "artifact over the cap": ("return b'x' * 26001", "None", "BAD_ARTIFACT", r"26001 bytes; between 1 and 26000 are allowed"),
    "wrong shape": ("return b'x'", "np.zeros((1, 3), np.float32)", "SCORING_ERROR", r"shape \(1, 3\), \(\d+, 2\) is due"),
    "wrong dtype": ("return b'x'", "np.zeros((len(inputs), 2), int)", "SCORING_ERROR", r"dtype int64, float32 is due"),
    "NaN": (
        "return b'x'",
        "np.full((len(inputs), 2), np.nan, np.float32)",
        "SCORING_ERROR",
        r"nan in stream 0: every logit must be finite",
    ),
}


@pytest.mark.parametrize("command", ["try", "submit"])
@pytest.mark.parametrize(("files", "said"), REFUSED_HERE.values(), ids=list(REFUSED_HERE))
def test_a_bundle_that_cannot_be_admitted_is_refused_before_anything_is_sent(
    stack: Stack, folder: Folder, command: str, files: dict[str, str], said: str
) -> None:
    before = stack.get("/submissions")
    done = stack.minjoule(command, str(folder(**files)), "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(said, done.stderr), done.stderr
    assert stack.get("/submissions") == before


@pytest.mark.parametrize(("train", "logits", "outcome", "said"), FAILS.values(), ids=list(FAILS))
def test_what_the_entrants_code_does_wrong_is_told_alike_by_try_and_by_the_judge(
    stack: Stack, folder: Folder, train: str, logits: str, outcome: str, said: str
) -> None:
    source = "print('a line of mine')\n" + MODEL.format(train=train, logits=logits)
    place = folder(**{"entry.py": source})
    tried = stack.minjoule("try", str(place), "--json")
    assert tried.returncode == 1, tried.stderr
    verdict = json.loads(tried.stdout)
    assert (verdict["outcome"], verdict["loss"]) == (outcome, None)
    assert re.search(said, verdict["message"]), verdict["message"]
    judged = stack.minjoule("submit", str(place), "--json")
    assert judged.returncode == 1, judged.stderr
    for run in json.loads(judged.stdout)["runs"]:
        assert (run["outcome"], run["loss"]) == (outcome, None)
        assert run["energy_j"] > 0
        assert re.search(said, run["message"]), run["message"]
        log = httpx.get(f"{stack.url}/api/v1/runs/{run['id']}/log", timeout=10).text
        assert "a line of mine" in log, "a failed run keeps its log"


def test_an_unknown_track_is_a_wrong_use(stack: Stack, folder: Folder) -> None:
    place = folder("no-such-track")
    for command in ("try", "submit"):
        done = stack.minjoule(command, str(place), "--json")
        assert done.returncode in (1, 2), done.stderr
        assert re.search(r"no track 'no-such-track'.*\n?.*parity", done.stderr), done.stderr


def test_a_source_over_the_tracks_cap_names_size_and_cap(stack: Stack, folder: Folder) -> None:
    noise = "\n".join(f"# {os.urandom(30).hex()}" for _ in range(200))
    done = stack.minjoule("submit", str(folder(**{"noise.py": noise})), "--json")
    assert done.returncode == 1
    assert re.search(r"compress(es|ed) to \d+ bytes.*3000", done.stderr), done.stderr


@pytest.mark.parametrize("token", ["mj_cli_000000000000_nonsense", "not a token at all"])
def test_a_token_that_does_not_hold_says_how_to_get_one(stack: Stack, folder: Folder, token: str) -> None:
    done = run({"MINJOULE_SERVER": stack.url, "MINJOULE_TOKEN": token}, "submit", str(folder()))
    assert done.returncode == 2
    assert "minjoule login" in done.stderr


def test_an_expired_token_says_when_and_how_to_get_another(stack: Stack, folder: Folder) -> None:
    with sqlite3.connect(stack.folder / "minjoule.db") as database:
        database.execute("update api_tokens set expires_at = '2026-01-02 03:04:05'")
    try:
        done = stack.minjoule("submit", str(folder()))
    finally:
        with sqlite3.connect(stack.folder / "minjoule.db") as database:
            database.execute("update api_tokens set expires_at = '2036-01-02 03:04:05'")
    assert done.returncode == 2
    assert re.search(r"token expired on 2026-01-02 03:04 UTC\n.*minjoule login", done.stderr), done.stderr


def test_nobody_logged_in_is_told_so(folder: Folder, tmp_path: Path) -> None:
    done = run({"XDG_CONFIG_HOME": str(tmp_path)}, "submit", str(folder()))
    assert done.returncode == 2
    assert "you aren't logged in: run `minjoule login`" in done.stderr


@pytest.mark.parametrize("words", [["submit", str(EXAMPLES / "parity-walsh")], ["board", "parity"], ["watch", "x"], ["runs"]])
def test_a_server_that_cannot_be_reached_is_our_fault_and_named(words: list[str]) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    done = run({"MINJOULE_SERVER": server, "MINJOULE_TOKEN": "mj_cli_a_b"}, *words)
    assert done.returncode == 3
    assert re.search(rf"{server} can't be reached .*is the address right", done.stderr), done.stderr


def test_a_spent_quota_names_use_limit_and_when_it_is_over(stack: Stack, folder: Folder) -> None:
    form = {"name": "Bob", "password": "a long password"}
    httpx.post(f"{stack.url}/sign-up", data=form, headers={"sec-fetch-site": "same-origin"}, timeout=10)
    token = httpx.post(f"{stack.url}/api/v1/tokens", json=form | {"label": "test"}, timeout=10).json()["token"]
    place = folder("digits")
    ends = []
    for number in range(7):
        (place / "entry.py").write_text(f"def train(data, *, seed):\n    raise ValueError({number})\n")
        ends.append(run({"MINJOULE_SERVER": stack.url, "MINJOULE_TOKEN": token}, "submit", str(place), "--no-follow"))
    assert [each.returncode for each in ends] == [0] * 6 + [2]
    assert re.search(r"needs 10 runs; you have used 60 of 60 within 24 hours\nsubmit again after 20", ends[-1].stderr), ends[-1].stderr
    mine = httpx.get(f"{stack.url}/api/v1/submissions", params={"mine": "true"}, headers={"authorization": f"Bearer {token}"}, timeout=10)
    assert len(mine.json()) == 6


def test_a_member_submits_in_the_teams_name_and_sees_both_quotas(stack: Stack, folder: Folder) -> None:
    form = {"name": "Tess", "password": "a long password"}
    httpx.post(f"{stack.url}/sign-up", data=form, headers={"sec-fetch-site": "same-origin"}, timeout=10)
    token = httpx.post(f"{stack.url}/api/v1/tokens", json=form | {"label": "test"}, timeout=10).json()["token"]
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.post(f"{stack.url}/api/v1/teams", json={"name": "Wal & Sher"}, headers=headers, timeout=10).status_code == 201
    place, own = str(folder("digits")), {"MINJOULE_SERVER": stack.url, "MINJOULE_TOKEN": token}
    foreign = run(own, "submit", place, "--team", "Others", "--no-follow")
    assert foreign.returncode == 2
    assert "you aren't a member of a team 'Others'\nyour team is Wal & Sher" in foreign.stderr
    sent = run(own, "submit", place, "--team", "wal & sher", "--no-follow")
    assert (sent.returncode, "of Wal & Sher on track digits" in sent.stdout) == (0, True), sent.stderr
    said = json.loads(run(own, "quota", "--json").stdout)
    assert (said["quota"]["runs_used"], said["team"]["quota"]["runs_used"], said["quota"]["next_allowed_at"]) == (10, 10, None)
    listed = json.loads(run(own, "runs", "--json").stdout)  # its joules may have grown meanwhile
    assert [each["participant"] for each in listed["submissions"]] == [listed["team"]["name"]] == ["Wal & Sher"]
    assert (listed["quota"]["runs_used"], listed["team"]["quota"]["runs_used"]) == (10, 10)
    lines = run(own, "runs").stdout.splitlines()[-2:]
    assert [line.split(" and ")[0] for line in lines[:1]] == ["quota: you used 10 of 60 runs"]
    assert lines[1].startswith("quota: team Wal & Sher used 10 of 60 runs and ")


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MINJOULE_")}
    line = [sys.executable, "-c", "from minjoule.cli import main; main()", *words]
    return subprocess.run(line, env=clean | environment, capture_output=True, text=True, check=False, timeout=60)
