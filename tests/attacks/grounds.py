"""Where attacks are played: for each kind of box a track of small caps, a brief one beside it, and an entry that behaves."""

import io
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minjoule import tracks as shipped
from tests.stack import EXAMPLES, with_values

GIVEN = Path(__file__).parent / "given"
ENTRYPOINTS = ("entry.py", "entry.js", "schedule.json")
MANIFEST = """name = "{name}"
track = "{track}"
entrypoint = "{entrypoint}"
license = "CC0-1.0"
description = "A case of the attack corpus."
"""


@dataclass(frozen=True)
class Ground:
    """One kind of box: a run takes ``seconds`` at most; ``brief`` are the brief track's caps, ``baseline`` the honest bills beforehand."""

    track: str
    brief: dict[str, str]
    files: Callable[[str], dict[str, bytes]]
    seconds: float
    baseline: int

    @property
    def slug(self) -> str:
        return str(tomllib.loads(self.track)["slug"])

    def tracks(self) -> list[str]:
        """The roomy track, and the brief one: the same, but for its time."""
        return [self.track, with_values(self.track, {"slug": f'"{self.slug}-briefly"'} | self.brief)]

    def zipped(self, files: dict[str, bytes], name: str, brief: bool = False) -> bytes:
        """A bundle for it, with the manifest and the helpers that it imports, unless it brings its own."""
        source = b"".join(files.values())
        helpers = {f"{each}.py": (GIVEN / f"{each}.py").read_bytes() for each in ("honest", "deeds") if each.encode() in source}
        entrypoint = next((each for each in ENTRYPOINTS if each in files), ENTRYPOINTS[0])
        manifest = self.manifest(name, entrypoint, brief)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in ({"entry.toml": manifest.encode()} | helpers | files).items():
                archive.writestr(path, content)
        return out.getvalue()

    def manifest(self, name: str, entrypoint: str = ENTRYPOINTS[0], brief: bool = False) -> str:
        """As an author would write it; ``name`` as it stands."""
        return MANIFEST.format(name=name, track=f"{self.slug}-briefly" if brief else self.slug, entrypoint=entrypoint)

    def honest(self, remark: str) -> bytes:
        """An honest entry, each with a digest of its own."""
        return self.zipped(self.files(remark), "Honest")


def honest_python(remark: str) -> dict[str, bytes]:
    """A Walsh search in NumPy."""
    return {"entry.py": (GIVEN / "honest.py").read_bytes() + f"# {remark}\n".encode()}


def honest_schedule(remark: str) -> dict[str, bytes]:
    """A Walsh search in WGSL."""
    folder = EXAMPLES / "webgpu-parity-walsh"
    return {
        "schedule.json": (folder / "schedule.json").read_bytes(),
        "parity.wgsl": (folder / "parity.wgsl").read_bytes() + f"// {remark}\n".encode(),
    }


PYTHON = Ground((GIVEN / "track.toml").read_text(), {"wall_s": "1.5", "cpu_s": "1"}, honest_python, seconds=60, baseline=20)
IN_A_BROWSER = {"slug": '"attacked-in-a-browser"', "runs": "1", "wall_s": "8", "score_wall_s": "20", "memory_bytes": str(1 << 30)}
BROWSER = Ground(
    with_values(shipped.shipped()["webgpu-parity"], IN_A_BROWSER),
    {"wall_s": "2"},
    honest_schedule,
    seconds=90,
    baseline=10,  # each takes seconds
)
