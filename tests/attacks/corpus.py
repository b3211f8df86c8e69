"""The corpus on disk: a folder a case, ``cases/<group>/<name>/``, with ``verdict.toml`` and what is submitted.

``bundle/`` holds a hostile entry; ``build.py`` makes hostile bytes (``build()``) for the door; ``act.py`` plays against the
platform's control (``act(arena)``). An entry that needs no manifest or helpers of its own gets those of ``given/``.
"""

import io
import runpy
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOMY, BRIEF = "attacked", "attacked-briefly"
OUT_OF_TIME = {"TIME_LIMIT", "SCORING_LIMIT"}  # such cases are played on the brief track
HERE = Path(__file__).parent
GIVEN = HERE / "given"
MANIFEST = """name = "{name}"
track = "{track}"
entrypoint = "entry.py"
license = "CC0-1.0"
description = "A case of the attack corpus."
"""


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

    def zipped(self) -> bytes:
        """The bundle as its author would send it."""
        files = {path.relative_to(self.folder / "bundle").as_posix(): path.read_bytes() for path in (self.folder / "bundle").rglob("*.*")}
        return zip_of(files, f"{self.group}/{self.name}", BRIEF if self.declared["outcome"] in OUT_OF_TIME else ROOMY)


def zip_of(files: dict[str, bytes], name: str, track: str = ROOMY) -> bytes:
    """With the manifest and the helpers that it imports, unless it brings its own."""
    source = b"".join(files.values())
    helpers = {f"{each}.py": (GIVEN / f"{each}.py").read_bytes() for each in ("honest", "deeds") if each.encode() in source}
    files = {"entry.toml": MANIFEST.format(name=name, track=track).encode()} | helpers | files
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()


def honest(remark: str) -> bytes:
    """An honest entry, each with a digest of its own."""
    source = (GIVEN / "honest.py").read_bytes() + f"# {remark}\n".encode()
    return zip_of({"entry.py": source}, "Honest")


CASES = sorted((Case(path.parent) for path in HERE.glob("cases/*/*/verdict.toml")), key=lambda case: (case.group, case.name))


def tracks() -> list[str]:
    """The roomy track, and the brief one: the same, but for its time."""
    roomy = (GIVEN / "track.toml").read_text()
    brief = (
        roomy.replace(f'slug = "{ROOMY}"', f'slug = "{BRIEF}"')
        .replace("wall_s = 5\n", "wall_s = 1.5\n")
        .replace("cpu_s = 4\n", "cpu_s = 1\n")
    )
    return [roomy, brief]
