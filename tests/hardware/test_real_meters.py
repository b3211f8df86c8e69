"""The instruments themselves, where there are any: unrun on a machine without, and said to be.

To be run alone, by `pytest -m gpu`: the stub of NVML and the real library don't fit into one process.
"""

import time
from pathlib import Path

import pytest

from minjoule.meter import Meter, MeterFault, Reason
from minjoule.sampler import Sampler
from minjoule.window import Window, measure
from tests.conftest import lacking
from tests.contract.conftest import SteadyBox
from worker.meters import Cabinet, meter_for
from worker.meters.nvml import NvmlMeter

SECONDS = 3.0


@pytest.fixture(params=["gpu", "node-cpu", "node"])
def meter(request: pytest.FixtureRequest) -> Meter:
    """A real one, or the reason why it isn't here."""
    try:
        return NvmlMeter() if request.param == "gpu" else meter_for(request.param, Cabinet(None, Path("/sys/class/powercap")))
    except MeterFault as fault:
        if fault.reason is not Reason.ABSENT:
            raise
        lacking(f"{request.param}-meter", str(fault))


@pytest.mark.gpu
def test_a_real_meter_measures_a_plausible_power_twice_alike(meter: Meter) -> None:
    found = []
    for _ in range(2):
        sampler = Sampler(meter, SteadyBox())
        sampler.catch(before_gate=True)
        begin_ns = time.monotonic_ns()
        sampler.catch()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            time.sleep(sampler.dithered(0.1))
            sampler.sweep(hurry=False)
        end_ns = time.monotonic_ns()
        sampler.catch()
        measured = measure(sampler.trace(Window(begin_ns, end_ns)))
        assert measured.on_host_uj is not None
        assert measured.on_host_uj < 0.05 * measured.energy_uj
        found.append(measured.energy_uj / measured.window.wall_s / 1e6)
    assert all(1 < watts < 3000 for watts in found)
    assert found[0] == pytest.approx(found[1], rel=0.5)
