"""What a host's power is rated, by the limits that its billed meters know."""

from dataclasses import replace

import pytest

from minjoule.meter import Channel, Kind
from worker.meters import nvml, rapl
from worker.meters.rating import DRAM_W, rated_by

PACKAGE = Channel("rapl/package-0", 1, 1, kind=Kind.COUNTER, most_uw=2 * 65_000_000)
DRAM = replace(PACKAGE, name="rapl/package-0-dram", most_uw=rapl.MOST_UNKNOWN_UW)
BOARD = Channel("nvml/gpu-0", 1000, 1, kind=Kind.COUNTER, most_uw=2 * 300_000_000)
PLUG = Channel("shelly/wall", 1000, 1, kind=Kind.POWER, most_uw=3_680_000_000)


@pytest.mark.parametrize(
    ("channels", "watts"),
    [
        ([PACKAGE], 65.0),
        ([PACKAGE, DRAM], 65.0 + DRAM_W),
        ([BOARD, PACKAGE], 365.0),
        ([PLUG], 3680.0),
        ([PACKAGE, replace(BOARD, billed=False)], 65.0),
        ([replace(PACKAGE, most_uw=rapl.MOST_UNKNOWN_UW)], None),
        ([PACKAGE, replace(BOARD, most_uw=nvml.MOST_UNKNOWN_UW)], None),
        ([replace(PLUG, most_uw=None)], None),
        ([replace(PLUG, name="csv/lab", most_uw=100_000_000_000)], None),
        ([], None),
    ],
)
def test_limits_of_what_is_billed_add_up_and_one_that_is_unknown_makes_all_unknown(channels: list[Channel], watts: float | None) -> None:
    assert rated_by(channels) == watts
