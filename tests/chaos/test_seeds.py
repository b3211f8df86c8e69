"""`make chaos`: each seed's 200 submissions under faults, and the board that it leaves; even seeds on PostgreSQL, odd ones on SQLite."""

import os

import pytest

from tests.chaos.driver import differences, play, replay

SEEDS = [int(seed) for seed in os.environ.get("MINJOULE_CHAOS_SEEDS", "1 2 3").split()]
SUBMISSIONS = 200


@pytest.mark.chaos
@pytest.mark.redis
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_doubled_or_left_and_the_board_is_that_of_an_undisturbed_replay(seed: int) -> None:
    played = play(seed, SUBMISSIONS, kind="sqlite" if seed % 2 else "postgres")
    print(f"\nseed {seed}:", played.said(), *played.void, sep="\n  ")
    assert (played.lost, played.doubled, played.left) == ([], [], [])
    assert len(played.board) == SUBMISSIONS
    assert len(played.void) <= SUBMISSIONS // 50  # three of our faults on one run: said in public, and rare
    replayed = replay(seed, played)
    print("  undisturbed:", replayed.said())
    assert (replayed.lost, replayed.doubled, replayed.left, replayed.void) == ([], [], [], [])
    assert differences(played, replayed) == []


@pytest.mark.redis
@pytest.mark.timeout(240)
def test_a_short_one_for_every_day() -> None:
    played = play(7, 12)
    assert (played.lost, played.doubled, played.left) == ([], [], [])
    assert len(played.board) == 12
