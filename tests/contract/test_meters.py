"""What every meter keeps to, on a device whose power is known."""

import time

import pytest

from minjoule.meter import Kind, MeterFault
from minjoule.sampler import Sampler
from minjoule.window import Window, measure
from tests.contract.conftest import Rig, SteadyBox

SECONDS = 1.5


def test_it_says_what_it_is_and_covers(rig: Rig) -> None:
    facts = rig.meter.facts
    assert facts.name
    assert facts.covers
    assert facts.gain_basis
    assert facts.modelled == (facts.boundary.startswith("modelled-") or facts.name == "replay")


def test_its_channels_have_names_of_their_own_and_a_ratio_to_joules(rig: Rig) -> None:
    channels = rig.meter.channels
    assert len({channel.name for channel in channels}) == len(channels) >= 1
    for channel in channels:
        assert channel.uj_numerator > 0
        assert channel.uj_denominator > 0
        assert channel.kind is not Kind.COUNTER or channel.update_ns > 0


def test_it_reads_every_channel_between_two_looks_at_the_clock(rig: Rig, box: SteadyBox) -> None:
    rig.meter.admit()
    before_ns = time.monotonic_ns()
    readings = rig.meter.read(box)
    assert {reading.channel for reading in readings} == {channel.name for channel in rig.meter.channels}
    for reading in readings:
        assert reading.before_ns <= reading.after_ns <= time.monotonic_ns() + 1000
        assert reading.after_ns > before_ns - 10**9
        assert type(reading.raw) is int


def test_a_window_over_it_holds_the_truth(rig: Rig, box: SteadyBox) -> None:
    sampler = Sampler(rig.meter, box)
    sampler.catch()
    begin_ns = time.monotonic_ns()
    sampler.catch()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(sampler.dithered(0.1))
        sampler.sweep(hurry=False)
    end_ns = time.monotonic_ns()
    sampler.catch()
    measured = measure(sampler.trace(Window(begin_ns, end_ns)))
    allowed = measured.on_host_uj if measured.on_host_uj is not None else 0.01 * measured.energy_uj
    assert abs(measured.energy_uj - rig.truth_uj(measured.window)) <= allowed
    assert allowed < (0.1 + rig.meter.facts.update_s / SECONDS) * measured.energy_uj


def test_without_its_device_it_raises_and_never_guesses(rig: Rig, box: SteadyBox) -> None:
    rig.meter.read(box)
    rig.vanish()
    with pytest.raises(MeterFault) as caught:
        rig.meter.read(box)
    assert len(str(caught.value)) > 10
