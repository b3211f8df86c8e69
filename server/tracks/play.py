"""Entries that a visitor may play in their own browser, and what they are played on: never a score.

Only the starter kit's own examples: their source is public. The instance is the server's, always the same and never one of a run's.
"""

import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minjoule import browser_harness
from minjoule.bundle import Bundle, read_folder
from minjoule.contract import SupervisedSet
from minjoule.entrypoints import WEBGPU
from minjoule.problems import PROBLEMS
from minjoule.problems.base import HeldOutExamples
from minjoule.tracks import TrackRules
from server.domain.errors import NotFound

EXAMPLES = Path(__file__).parents[2] / "starter_kit" / "examples"
LIBRARIES = (Path(browser_harness.__file__).parents[1] / "webgpu").resolve()
KEY = b"an instance for playing, no run "
MOST_STEPS = 200
"""Of a text's held-out streams a visitor is asked so many symbols: enough to see a loss settle."""


@dataclass(frozen=True, slots=True)
class Playable:
    """An example of a track. ``slug`` is its folder's name."""

    slug: str
    bundle: Bundle


@lru_cache(1)
def examples(folder: Path = EXAMPLES) -> tuple[Playable, ...]:
    """Every shipped example."""
    folders = sorted(path for path in folder.iterdir() if (path / "entry.toml").is_file()) if folder.is_dir() else []
    return tuple(Playable(path.name, read_folder(path)) for path in folders)


def playable(rules: TrackRules) -> list[Playable]:
    """The examples of a track that runs in a browser. Raises NotFound for any other track."""
    if rules.image != WEBGPU:
        raise NotFound(f"track {rules.slug} doesn't run in a browser", "the tracks whose names begin with webgpu do")
    return [each for each in examples() if each.bundle.manifest.track == rules.slug]


def find(rules: TrackRules, entry: str) -> Playable:
    """One of them. Raises NotFound."""
    for each in playable(rules):
        if each.slug == entry:
            return each
    raise NotFound(f"no entry {entry[:60]!r} of track {rules.slug} can be played", "choose one on the track's play page")


def file_of(rules: TrackRules, entry: str, path: str) -> bytes:
    """A file of an entry. Raises NotFound."""
    files = find(rules, entry).bundle.files
    if path not in files:
        raise NotFound(f"{entry[:60]} has no file {path[:80]!r}", f"it has {', '.join(files)}")
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
