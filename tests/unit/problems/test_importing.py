"""Texts that can't be shipped: each format from a small made sample, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from minjoule import tracks
from minjoule.problems import datasets, importing, problem_of
from minjoule.problems.base import HeldOutStreams
from minjoule.problems.datasets import DatasetError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINJOULE_DATASETS", str(tmp_path / "datasets"))
    datasets.imported.cache_clear()
    return tmp_path


def wikitext(place: Path) -> Path:
    articles = "".join(f" = Article {n} = \n\n Words of article {n} .\n\n = = Part = = \n\n{' and more' * 60}\n" for n in range(40))
    path = place / "wiki.train.raw"
    path.write_text(articles)
    return path


def gpt2(place: Path) -> tuple[Path, Path]:
    """A shard and a vocabulary of the same format, small: bytes as GPT-2 writes them (a blank is U+0120)."""
    table = {word.replace(" ", "\u0120"): token for token, word in enumerate(["the", " cat", " sat", "."])} | {"<|endoftext|>": 50256}
    vocabulary = place / "encoder.json"
    vocabulary.write_text(json.dumps(table))
    tokens = np.array(([50256] + [0, 1, 2, 3] * 50) * 20, dtype="<u2")
    header = np.zeros(256, dtype="<i4")
    header[:3] = importing.GPT2_MAGIC, importing.GPT2_VERSION, len(tokens)
    path = place / "shard.bin"
    path.write_bytes(header.tobytes() + tokens.tobytes())
    return path, vocabulary


def test_wikitext_is_parted_into_articles_and_drawn_from(place: Path) -> None:
    found = importing.bring_in("wikitext103", [wikitext(place)], "wikitext", 10**9)
    assert found.documents == 40
    text, starts = datasets.imported("wikitext103")
    assert text[starts[7] :].startswith(b" = Article 7 = ")
    problem = problem_of(tracks.parse_track(tracks.shipped()["wikitext103"]))
    one, again = problem.draw(bytes(32)), problem.draw(bytes(32))
    assert one.digest == again.digest != problem.draw(b"\1" * 32).digest
    assert isinstance(one.held_out, HeldOutStreams)


def test_gpt2_tokens_become_bytes_again(place: Path) -> None:
    shard, vocabulary = gpt2(place)
    found = importing.bring_in("fineweb-gpt2", [shard], "gpt2-bin", 10**9, vocabulary)
    assert (found.documents, found.tokens) == (20, 4000)
    assert datasets.imported("fineweb-gpt2")[0].startswith(b"the cat sat.the cat")


def test_lines_of_json_are_documents_and_the_limit_holds(place: Path) -> None:
    path = place / "a.jsonl"
    path.write_text("".join(json.dumps({"text": f"document {n}" * 10}) + "\n" for n in range(30)))
    assert importing.bring_in("x", [path], "jsonl", 2000).documents < 30
    path.write_text('{"text": 5}\n')
    with pytest.raises(DatasetError, match=r"line 1: a JSON object"):
        importing.bring_in("x", [path], "jsonl", 2000)


def test_what_is_not_there_or_was_changed_is_refused(place: Path) -> None:
    with pytest.raises(DatasetError, match="dataset import nothing"):
        datasets.imported("nothing")
    importing.bring_in("wikitext103", [wikitext(place)], "wikitext", 10**9)
    (place / "datasets" / "wikitext103" / "text.bin").write_bytes(b"changed")
    with pytest.raises(DatasetError, match="pinned is"):
        datasets.imported("wikitext103")


@pytest.mark.parametrize(
    ("name", "form", "said"), [("../x", "wikitext", "the name is"), ("x", "parquet", "known are"), ("x", "gpt2-bin", "encoder.json")]
)
def test_bad_names_and_formats_are_refused(place: Path, name: str, form: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        importing.bring_in(name, [wikitext(place)], form, 1000)


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("wikitext", b"x" * 5000, r"an article of 1000 bytes or more: lines .* should part them"),
        ("wikitext", b"no title\n" * 500, r"an article of 1000 bytes or more"),
        ("jsonl", b'{"text": "' + b"x" * 5000 + b'"}\n', r"line 1 has 1000 bytes or more: a JSON object a line is due"),
        ("jsonl", b'{"text": "a"}\n{"text"\n', r"line 2: a JSON object"),
        ("jsonl", b"\x1f\x8b\x08\x00 packed", r"line 1: a JSON object"),
        ("gpt2-bin", b"x" * 5000, r"has 5000 bytes, at most 2000 a shard are taken: part it"),
    ],
)
def test_a_huge_or_corrupted_file_is_refused_before_it_fills_the_memory(
    place: Path, monkeypatch: pytest.MonkeyPatch, form: str, content: bytes, said: str
) -> None:
    _, vocabulary = gpt2(place)
    monkeypatch.setattr(importing, "MOST_DOCUMENT", 1000)
    monkeypatch.setattr(importing, "MOST_SHARD", 2000)
    (path := place / "file").write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        importing.bring_in("x", [path], form, 10**9, vocabulary)


def test_a_limit_that_leaves_too_little_says_so(place: Path) -> None:
    with pytest.raises(DatasetError, match="0 documents were found within 10 bytes, at least 10 are due"):
        importing.bring_in("x", [wikitext(place)], "wikitext", 10)


def test_a_cut_shard_is_refused(place: Path) -> None:
    shard, vocabulary = gpt2(place)
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(DatasetError, match="its header says"):
        importing.bring_in("x", [shard], "gpt2-bin", 10**9, vocabulary)
    shard.write_bytes(b"no header")
    with pytest.raises(DatasetError, match="doesn't begin with"):
        importing.bring_in("x", [shard], "gpt2-bin", 10**9, vocabulary)
