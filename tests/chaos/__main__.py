"""``python -m tests.chaos --seed 1 --submissions 200``: play, replay, tell."""

import argparse
import sys

from tests.chaos.driver import differences, play, replay


def main() -> int:
    """0 if nothing was lost, doubled, left or told otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--no-replay", action="store_true")
    asked = parser.parse_args()
    played = play(asked.seed, asked.submissions, kind=asked.database)
    print(played.said(), flush=True)
    for fault, times in played.faults.most_common():
        print(f"  {times} x {fault}")
    wrong = played.lost + played.doubled + played.left
    if not asked.no_replay:
        replayed = replay(asked.seed, played)
        print("undisturbed:", replayed.said())
        wrong += replayed.lost + replayed.doubled + replayed.left + differences(played, replayed)
    print("\n".join(played.void + wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
