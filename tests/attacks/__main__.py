"""Run the corpus and tell; ``--write`` puts the table of the run into docs/security.md. ``make attacks``."""

import argparse
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"


@dataclass(frozen=True)
class Seen:
    """One case as a run saw it. ``held`` says that verdict and invariants were as declared; ``skipped`` that it didn't run."""

    group: str
    name: str
    verdict: str
    seconds: float
    held: bool
    skipped: bool


def run_corpus(result: Path) -> list[Seen]:
    """Every case through the front door of a real platform; pytest's account of it is kept in ``result``."""
    side_by_side = ["-n", "2", "--dist", "worksteal", "--basetemp", str(result.parent / "t")]  # short: see scripts/tests.sh
    options = ["-q", "-p", "no:randomly", "--tb=short", "-o", "junit_family=xunit1", "--junitxml", str(result), *side_by_side]
    subprocess.run([sys.executable, "-m", "pytest", "tests/attacks", *options], cwd=ROOT, check=False)
    return read(result)


def read(result: Path) -> list[Seen]:
    """The cases in pytest's JUnit file."""
    found = []
    for case in ElementTree.parse(result).iter("testcase"):
        said = {each.get("name"): each.get("value", "") for each in case.iter("property")}
        if "case" in said:
            held = case.find("failure") is None and case.find("error") is None
            seconds = float(said.get("seconds", "nan"))
            found.append(Seen(said["group"], said["case"], said["verdict"], seconds, held, case.find("skipped") is not None))
    return found


def table(seen: list[Seen]) -> str:
    """Markdown."""
    seen = sorted(seen, key=lambda each: (each.group, each.name))
    rows = [f"| {each.group} | `{each.name}` | {each.verdict} | {each.seconds:.1f} |{'' if each.held else ' MISMATCH |'}" for each in seen]
    return "\n".join(["| group | case | verdict | seconds |", "|---|---|---|---|", *rows])


def write(seen: list[Seen], document: Path = DOCUMENT) -> None:
    """Between the document's markers, nothing else."""
    head, _, rest = document.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    held = sum(each.held for each in seen)
    summary = f"{len(seen)} cases, {held} as declared."
    document.write_text(f"{head}{BEGIN}\n{summary}\n\n{table(seen)}\n{END}{tail}")


def main() -> int:
    """0 when every case held."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    parser.add_argument("--write", action="store_true", help="write the table into docs/security.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = run_corpus(Path(folder, "junit.xml"))
    missed = [f"{each.group}/{each.name}" for each in seen if not each.held or each.skipped]
    print(f"{len(seen)} attack cases, {len(missed)} mismatches{': ' + ', '.join(missed) if missed else ''}")
    if wanted.write and seen:
        write(seen)
    return int(bool(missed) or not seen)


if __name__ == "__main__":
    sys.exit(main())
