"""``minjoule-admin track`` and ``dataset``, by the real commands: what they do, and what they refuse in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from minjoule import tracks as shipped
from minjoule.problems import datasets, importing
from server.cli import app
from server.db.session import Database
from tests.conftest import Account

TOML = shipped.shipped()["parity"]
RULES = shipped.parse_track(TOML)
NEXT = TOML.replace(f"rules_version = {RULES.rules_version}", f"rules_version = {RULES.rules_version + 1}")
BASELINE = """
import numpy as np
def train(data, *, seed): return bytes([seed % 256])
class Model:
    def reset(self, streams): pass
    def predict(self, inputs): return np.zeros((len(inputs), 2), np.float32)
def load(artifact): return Model()
"""


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    """Commands don't depend on the database's kind: SQLite alone."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def said(database: Database) -> Callable[..., tuple[int, str]]:
    """Exit code and everything that a command says; among it that a hint was lost, for nobody listens at this broker."""

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, " ".join(result.output.split())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(content: str | bytes, name: str = "track.toml") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def test_every_track_is_listed_with_its_target(said: Any) -> None:
    code, text = said("track", "list")
    assert code == 0
    for slug in shipped.shipped():
        assert slug in text
    assert f"parity target {RULES.target_loss:g} {RULES.unit}, {RULES.runs} runs" in text


def test_a_new_track_is_applied_and_has_a_page(said: Any, file: Any, client: TestClient) -> None:
    code, text = said("track", "apply", file(TOML.replace('slug = "parity"', 'slug = "parity-two"')))
    assert (code, text) == (0, f"track parity-two: target 0.35 {RULES.unit}, 3 runs, rules version {RULES.rules_version}")
    assert client.get("/tracks/parity-two/rules").status_code == 200


def test_a_change_that_alters_scores_runs_live_entries_anew(
    said: Any, file: Any, account: Callable[..., Account], host: Any, submit: Any, judge: Any
) -> None:
    host()
    submit(account("Alice"))
    changed = file(NEXT.replace("target_loss = 0.35", "target_loss = 0.4"))
    assert said("track", "apply", changed) == (2, "the text has 0 characters: 10 to 1000 printable ones are due: it's public")
    code, text = said("track", "apply", changed, "--reason", "calibrated on more baselines")
    assert (code, "target_loss changed: 1 live entries run anew" in text) == (0, True)


WRONG = {
    "unknown boundary": (TOML.replace("node-cpu", "node-gpu"), "unknown boundary 'node-gpu'; known are node-cpu"),
    "target isn't finite": (TOML.replace("target_loss = 0.35", "target_loss = nan"), "target_loss is nan: a finite number above 0 is due"),
    "target is infinite": (TOML.replace("target_loss = 0.35", "target_loss = inf"), "target_loss is inf: a finite number above 0"),
    "version doesn't rise": (TOML.replace("target_loss = 0.35", "target_loss = 0.4"), "a changed file needs version"),
    "no TOML": ("slug = \n", "the track's file is wrong"),
    "no UTF-8": (b"slug = \xff", "isn't UTF-8 (byte 7): save it as UTF-8"),
    "huge": ("# " + "x" * (1 << 20), "has 1048578 bytes, at most 1048576 are taken"),
}


@pytest.mark.parametrize(("content", "told"), WRONG.values(), ids=list(WRONG))
def test_a_track_file_that_is_wrong_changes_nothing(said: Any, file: Any, client: TestClient, content: str, told: str) -> None:
    before = client.get("/api/v1/tracks/parity").json()
    code, text = said("track", "apply", file(content), "--reason", "a reason in public")
    assert code == 2
    assert told in text
    assert client.get("/api/v1/tracks/parity").json() == before


def test_a_file_that_is_not_there_is_named(said: Any, tmp_path: Path) -> None:
    code, text = said("track", "apply", str(tmp_path / "none.toml"))
    assert (code, "none.toml can't be read: No such file or directory. Name a track's TOML file" in text) == (2, True)


def test_a_season_is_opened_closed_and_then_its_rules_stay(said: Any, file: Any, host: Any, client: TestClient, sql: Any) -> None:
    host()
    code, text = said("track", "season", "parity", "2030-01-01", "--since", "2026-01-01")
    assert (code, text) == (0, "season 1 of track parity takes submissions from 2026-01-01 00:00 until 2030-01-01 00:00 UTC")
    code, text = said("track", "close", "parity")
    assert (code, "takes submissions until 2030-01-01 00:00 UTC: close it then" in text) == (2, True)
    sql("update seasons set closes_at = '2026-02-01 00:00:00'")
    assert said("track", "close", "parity") == (0, "track parity is closed: 0 fresh runs are queued for the first ten of its boards")
    assert "Nobody qualified" not in client.get("/tracks/parity/seasons/1").text
    code, text = said("track", "close", "parity")
    assert (code, "season 1 of track parity was closed" in text) == (2, True)
    sql("delete from finals")
    code, text = said("track", "apply", file(NEXT.replace("target_loss = 0.35", "target_loss = 0.4")), "--reason", "a harder target")
    assert (code, "season 1 is closed, and a change of target_loss would change its scores: open the next season" in text) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("season", "parity", "2020-01-01"), "the deadline 2020-01-01 00:00 UTC is in the past: now it's"),
        (("season", "nope", "2030-01-01"), "there is no track 'nope': the tracks are:"),
        (("close", "parity"), "track parity has no season: `minjoule-admin track season` opens one"),
        (("close", "nope"), "there is no track 'nope'"),
        (("calibrate", "nope"), "there is no shipped track 'nope': they are"),
    ],
)
def test_what_makes_no_sense_is_refused(said: Any, words: tuple[str, ...], told: str) -> None:
    code, text = said("track", *words)
    assert code == 2
    assert told in text


@pytest.mark.parametrize(
    ("words", "name"), [(("season", "parity", "tomorrow"), "until"), (("calibrate", "parity", "--times", "1"), "times")]
)
def test_a_word_that_is_no_instant_or_number_is_named(said: Any, words: tuple[str, ...], name: str) -> None:
    code, text = said("track", *words)
    assert (code, name in text.lower(), "error" in text.lower()) == (2, True, True)


def test_a_calibration_runs_the_baselines_and_writes_its_log(said: Any, tmp_path: Path) -> None:
    entry = tmp_path / "guess"
    entry.mkdir()
    (entry / "entry.py").write_text(BASELINE)
    manifest = 'name = "guess"\ntrack = "TRACK"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "d"\n'
    (entry / "entry.toml").write_text(manifest.replace("TRACK", "digits"))
    code, text = said("track", "calibrate", "parity", "--entry", str(entry))
    assert (code, "none of the folders holds an entry for track parity" in text) == (2, True)
    (entry / "entry.toml").write_text(manifest.replace("TRACK", "parity"))
    code, text = said("track", "calibrate", "parity", "--times", "2", "--entry", str(entry), "--log", str(tmp_path / "log.md"))
    assert (code, "guess: loss 1.0000, scatter 0.0000 over 2 instances" in text) == (0, True)
    log = (tmp_path / "log.md").read_text()
    assert log.startswith("# Calibration of parity")
    assert "Proposed: target" in log


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINJOULE_DATASETS", str(tmp_path / "datasets"))
    datasets.imported.cache_clear()
    return tmp_path / "datasets"


def samples() -> dict[str, bytes]:
    """A small file of each format."""
    tokens = np.array(([50256] + [0, 1, 2, 3] * 50) * 20, dtype="<u2")
    header = np.zeros(256, dtype="<i4")
    header[:3] = importing.GPT2_MAGIC, importing.GPT2_VERSION, len(tokens)
    return {
        "wikitext": "".join(f" = Article {n} = \n\n Words of article {n} .\n" for n in range(20)).encode(),
        "jsonl": "".join(json.dumps({"text": f"document {n}"}) + "\n" for n in range(20)).encode(),
        "gpt2-bin": header.tobytes() + tokens.tobytes(),
    }


@pytest.mark.parametrize("form", importing.FORMATS)
def test_a_sample_of_each_format_is_imported_and_a_corrupted_one_is_not(said: Any, file: Any, place: Path, form: str) -> None:
    table = {word.replace(" ", "\u0120"): token for token, word in enumerate(["the", " cat", " sat", "."])} | {"<|endoftext|>": 50256}
    words = ("--format", form, "--vocabulary", file(json.dumps(table), "encoder.json"))
    content = samples()[form]
    code, text = said("dataset", "import", "sample", file(content, "data"), *words)
    assert (code, "sample: 20 documents" in text) == (0, True)
    assert ("bytes a token" in text) == (form == "gpt2-bin")
    assert len(datasets.imported("sample")[1]) == 20
    for damaged in (b"", b"\x00\xff" * 700, content[: len(content) // 3]):
        code, text = said("dataset", "import", "other", file(damaged, "data"), *words)
        assert (code, "nothing was imported: " in text) == (2, True)
    assert not (place / "other").exists()


def test_an_import_of_nothing_or_under_a_bad_name_is_refused(said: Any, file: Any, place: Path) -> None:
    code, text = said("dataset", "import", "sample", str(place / "none.txt"))
    assert (code, "can't be read: No such file or directory" in text) == (2, True)
    code, text = said("dataset", "import", "../sample", file(b"", "data"))
    assert (code, "the name is '../sample'" in text) == (2, True)
    code, text = said("dataset", "import", "sample", file(b"", "data"), "--format", "parquet")
    assert (code, "known are wikitext, jsonl, gpt2-bin" in text) == (2, True)
    code, text = said("dataset", "import", "sample", file(b"", "data"), "--format", "gpt2-bin")
    assert (code, "needs the vocabulary" in text) == (2, True)
