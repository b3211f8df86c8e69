"""Two hundred submissions under kills, cuts, lies and clock jumps, then the same undisturbed: what was lost, doubled or left."""

from benchmarks.result import Figure
from tests.chaos.driver import differences, play, replay

SEED, SUBMISSIONS = 1, 200


def measure() -> list[Figure]:
    """Seed 1. Lost: not final, without a result or a reason, or another board than the undisturbed one's."""
    played = play(SEED, SUBMISSIONS)
    replayed = replay(SEED, played)
    lost = len(played.lost) + len(replayed.lost) + len(differences(played, replayed))
    doubled = len(played.doubled) + len(replayed.doubled)
    left = len(played.left) + len(replayed.left)
    return [
        Figure("chaos_submissions", len(played.board), "", ">= 200"),
        Figure("chaos_lost", lost, "", "<= 0"),
        Figure("chaos_doubled", doubled, "", "<= 0"),
        Figure("chaos_leftovers", left, "", "<= 0"),
    ]
