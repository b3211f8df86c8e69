"""What the best smugglers reach: knowledge in the source, under each cap, against the target. `smuggler_loss` in the track files.

On digits single draws fall to the attack, so there it counts how often so many of them as a track asks for qualify by its rules.
"""

import random
import statistics
from collections.abc import Sequence
from operator import itemgetter

from benchmarks.result import Figure
from minjoule import tracks
from minjoule.outcome import Outcome
from server.domain.scoring import Bar, Score, Status, assess
from tests.attacks.smugglers import KjvTable, digits_tables, parity_loss, xz_bytes

DRAWS = 60
ENTRIES = 20_000
WHOLE = 10**9
DIGITS, PARITIES, TEXTS = (("digits", "webgpu-digits"), ("parity", "webgpu-parity"), ("kjv", "webgpu-kjv"))


def measure() -> list[Figure]:
    """Mean losses; of the digits those of the table that qualifies most often, and how often."""
    keys = [bytes([number]) * 32 for number in range(DRAWS)]
    best = {track: best_of(track, keys) for track in DIGITS}
    found = {
        **dict.fromkeys(PARITIES, statistics.fmean(parity_loss(key) for key in keys)),
        **{track: KjvTable(track).loss(WHOLE) for track in TEXTS},
        **{track: statistics.fmean(attacks) for track, (_, attacks) in best.items()},
    }
    targets = {slug: tracks.parse_track(tracks.shipped()[slug]).target_loss for slug in found}
    losses = [Figure(f"smuggler_loss_{slug}", loss, "bits", f">= {targets[slug]:g}") for slug, loss in found.items()]
    return losses + [Figure(f"smuggler_qualifies_{slug}", share, "share", "<= 0.05") for slug, (share, _) in best.items()]


def best_of(track: str, keys: Sequence[bytes]) -> tuple[float, list[float]]:
    """Of the tables that fit, the one whose attacks qualify most often: how often, and their losses."""
    found = []
    for table in digits_tables(track):
        attacks = [table.attack(key) for key in keys]
        found.append((qualified(track, attacks), attacks, table))
    share, attacks, table = max(found, key=itemgetter(0))
    print(
        f"  {track}: {table.dimensions} components, {xz_bytes(track, table.code, table.table)} bytes; "
        f"by attack {min(attacks):.3f} to {max(attacks):.3f}; undisguised {statistics.fmean(map(table.loss, keys)):.3f}",
        flush=True,
    )
    return share, attacks


def qualified(slug: str, losses: Sequence[float]) -> float:
    """Share of entries, each of as many runs as the track asks for, drawn from those losses, that qualify."""
    rules, chance = tracks.parse_track(tracks.shipped()[slug]), random.Random(1)
    bar, done = Bar(rules.target_loss, rules.sigma), 0
    for _ in range(ENTRIES):
        scores = [Score(Outcome.FINISHED, chance.choice(losses), 2, 1, 1) for _ in range(rules.runs)]
        done += assess(scores, rules.runs, bar).status is Status.QUALIFIED
    return done / ENTRIES
