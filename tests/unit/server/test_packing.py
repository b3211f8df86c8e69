"""What is stored of a version gives the version again, whatever it's packed against, and stays small."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from minjoule.record import canonical
from server.boards.packing import pack, unpack

ROW = st.fixed_dictionaries(
    {
        "submission": st.sampled_from([f"{number:064x}" for number in range(12)]),
        "rank": st.none() | st.integers(1, 100_000),
        "energy_j": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "name": st.text(max_size=5),
        "flags": st.lists(st.fixed_dictionaries({"reason": st.text(max_size=5)}), max_size=2),
    }
)
ENTRIES = st.lists(ROW, max_size=12, unique_by=lambda row: row["submission"])


@given(ENTRIES, ENTRIES, st.data())
def test_it_gives_the_same_canonical_bytes_again(entries: list[Any], base: list[Any], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(base), unique_by=lambda row: row["submission"])) if base else []
    known = {row["submission"] for row in kept}
    document = {"number": 7, "previous_sha256": None, "entries": kept + [row for row in entries if row["submission"] not in known]}
    for against in (None, base):
        assert canonical(unpack(pack(document, against), against or ())) == canonical(document)


def test_a_new_leader_of_a_thousand_costs_hundreds_of_bytes_and_not_a_hundred_thousand() -> None:
    base = [
        {"submission": f"{number * 7919:064x}", "rank": number, "energy_j": number * 1.1, "name": f"entry {number}"}
        for number in range(1, 1001)
    ]
    leader = {"submission": "f" * 64, "rank": 1, "energy_j": 0.5, "name": "leader"}
    document = {"number": 2, "entries": [leader, *(row | {"rank": row["rank"] + 1} for row in base)]}
    assert len(pack(document, base)) < 400
    assert len(pack(document)) > 10_000
    assert unpack(pack(document, base), base) == document
