"""Knowledge carried in the source: under each track's cap the best table we can write misses the target."""

import pytest

from minjoule import tracks
from minjoule.outcome import Outcome
from server.domain.scoring import Bar, Score, Status, assess
from tests.attacks.smugglers import DigitsTable, KjvTable, cap_of, digits_tables, parity_loss, xz_bytes

KEYS = [bytes([number]) * 32 for number in range(12)]


def status_of(track: str, losses: list[float]) -> Status:
    rules = tracks.parse_track(tracks.shipped()[track])
    scores = [Score(Outcome.FINISHED, loss, 2, 1, 1) for loss in losses]
    return assess(scores, len(scores), Bar(rules.target_loss, rules.sigma)).status


@pytest.mark.parametrize("track", ["parity", "webgpu-parity"])
def test_no_table_knows_a_parity(track: str) -> None:
    assert status_of(track, [parity_loss(key) for key in KEYS[:3]]) is Status.ABOVE_TARGET


@pytest.mark.parametrize(("track", "least"), [("digits", 17), ("webgpu-digits", 22)])
def test_tables_of_digits_that_undo_the_disguise_miss_the_target(track: str, least: int) -> None:
    rules = tracks.parse_track(tracks.shipped()[track])
    tables = digits_tables(track, least)
    assert xz_bytes(track, tables[-1].code, tables[-1].table) > 0.95 * rules.source_xz_bytes, "the last that fits fills the cap"
    for table in (tables[0], tables[-1]):  # the one that qualifies most often (benchmarks), and the largest
        losses = [table.attack(key) for key in KEYS[: rules.runs]]
        print(table.dimensions, losses)
        assert status_of(track, losses) is Status.ABOVE_TARGET


def test_the_table_of_digits_is_a_real_one_it_would_pass_if_the_disguise_were_off() -> None:
    assert DigitsTable(16).loss(KEYS[0]) < 0.30


@pytest.mark.parametrize("track", ["kjv", "webgpu-kjv"])
def test_a_table_of_the_king_james_text_misses_the_target_even_without_a_disguise(track: str) -> None:
    table = KjvTable(track)
    assert cap_of(track) * 0.95 < xz_bytes(track, table.code, table.table) <= cap_of(track)
    loss = table.loss()
    print(loss)
    assert status_of(track, [loss] * 3) is Status.ABOVE_TARGET
