"""Three seeds of two hundred submissions under kills, cuts, lies and clock jumps, then undisturbed: what was lost, doubled or left."""

from benchmarks.result import Figure
from tests.chaos.tally import SEEDS, SUBMISSIONS, Tally, tallies

GOALS = {
    "chaos_submissions": f">= {SUBMISSIONS * len(SEEDS)}",
    "chaos_lost": "<= 0",
    "chaos_doubled": "<= 0",
    "chaos_leftovers": "<= 0",
}


def measure() -> list[Figure]:
    """What `make chaos` plays. Lost is also who has another place on the board than undisturbed."""
    total = Tally()
    for each in tallies(SEEDS):
        print("\n".join(each.told), flush=True)
        total.add(each)
    return [Figure(name, value, "", GOALS[name]) for name, value in total.figures().items()]
