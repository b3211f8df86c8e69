"""`make audit`: pip-audit over the locked dependencies, in an environment of its own; says NOT AUDITED where its data can't be reached.

pip-audit passes over what its source doesn't know, and then reports no vulnerability: so it's first asked for a release
that is known to be vulnerable, and believed only if it finds that.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("run", "dev")
KNOWN = "jinja2==2.10\n"  # CVE-2019-10906
NOT_AUDITED = 3
WAIT_S = 600


def main() -> int:
    """0 clean, 1 vulnerable, 3 not audited."""
    with tempfile.TemporaryDirectory(prefix="minjoule-audit-") as folder:
        python = Path(folder, "venv", "bin", "python")
        made = [sys.executable, "-m", "venv", str(python.parents[1])], [str(python), "-m", "pip", "install", "--quiet", "pip-audit"]
        for command in made:
            if subprocess.run(command, check=False).returncode:
                return not_audited("pip-audit couldn't be installed")
        known = Path(folder, "known.txt")
        known.write_text(KNOWN)
        if not audit(python, known, quiet=True):
            return not_audited("pip-audit doesn't find the known vulnerability of jinja2 2.10, so its data isn't reachable from here")
        return int(any([audit(python, ROOT / "requirements" / f"{name}.lock") for name in LOCKS]))


def audit(python: Path, requirements: Path, *, quiet: bool = False) -> bool:
    """Whether a vulnerability was found (pip-audit's exit code 1 with a report; a crash has none)."""
    command = [str(python), "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off", "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_S)
    if not quiet:
        print(f"{requirements.name}:\n{done.stdout}{done.stderr}")
    return done.returncode == 1 and "Fix Versions" in done.stdout


def not_audited(why: str) -> int:
    """Say so."""
    print(f"NOT AUDITED: {why}. Run `make audit` where the package index's vulnerability data can be reached.", file=sys.stderr)
    return NOT_AUDITED


if __name__ == "__main__":
    sys.exit(main())
