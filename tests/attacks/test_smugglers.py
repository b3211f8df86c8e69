"""Knowledge carried in the source: under each track's cap the best table we can write misses the target."""

from minjoule import tracks
from minjoule.outcome import Outcome
from server.domain.scoring import Bar, Score, Status, assess
from tests.attacks.smugglers import DigitsTable, KjvTable, cap_of, parity_loss, xz_bytes

KEYS = [bytes([number]) * 32 for number in range(10)]


def status_of(track: str, losses: list[float]) -> Status:
    rules = tracks.parse_track(tracks.shipped()[track])
    scores = [Score(Outcome.FINISHED, loss, 2, 1, 1) for loss in losses]
    return assess(scores, len(scores), Bar(rules.target_loss, rules.sigma)).status


def test_no_table_knows_a_parity() -> None:
    assert status_of("parity", [parity_loss(key) for key in KEYS[:3]]) is Status.ABOVE_TARGET


def test_a_table_of_digits_that_undoes_the_disguise_misses_the_target() -> None:
    table = DigitsTable()
    assert xz_bytes("digits", table.code, table.table) <= cap_of("digits")
    losses = [table.attack(key) for key in KEYS]
    print(losses)
    assert status_of("digits", losses) is Status.ABOVE_TARGET
    rules = tracks.parse_track(tracks.shipped()["webgpu-digits"])  # the same problem
    assert status_of("webgpu-digits", losses[: rules.runs]) is Status.ABOVE_TARGET
    assert xz_bytes("webgpu-digits", table.code, table.table) <= rules.source_xz_bytes


def test_the_table_of_digits_is_a_real_one_it_would_pass_if_the_disguise_were_off() -> None:
    assert DigitsTable().loss(KEYS[0]) < 0.30


def test_a_table_of_the_king_james_text_misses_the_target_even_without_a_disguise() -> None:
    table = KjvTable()
    assert cap_of("kjv") * 0.7 < xz_bytes("kjv", table.code, table.table) <= cap_of("kjv")
    loss = table.loss()
    print(loss)
    assert status_of("kjv", [loss] * 3) is Status.ABOVE_TARGET
