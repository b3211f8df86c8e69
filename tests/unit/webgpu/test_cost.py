"""Counts to joules: exact integers that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.webgpu.cost import CountError, add, known, price, table


def test_words_cost_what_the_sources_say() -> None:
    assert price({"storage": "4"}).energy_pj == 640
    assert price({"host": "4"}).energy_pj == 640
    assert price({"workgroup": "4"}).energy_pj == 5
    assert price({"indexed": "4"}).energy_pj == 5
    assert price({"register": "4"}).energy_pj == 1
    assert price({"f32 add": "10"}).energy_pj == 9
    assert price({"f32 mul": "10", "i32 add": "10", "i32 mul": "10"}).energy_pj == 37 + 1 + 31


def test_what_is_not_named_costs_the_dearest() -> None:
    assert price({"other": "10"}).energy_pj == 37


@given(st.dictionaries(st.sampled_from(known(table())), st.integers(0, 10**24).map(str)))
def test_parts_add_up_and_nothing_is_lost(counts: dict[str, str]) -> None:
    bill = price(counts)
    assert bill.energy_fj == sum(price({key: each}).energy_fj for key, each in counts.items()) == sum(bill.part_fj.values())
    assert price(add(counts, counts)).energy_fj == 2 * bill.energy_fj
    assert abs(bill.energy_uj * 10**9 - bill.energy_fj) <= 5 * 10**8


@pytest.mark.parametrize("text", ["-1", "1.5", "", "1e9", "٣", "9" * 31, 5, None])
def test_what_is_no_count_is_refused(text: object) -> None:
    with pytest.raises(CountError, match="storage: "):
        price({"storage": text})  # type: ignore[dict-item]


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(CountError, match="known are register, "):
        price({"free": "1"})
