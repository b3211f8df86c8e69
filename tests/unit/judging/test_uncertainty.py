"""U, term by term: what adds up in squares, what adds up before, and what isn't claimed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.meter import Channel, Kind, Reading
from minjoule.uncertainty import Part, Term, bound, budget, expanded, root_up
from minjoule.window import Trace, Window, measure

PART = Part(Fraction(1_000_000), {Term.QUANTISATION: Fraction(9), Term.CLOCK: Fraction(16)})


@given(square=st.fractions(0, 10**12))
def test_the_root_is_the_least_whole_number_that_isnt_too_small(square: Fraction) -> None:
    root = root_up(square)
    assert root * root >= square
    assert root == 0 or (root - 1) ** 2 < square


def test_independent_terms_add_up_in_squares_and_k_is_two() -> None:
    assert budget([("m", None, PART)]).on_host_uj == 10
    assert expanded(Fraction(25)) == 10


def test_a_gain_counts_in_the_absolute_figure_and_drops_out_on_one_host() -> None:
    known = budget([("m", 10_000, PART)])
    assert known.on_host_uj == 10
    assert known.expanded_uj == pytest.approx(20_000, abs=2)
    assert {doubt.term: doubt.standard_uj for doubt in known.doubts} == {Term.QUANTISATION: 3, Term.CLOCK: 4, Term.GAIN: 10_000}


def test_two_channels_of_one_meter_share_its_gain_and_two_meters_dont() -> None:
    together = budget([("m", 10_000, PART), ("m", 10_000, PART)]).expanded_uj
    apart = budget([("m", 10_000, PART), ("n", 10_000, PART)]).expanded_uj
    assert (together, apart) == (pytest.approx(40_000, abs=2), pytest.approx(28_285, abs=2))


def test_one_uncalibrated_meter_leaves_no_absolute_figure() -> None:
    assert budget([("m", 10_000, PART), ("n", None, PART)]).expanded_uj is None


def test_a_bound_has_the_variance_of_an_even_spread() -> None:
    assert bound(Fraction(6)) == 12


def test_a_model_states_no_uncertainty_of_measurement() -> None:
    readings = (Reading("cpu", 0, 0, 0), Reading("cpu", 9, 9, 10**9))
    measured = measure(Trace(Window(1, 8), "cpu-time", (Channel("cpu", 10, 1000),), readings))
    assert (measured.energy_uj, measured.expanded_uj, measured.on_host_uj) == (10_000_000, None, None)


def test_a_meter_beside_the_bill_is_a_column_and_costs_nothing() -> None:
    bill = Channel("rapl/package-0", 1, 1, kind=Kind.COUNTER)
    beside = Channel("nvml/gpu-0", 1000, 1, kind=Kind.COUNTER, billed=False)
    readings = tuple(Reading(each.name, at, at, at) for at in range(4) for each in (bill, beside))
    measured = measure(Trace(Window(1, 3), "rapl", (bill, beside), readings))
    assert measured.energy_uj == 2
    assert [(column.channel, column.energy_uj, column.billed) for column in measured.columns] == [
        ("rapl/package-0", 2, True),
        ("nvml/gpu-0", 2000, False),
    ]
