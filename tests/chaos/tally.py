"""Seeds side by side, each played and replayed, and the four figures of all of them."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from tests.chaos.driver import differences, play, replay

SEEDS, SUBMISSIONS = (1, 2, 3), 200
SIDE_BY_SIDE = 2
MOST_VOID = 50
"""One submission of so many may end void: three of our faults on one run, said in public, and rare."""


@dataclass
class Tally:
    """What became of the submissions of one seed, or of several. ``told`` is for people."""

    submissions: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Another seed's."""
        self.submissions += other.submissions
        self.faults += other.faults
        for name in ("lost", "doubled", "left", "void", "told"):
            getattr(self, name).extend(getattr(other, name))

    def figures(self) -> dict[str, int]:
        """Lost: without a result or a reason, never final, or with another place on the board than undisturbed."""
        return {
            "chaos_submissions": self.submissions,
            "chaos_lost": len(self.lost),
            "chaos_doubled": len(self.doubled),
            "chaos_leftovers": len(self.left),
        }


def tally(seed: int, submissions: int = SUBMISSIONS, box: str = "local", database: str = "", *, replayed: bool = True) -> Tally:
    """One seed; even ones on PostgreSQL unless a database is named."""
    kind = database or ("sqlite" if seed % 2 else "postgres")
    played = play(seed, submissions, box=box, kind=kind)
    told = [f"seed {seed} on {kind}, {box} boxes: {played.said()}"]
    found = Tally(len(played.board), played.lost, played.doubled, played.left, played.void, played.faults, told)
    if len(played.void) > max(1, submissions // MOST_VOID):
        found.lost.append(f"seed {seed}: {len(played.void)} void runs: {played.void[:3]}")
    if replayed:
        again = replay(seed, played, box=box)
        told.append(f"seed {seed} undisturbed: {again.said()}")
        found.lost += again.lost + [f"undisturbed, yet void: {each}" for each in again.void] + differences(played, again)
        found.doubled += again.doubled
        found.left += again.left
    return found


def tallies(seeds: Sequence[int], submissions: int = SUBMISSIONS, box: str = "local", database: str = "") -> Iterator[Tally]:
    """Each seed's as it comes; some seeds at a time, each in a process of its own (what a launcher starts ends with its thread)."""
    with ProcessPoolExecutor(SIDE_BY_SIDE, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as processes:
        for done in as_completed([processes.submit(tally, seed, submissions, box, database) for seed in seeds]):
            yield done.result()
