"""What the best smugglers reach: knowledge in the source, under each cap, against the target. `smuggler_loss` in the track files.

On digits single draws fall to the attack, so there it counts how often so many of them as a track asks for qualify by its rules.
"""

import random
import statistics
from collections.abc import Sequence

from benchmarks.result import Figure
from minjoule import tracks
from minjoule.outcome import Outcome
from server.domain.scoring import Bar, Score, Status, assess
from tests.attacks.smugglers import DigitsTable, KjvTable, parity_loss

DRAWS = 60
ENTRIES = 20_000
DIGITS = ("digits", "webgpu-digits")


def measure() -> list[Figure]:
    """Mean losses; of the digits also what the table were worth without the disguise, and how often it qualifies."""
    keys, digits = [bytes([number]) * 32 for number in range(DRAWS)], DigitsTable()
    attacks = [digits.attack(key) for key in keys]
    print(f"  digits: by attack {min(attacks):.3f} to {max(attacks):.3f}; undisguised {statistics.fmean(map(digits.loss, keys)):.3f}")
    found = {
        "parity": statistics.fmean(parity_loss(key) for key in keys),
        "kjv": KjvTable().loss(),
    } | dict.fromkeys(DIGITS, statistics.fmean(attacks))
    targets = {slug: tracks.parse_track(tracks.shipped()[slug]).target_loss for slug in found}
    losses = [Figure(f"smuggler_loss_{slug}", loss, "bits", f">= {targets[slug]:g}") for slug, loss in found.items()]
    return losses + [Figure(f"smuggler_qualifies_{slug}", qualified(slug, attacks), "share", "<= 0.05") for slug in DIGITS]


def qualified(slug: str, losses: Sequence[float]) -> float:
    """Share of entries, each of as many runs as the track asks for, drawn from those losses, that qualify."""
    rules, chance = tracks.parse_track(tracks.shipped()[slug]), random.Random(1)
    bar, done = Bar(rules.target_loss, rules.sigma), 0
    for _ in range(ENTRIES):
        scores = [Score(Outcome.FINISHED, chance.choice(losses), 2, 1, 1) for _ in range(rules.runs)]
        done += assess(scores, rules.runs, bar).status is Status.QUALIFIED
    return done / ENTRIES
