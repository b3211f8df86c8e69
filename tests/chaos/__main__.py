"""``python -m tests.chaos --seeds 1 2 3``: play each seed under faults, replay it undisturbed, tell the figures. `make chaos`."""

import argparse
import sys

from tests.chaos.tally import SEEDS, SUBMISSIONS, Tally, tallies


def main() -> int:
    """0 if nothing was lost, doubled, left or told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS, help="of each seed")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="", help="by default the even seeds are on PostgreSQL")
    parser.add_argument("--box", choices=["local", "docker"], default="local", help="docker: an engine of its own, killed too; needs root")
    asked = parser.parse_args()
    all_of_them = Tally()
    for each in tallies(asked.seeds, asked.submissions, asked.box, asked.database):
        print("\n".join(each.told), flush=True)
        all_of_them.add(each)
    for fault, times in all_of_them.faults.most_common():
        print(f"  {times} x {fault}")
    wrong = all_of_them.lost + all_of_them.doubled + all_of_them.left
    print("\n".join([*all_of_them.void, *wrong]))
    for name, value in all_of_them.figures().items():
        print(f"{name} = {value}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
