"""What the best smugglers reach: knowledge in the source, under each cap, against the target. `smuggler_loss` in the track files."""

import statistics

from benchmarks.result import Figure
from minjoule import tracks
from tests.attacks.smugglers import DigitsTable, KjvTable, parity_loss

DRAWS = 20


def measure() -> list[Figure]:
    """Mean losses; of the digits also what the table were worth without the disguise."""
    keys, digits = [bytes([number]) * 32 for number in range(DRAWS)], DigitsTable()
    attacks = [digits.attack(key) for key in keys]
    print(f"  digits: by attack {min(attacks):.3f} to {max(attacks):.3f}; undisguised {statistics.fmean(map(digits.loss, keys)):.3f}")
    found = {
        "parity": statistics.fmean(parity_loss(key) for key in keys),
        "digits": statistics.fmean(attacks),
        "kjv": KjvTable().loss(),
    }
    targets = {slug: tracks.parse_track(tracks.shipped()[slug]).target_loss for slug in found}
    return [Figure(f"smuggler_loss_{slug}", loss, "bits", f">= {targets[slug]:g}") for slug, loss in found.items()]
