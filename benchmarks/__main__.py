"""Run the benchmarks named, or all; figures of the others are kept. `python -m benchmarks [overhead scorer ...]`."""

import json
import sys
from importlib import import_module
from pathlib import Path

from worker.host import facts

HERE = Path(__file__).parent
NAMES = (
    "overhead",
    "scorer",
    "trying",
    "board",
    "demo",
    "measurement",
    "seasons",
    "smugglers",
    "security",
    "chaos",
    "webgpu",
    "webgpu_overhead",
    "webgpu_twins",
)


def main() -> None:
    """Measure, tell, write."""
    if unknown := [each for each in sys.argv[1:] if each not in NAMES]:
        print(f"there is no benchmark {unknown[0]!r}: they are {', '.join(NAMES)}", file=sys.stderr)
        raise SystemExit(2)
    path = HERE / "results.json"
    kept = {each["name"]: each for each in json.loads(path.read_text())} if path.exists() else {}
    for name in sys.argv[1:] or NAMES:
        command = f"python -m benchmarks {name}"
        print(f"{command} ...", flush=True)
        for figure in import_module(f"benchmarks.{name}").measure():
            kept[figure.name] = figure.to_json(command)
            verdict = "holds" if kept[figure.name]["holds"] else "MISSED"
            print(f"  {figure.name} = {figure.value:.4g} {figure.unit} (goal {figure.goal}: {verdict})", flush=True)
        path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")
    (HERE / "machine.json").write_text(json.dumps(facts(), indent=1) + "\n")


if __name__ == "__main__":
    main()
