"""Bring a text that can't be shipped onto this machine, as documents laid end to end: what ``datasets.imported`` reads.

Formats: ``wikitext`` (raw text, an article from each " = Title = " line), ``jsonl`` (one JSON object a line, its ``text``), ``gpt2-bin``
(shards of GPT-2 tokens as uint16 after a header of 256 int32, documents parted by <|endoftext|>; ``vocabulary`` is GPT-2's encoder.json).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minjoule.problems.datasets import DatasetError, folder

FORMATS = ("wikitext", "jsonl", "gpt2-bin")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
TITLE = re.compile(rb"^ = [^=\n].* = ?$")
GPT2_MAGIC, GPT2_VERSION, END_OF_TEXT = 20240520, 1, 50256
LEAST_DOCUMENTS = 10
MOST_DOCUMENT, MOST_SHARD = 1 << 26, 1 << 31
"""Bytes. A file without a title or a line break, or one of another kind, is refused before it fills the memory."""
GPT2_NATS = 3.28
"""GPT-2 small's loss on FineWeb, nats a token, as the speed runs for it take it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in. ``tokens`` is 0 where the format has none; bytes a token turn a loss in nats a token into bits a byte."""

    documents: int
    size: int
    sha256: str
    tokens: int


def bring_in(name: str, files: Sequence[Path], form: str, limit_bytes: int, vocabulary: Path | None = None) -> Imported:
    """Read, write, pin. Raises DatasetError."""
    if not NAME.fullmatch(name):
        raise DatasetError(f"the name is {name!r}: lower-case letters, digits and hyphens, at most 40")
    if form not in FORMATS:
        raise DatasetError(f"the format is {form!r}: known are {', '.join(FORMATS)}")
    counted = [0]
    found, size = [], 0
    for document in documents(files, form, vocabulary, counted):
        if size + len(document) > limit_bytes:
            break
        found.append(document)
        size += len(document)
    if len(found) < LEAST_DOCUMENTS:
        within = f"{len(found)} documents were found within {limit_bytes} bytes"
        raise DatasetError(f"{within}, at least {LEAST_DOCUMENTS} are due: is the format {form}, and the limit high enough?")
    text, starts = b"".join(found), np.cumsum([0] + [len(each) for each in found[:-1]], dtype=np.int64)
    digest = hashlib.sha256(text + starts.tobytes()).hexdigest()
    place = folder() / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "text.bin").write_bytes(text)
    np.save(place / "starts.npy", starts)
    (place / "sha256").write_text(digest + "\n")
    return Imported(len(found), size, digest, counted[0])


def documents(files: Sequence[Path], form: str, vocabulary: Path | None, counted: list[int]) -> Iterator[bytes]:
    """Every document of every file that isn't empty."""
    words = gpt2_words(vocabulary) if form == "gpt2-bin" else []
    for path in files:
        try:
            if form == "gpt2-bin":
                found = gpt2_documents(path, words, counted)
            else:
                found = wikitext_documents(path) if form == "wikitext" else jsonl_documents(path)
            yield from (document for document in found if document.strip())
        except OSError as error:
            raise DatasetError(f"{path} can't be read: {error.strerror}") from None


def wikitext_documents(path: Path) -> Iterator[bytes]:
    """Articles; what stands before the first title is one too. Raises DatasetError."""
    lines, size = list[bytes](), 0
    with path.open("rb") as source:
        while line := source.readline(MOST_DOCUMENT):
            if TITLE.match(line.rstrip(b"\n")) and lines:
                yield b"".join(lines)
                lines, size = [], 0
            lines.append(line)
            size += len(line)
            if size >= MOST_DOCUMENT:
                raise DatasetError(f'{path} has an article of {MOST_DOCUMENT} bytes or more: lines " = Title = " should part them')
    yield b"".join(lines)


def jsonl_documents(path: Path) -> Iterator[bytes]:
    """The ``text`` of each line. Raises DatasetError with the line."""
    with path.open("rb") as source:
        for number, line in enumerate(iter(lambda: source.readline(MOST_DOCUMENT), b""), 1):
            if len(line) == MOST_DOCUMENT:
                raise DatasetError(f"{path}, line {number} has {MOST_DOCUMENT} bytes or more: a JSON object a line is due")
            try:
                text = json.loads(line)["text"]
                yield text.encode() + b"\n"
            except (ValueError, KeyError, TypeError, AttributeError):
                raise DatasetError(f'{path}, line {number}: a JSON object with a string "text" is due') from None


def gpt2_documents(path: Path, words: Sequence[bytes], counted: list[int]) -> Iterator[bytes]:
    """Tokens as bytes again. Raises DatasetError."""
    if path.stat().st_size > MOST_SHARD:
        raise DatasetError(f"{path} has {path.stat().st_size} bytes, at most {MOST_SHARD} a shard are taken: part it")
    header = np.fromfile(path, dtype="<i4", count=256)
    if len(header) < 256 or (int(header[0]), int(header[1])) != (GPT2_MAGIC, GPT2_VERSION):
        raise DatasetError(f"{path} doesn't begin with the header of GPT-2 tokens (magic {GPT2_MAGIC}, version {GPT2_VERSION})")
    tokens = np.fromfile(path, dtype="<u2", offset=1024)
    if len(tokens) != header[2]:
        raise DatasetError(f"{path} holds {len(tokens)} tokens, its header says {header[2]}: fetch it again")
    if len(tokens) and int(tokens.max()) >= len(words):
        raise DatasetError(f"{path} holds token {int(tokens.max())}, the vocabulary has {len(words)}")
    for part in np.split(tokens, np.flatnonzero(tokens == END_OF_TEXT)):
        kept = part[part != END_OF_TEXT]
        counted[0] += len(kept)
        yield b"".join(words[token] for token in kept.tolist())


def gpt2_words(path: Path | None) -> list[bytes]:
    """The bytes of each token, from GPT-2's encoder.json, which writes bytes as printable characters. Raises DatasetError."""
    if path is None:
        raise DatasetError("format gpt2-bin needs the vocabulary: GPT-2's encoder.json")
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    byte_of = {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}
    try:
        table: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        words = [b""] * (max(table.values()) + 1)
        for word, token in table.items():
            words[token] = b"" if token == END_OF_TEXT else bytes(byte_of[char] for char in word)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path} isn't GPT-2's encoder.json: {type(error).__name__} {error}") from None
    return words
