"""Entries that a visitor may play in their own browser, and what they are played on: never a score.

The starter kit's examples, and submissions whose source is public. The instance is the server's, always the same and never one of a run's.
"""

import json
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from minjoule import browser_harness
from minjoule.bundle import Bundle, read_folder, read_zip
from minjoule.contract import SupervisedSet
from minjoule.entrypoints import WEBGPU
from minjoule.problems import PROBLEMS
from minjoule.problems.base import HeldOutExamples
from minjoule.tracks import TrackRules
from server.blobs import Blobs
from server.domain.errors import NotFound
from server.play import repository

EXAMPLES = Path(__file__).parents[2] / "starter_kit" / "examples"
LIBRARIES = (Path(browser_harness.__file__).parents[1] / "webgpu").resolve()
KEY = b"an instance for playing, no run "
PREFIX = re.compile(r"[0-9a-f]{8,64}")
DIGITS = 16
MOST_SHOWN = 20
MOST_STEPS = 200
"""Of a text's held-out streams a visitor is asked so many symbols: enough to see a loss settle."""


@dataclass(frozen=True, slots=True)
class Playable:
    """An entry of a track. ``slug`` is an example's folder or a submission's digest, cut short; ``by`` is None for an example."""

    slug: str
    name: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one that is played, with its source."""

    entry: Playable
    bundle: Bundle


@lru_cache(1)
def examples(folder: Path = EXAMPLES) -> dict[str, Bundle]:
    """Every shipped example, by its folder."""
    folders = sorted(path for path in folder.iterdir() if (path / "entry.toml").is_file()) if folder.is_dir() else []
    return {path.name: read_folder(path) for path in folders}


def check_browser(rules: TrackRules) -> None:
    """Raises NotFound for a track that runs elsewhere."""
    if rules.image != WEBGPU:
        raise NotFound(f"track {rules.slug} doesn't run in a browser", "the tracks whose names begin with webgpu do")


def shipped(rules: TrackRules) -> list[Playable]:
    """A track's examples."""
    own = {slug: bundle for slug, bundle in examples().items() if bundle.manifest.track == rules.slug}
    return [Playable(slug, bundle.manifest.name) for slug, bundle in own.items()]


def published(session: Session, rules: TrackRules) -> list[Playable]:
    """The submissions whose source became public last."""
    return [Playable(row.digest[:DIGITS], row.name, by) for row, by in repository.newest(session, rules.slug, MOST_SHOWN)]


def find(session: Session, blobs: Blobs, rules: TrackRules, entry: str) -> Chosen:
    """One of them, or any other whose source is public. Raises NotFound."""
    check_browser(rules)
    for each in shipped(rules):
        if each.slug == entry:
            return Chosen(each, examples()[entry])
    rows = repository.by_prefix(session, rules.slug, entry) if PREFIX.fullmatch(entry) else []
    if len(rows) != 1:
        raise NotFound(
            f"no entry {entry[:64]!r} of track {rules.slug} can be played",
            "choose one on the track's play page: an example, or a submission whose source is public, neither disqualified nor withdrawn",
        )
    ((row, by),) = rows
    return Chosen(Playable(row.digest[:DIGITS], row.name, by), read_zip(blobs.get(row.bundle_sha256)))


def address_of(session: Session, rules: TrackRules, digest: str) -> str | None:
    """Where anybody plays that submission; None where nobody may, or no browser can."""
    if rules.image != WEBGPU or not repository.by_prefix(session, rules.slug, digest):
        return None
    return f"/tracks/{rules.slug}/play?entry={digest[:DIGITS]}"


def file_of(chosen: Chosen, path: str) -> bytes:
    """A file of an entry. Raises NotFound."""
    files = chosen.bundle.files
    if path not in files:
        raise NotFound(f"{chosen.entry.slug} has no file {path[:80]!r}", f"it has {', '.join(files)}")
    return files[path]


def library(name: str) -> bytes:
    """A script of ours that carries out schedules. Raises NotFound."""
    path = (LIBRARIES / name).resolve()
    if not path.is_relative_to(LIBRARIES) or path.suffix not in (".js", ".json") or not path.is_file():
        raise NotFound(f"there's no script {name[:60]!r}", "the play page names those there are")
    return path.read_bytes()


@lru_cache(4)
def data(problem: str) -> bytes:
    """An instance, packed: the header's length (4 bytes, little-endian), the header (JSON), then its arrays, each at a multiple of 8."""
    instance = PROBLEMS[problem].draw(KEY)
    training, held_out = instance.training, instance.held_out
    if isinstance(training, SupervisedSet):
        given: dict[str, NDArray[np.generic]] = {"inputs": training.inputs, "labels": training.labels}
    else:
        given = {"symbols": training.symbols, "starts": training.starts.astype(np.uint32)}
    if isinstance(held_out, HeldOutExamples):
        asked: dict[str, NDArray[np.generic]] = {"asked": held_out.inputs, "truth": held_out.labels}
    else:
        asked = {"asked": held_out.symbols[: MOST_STEPS + 1]}
    return packed({"alphabet": instance.alphabet}, given | asked)


def packed(header: dict[str, object], arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """See ``data``."""
    body, places = b"", []
    for name, array in arrays.items():
        body += b"\0" * (-len(body) % 8)
        places.append({"name": name, "dtype": array.dtype.str, "shape": list(array.shape), "at": len(body)})
        body += np.ascontiguousarray(array).tobytes()
    said = json.dumps(header | {"arrays": places}).encode()
    said += b" " * (-(len(said) + 4) % 8)
    return struct.pack("<I", len(said)) + said + body
