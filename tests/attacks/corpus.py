"""The corpus on disk: a folder a case, ``cases/<group>/<name>/``, with ``verdict.toml`` and what is submitted.

``bundle/`` holds a hostile entry; ``build.py`` makes hostile bytes (``build()``) for the door; ``act.py`` plays against the
platform's control (``act(arena)``). An entry that needs no manifest or helpers of its own gets those of ``given/``.
"""

import runpy
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.attacks.grounds import BROWSER, PYTHON, Ground

OUT_OF_TIME = {"TIME_LIMIT", "SCORING_LIMIT"}  # such cases are played on the brief track
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One attack. ``group`` is a row of the threat model."""

    folder: Path

    @property
    def group(self) -> str:
        return self.folder.parent.name

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def declared(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "verdict.toml").read_text())

    @property
    def kind(self) -> str:
        return "bundle" if (self.folder / "bundle").is_dir() else "upload" if (self.folder / "build.py").exists() else "control"

    @property
    def verdict(self) -> str:
        """As declared, for people."""
        if self.kind == "upload":
            return str(self.declared["status"])
        return str(self.declared["outcome" if self.kind == "bundle" else "verdict"])

    def function(self) -> Any:
        """``build`` or ``act``."""
        file, name = ("build.py", "build") if self.kind == "upload" else ("act.py", "act")
        return runpy.run_path(str(self.folder / file))[name]

    @property
    def ground(self) -> Ground:
        """Where it's played."""
        return BROWSER if self.group == "browser" else PYTHON

    @property
    def files(self) -> dict[str, bytes]:
        """Of the entry, by path."""
        bundle = self.folder / "bundle"
        return {path.relative_to(bundle).as_posix(): path.read_bytes() for path in bundle.rglob("*.*")}

    def zipped(self) -> bytes:
        """The bundle as its author would send it."""
        return self.ground.zipped(self.files, f"{self.group}/{self.name}", brief=self.declared["outcome"] in OUT_OF_TIME)


CASES = sorted((Case(path.parent) for path in HERE.glob("cases/*/*/verdict.toml")), key=lambda case: (case.group, case.name))
