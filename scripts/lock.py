"""Write requirements/*.lock anew from both pyproject.toml files: `make lock`. Needs uv and an index."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ["setuptools>=75", "wheel"]


def wanted() -> dict[str, list[str]]:
    """Requirements by the lock's name, as the projects say them."""
    platform, entrant = (tomllib.loads((ROOT / path).read_text())["project"] for path in ("pyproject.toml", "starter_kit/pyproject.toml"))
    extras = platform["optional-dependencies"]
    run = [each for each in platform["dependencies"] if each != "minjoule"] + entrant["dependencies"] + extras["embedded"] + BUILD
    return {"uv": ["uv"], "run": run, "dev": run + extras["dev"]}


def main() -> None:
    """One file each, for every supported Python on Linux and macOS; ``--upgrade`` takes newer releases."""
    for name, requirements in wanted().items():
        out = ROOT / "requirements" / f"{name}.lock"
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
        command = ["uv", "pip", "compile", "-", "-o", str(out), *options, *sys.argv[1:]]
        subprocess.run(command, input="\n".join(requirements), text=True, check=True, stdout=subprocess.DEVNULL)
        print(f"wrote {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
