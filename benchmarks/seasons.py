"""10,000 seasons at three scatters, decided by the very functions of the platform; an entrant with 50 variants; a board of 100,000.

A season: 40 submissions, of which 30 % are clones of the record (its lineage), 10 % truly take 5 % less than the record, 10 % a hair
(0.5 %) less, the rest are worse by 30 % on average. Each runs three times; what then looks better is duelled, as the rules say. A false
record is one whose entry truly takes no less energy than the holder.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.result import Figure
from server.domain import duels
from server.domain.ranking import TOP, Contender, field_of, in_order, rank, surely, to_separate
from server.domain.welch import Arm, Numbers

SEASONS, SUBMISSIONS, LISTING, VARIANTS = 10_000, 40, 3, 50
BOARDS, SEPARATED = 2000, 300
UNEQUAL = 0.5
"""So much entries differ in their own scatter, where they do: a third have less than 0.8 of the median, a third more than 1.24."""
KINDS, SHARES = ("clone", "better", "hair", "worse"), (0.3, 0.1, 0.1, 0.5)
BETTER, HAIR = np.log(0.95), np.log(0.995)


@dataclass
class Count:
    """What happened in all seasons together."""

    granted: int = 0
    false: int = 0
    hairs: int = 0
    better: int = 0
    better_granted: int = 0
    duels: int = 0
    any_false: Numbers = field(default_factory=lambda: np.zeros(0))


def measure() -> list[Figure]:
    """Every figure."""
    figures = []
    for percent in (1, 4, 20):
        count = play(percent / 100, np.random.default_rng(percent))
        false = count.false / count.granted if count.granted else 0.0
        true = count.better_granted / count.better
        print(
            f"  CV {percent} %: {count.duels} duels, {count.granted} records, {count.false} false, {count.hairs} of a hair; "
            f"{true:.3f} of true 5 % improvements granted; runs in a lineage's first duel: {first_runs(percent / 100) or 'too noisy: none'}"
        )
        figures.append(Figure(f"false_record_share_cv{percent}", false, "share", "<= 0.01"))
        if percent < 20:
            figures.append(Figure(f"true_record_share_cv{percent}", true, "share", ">= 0.8"))
        attacked = play(percent / 100, np.random.default_rng(percent + 100), VARIANTS, (1.0, 0.0, 0.0, 0.0))
        figures.append(Figure(f"variants_record_share_cv{percent}", float(attacked.any_false.mean()), "share", "<= 0.01"))
        figures.append(Figure(f"order_error_share_cv{percent}", order_errors(percent / 100), "share", "<= 0.01"))
        figures.append(Figure(f"order_error_share_top10_cv{percent}", separated_errors(percent / 100), "share", "<= 0.01"))
        order_errors(percent / 100, UNEQUAL)
    return [*figures, Figure("ranking_100k_entries_s", ranking_s(), "s", "<= 5")]


def first_runs(cv: float) -> int:
    """Runs each in a lineage's first duel of the season."""
    return int(duels.runs_each(cv, duels.alpha_of(0)))


def play(cv: float, random: np.random.Generator, submissions: int = SUBMISSIONS, shares: tuple[float, ...] = SHARES) -> Count:
    """All seasons at once, submission after submission. Energies are logarithms, the first record's is 0."""
    truth, record, tried = np.zeros(SEASONS), random.normal(0, cv / np.sqrt(max(2, first_runs(cv))), SEASONS), np.zeros(SEASONS)
    count = Count(any_false=np.zeros(SEASONS))
    for _ in range(submissions):
        kind = random.choice(len(KINDS), SEASONS, p=shares)
        change = np.select([kind == 0, kind == 1, kind == 2], [0.0, BETTER, HAIR], random.exponential(0.3, SEASONS))
        mine = truth + change
        before = np.where(kind == 0, tried, 0)  # clones share the record's lineage and its duels
        alpha = duels.alpha_of(before)
        each = duels.runs_each(cv, alpha)
        listed = mine + random.normal(0, cv / np.sqrt(LISTING), SEASONS)
        fights = duels.looks_better(listed, record) & (each > 0)
        arm, other = (fresh(values, cv, np.maximum(each, 2), random) for values in (mine, truth))
        won = fights & duels.wins(arm, other, alpha)
        tally(count, kind, change, fights, won)
        tried = np.where(won & (kind != 0), 1, tried + (fights & (kind == 0)))
        truth, record = np.where(won, mine, truth), np.where(won, arm.mean, record)
    return count


def fresh(truth: Numbers, cv: float | Numbers, runs: Numbers, random: np.random.Generator) -> Arm:
    """Mean and deviation of so many normal runs, drawn as such."""
    deviation = cv * np.sqrt(random.chisquare(runs - 1) / (runs - 1))
    return Arm(truth + random.normal(0, cv / np.sqrt(runs)), deviation, runs)


def tally(count: Count, kind: Numbers, change: Numbers, fights: Numbers, won: Numbers) -> None:
    """One submission of every season."""
    false = won & (change >= 0)
    count.duels += int(fights.sum())
    count.granted += int(won.sum())
    count.false += int(false.sum())
    count.hairs += int((won & (kind == 2)).sum())
    count.better += int((kind == 1).sum())
    count.better_granted += int((won & (kind == 1)).sum())
    count.any_false = np.maximum(count.any_false, false)


def order_errors(cv: float, unequal: float = 0.0) -> float:
    """Of all pairs that the ranking holds for surely apart, the share whose truth is the other way round.

    ``unequal`` is how far the entries' own scatters differ from ``cv``: the standard deviation of their logarithm.
    """
    random, wrong, pairs, inverted, apart = np.random.default_rng(7), 0, 0, 0, 0
    for _ in range(BOARDS):
        truth = random.uniform(0, 0.5, SUBMISSIONS)
        own = cv * np.exp(random.normal(0, unequal, SUBMISSIONS)) if unequal else cv
        board = in_order(contenders(fresh(truth, own, np.full(SUBMISSIONS, LISTING), random)))
        truth, ranks = truth[[each.entry_id for each in board]], np.array(list(rank(board).values()))
        better, worse = np.divmod(np.arange(SUBMISSIONS**2), SUBMISSIONS)
        sure, false = surely(field_of(board), better, worse), truth[better] > truth[worse]
        before = ranks[better] < ranks[worse]
        pairs, wrong = pairs + int(sure.sum()), wrong + int((sure & false).sum())
        apart, inverted = apart + int(before.sum()), inverted + int((before & false).sum())
    share, all_pairs = wrong / max(1, pairs), BOARDS * SUBMISSIONS * (SUBMISSIONS - 1) // 2
    print(
        f"  CV {cv:.0%}{', unequal' if unequal else ''}: {pairs} of {all_pairs} pairs surely apart, {wrong} ({share:.2%}) the wrong way "
        f"round; of {apart} pairs with different ranks {inverted} ({inverted / max(1, apart):.1%})"
    )
    return share


def separated_errors(cv: float) -> float:
    """The same among the first ten after separation: more runs, three at a time, until they are apart or have thirty."""
    random, wrong, pairs, spent = np.random.default_rng(8), 0, 0, 0
    for _ in range(SEPARATED):
        truth = random.uniform(0, 0.5, SUBMISSIONS)
        runs = [random.normal(each, cv, LISTING) for each in truth]
        while wanted := to_separate(board := measured(runs)):
            for each in wanted:
                runs[each] = np.append(runs[each], random.normal(truth[each], cv, LISTING))
        first, order = in_order(board), truth[[each.entry_id for each in in_order(board)]]
        better, worse = np.divmod(np.arange(TOP**2), TOP)
        sure, false = surely(field_of(first), better, worse), order[better] > order[worse]
        pairs, wrong = pairs + int(sure.sum()), wrong + int((sure & false).sum())
        spent += sum(each.runs for each in first[:TOP])
    share = wrong / max(1, pairs)
    print(
        f"  CV {cv:.0%}, the first ten after separation ({spent / TOP / SEPARATED:.1f} runs each): {pairs} of "
        f"{SEPARATED * TOP * (TOP - 1) // 2} pairs surely apart, {wrong} ({share:.2%}) the wrong way round"
    )
    return share


def measured(runs: list[Numbers]) -> list[Contender]:
    """Entries by their runs' log joules."""
    means, deviations = np.array([each.mean() for each in runs]), np.array([each.std(ddof=1) for each in runs])
    return contenders(Arm(means, deviations, np.array([len(each) for each in runs])))


def contenders(arm: Arm) -> list[Contender]:
    """As the ranking takes them."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rows = zip(arm.mean.tolist(), arm.sd.tolist(), arm.runs.tolist(), strict=True)
    return [Contender(number, mean, sd, runs, at) for number, (mean, sd, runs) in enumerate(rows)]


def ranking_s() -> float:
    """A board of 100,000 entries, three runs each but for some, CV 3 %, energies over two powers of ten. Best of three."""
    random = np.random.default_rng(9)
    runs = random.choice([3, 3, 3, 10], 100_000)
    board = contenders(fresh(random.normal(2, 1, 100_000), 0.03, runs, random))
    return min(timed(lambda: rank(board)) for _ in range(3))


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
