"""Counted events: which processors have a table, what is added up, and counters that can't be believed."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from minjoule.meter import MeterFault, Reason
from minjoule.sampler import Sampler
from minjoule.window import Window, measure
from tests.contract.conftest import SteadyBox
from worker.meters import cpu_counters
from worker.meters.cpu_counters import (
    PROBE_BYTES,
    PROBE_PASSES,
    CpuCountersMeter,
    Processor,
    events_of,
    probe_by_streaming,
    processor,
    refuse_miscount,
    unified_root,
)
from worker.meters.perf import Count, Event, KernelCounters

EVENTS = events_of(Processor("AuthenticAMD", 0x1A, 0x02))


@dataclass
class FakeCounters:
    """A kernel that counts what it's told; one descriptor an event and CPU, as the real one."""

    per_read: dict[str, int]
    shared: bool = False
    open_now: dict[int, Event] = field(default_factory=dict)
    reads: dict[int, int] = field(default_factory=dict)

    def open(self, event: Event, group: int, cpu: int) -> int:
        descriptor = 1000 + len(self.reads)
        self.open_now[descriptor], self.reads[descriptor] = event, 0
        return descriptor

    def read(self, descriptor: int) -> Count:
        self.reads[descriptor] += 1
        value = self.per_read[self.open_now[descriptor].name] * (self.reads[descriptor] - 1)
        return Count(value, 100, 90 if self.shared else 100)

    def close(self, descriptor: int) -> None:
        del self.open_now[descriptor]


def metered(counters: FakeCounters, folder: Path) -> CpuCountersMeter:
    meter = CpuCountersMeter(counters, lambda box: folder, EVENTS, lambda meter: None)
    meter._cpus = range(2)
    return meter


def test_the_bill_is_events_of_all_cpus_times_the_table(tmp_path: Path) -> None:
    meter = metered(FakeCounters({"uops": 1_000_000, "l1-misses": 1000, "dram-lines": 100}), tmp_path)
    sampler = Sampler(meter, SteadyBox())
    sampler.catch()
    sampler.catch()
    measured = measure(sampler.trace(Window(0, 1)))
    assert measured.energy_uj == round(2 * (1_000_000 * 70 + 1000 * 800 + 100 * 10_240) / 1e6)
    assert (measured.expanded_uj, measured.on_host_uj) == (None, None)
    assert meter.facts.modelled


def test_another_box_is_counted_from_its_beginning_and_the_last_is_let_go(tmp_path: Path) -> None:
    counters = FakeCounters({"uops": 1, "l1-misses": 1, "dram-lines": 1})
    meter = metered(counters, tmp_path)
    first, second = SteadyBox(), SteadyBox()
    for _ in range(3):
        meter.read(first)
    assert [each.raw for each in meter.read(second)] == [0, 0, 0]
    assert len(counters.open_now) == 6
    meter.close()
    assert counters.open_now == {}


def test_a_counter_that_was_shared_voids_the_run(tmp_path: Path) -> None:
    meter = metered(FakeCounters({"uops": 1, "l1-misses": 1, "dram-lines": 1}, shared=True), tmp_path)
    with pytest.raises(MeterFault, match="it counted for 90 of 100 ns"):
        meter.read(SteadyBox())


def test_a_counter_that_reads_zero_beside_busy_ones_voids_the_run(tmp_path: Path) -> None:
    meter = metered(FakeCounters({"uops": 10**9, "l1-misses": 1, "dram-lines": 0}), tmp_path)
    box = SteadyBox()
    meter.read(box)
    with pytest.raises(MeterFault, match="dram-lines 0") as caught:
        meter.read(box)
    assert caught.value.reason is Reason.FROZEN


def test_a_box_without_a_unified_group_cant_be_counted() -> None:
    meter = CpuCountersMeter(FakeCounters({}), None, EVENTS, lambda meter: None)
    with pytest.raises(MeterFault, match="Use control groups version 2"):
        meter.read(SteadyBox())


@pytest.mark.parametrize(("family", "model"), [(0x19, 0x11), (0x19, 0x61), (0x19, 0xA1), (0x1A, 0x44)])
def test_zen_4_and_5_have_a_table(family: int, model: int) -> None:
    assert [(each.name, each.config) for each in events_of(Processor("AuthenticAMD", family, model))] == [
        ("uops", 0xC1),
        ("l1-misses", 0x10000),
        ("dram-lines", 0x1_0000_0865),
    ]


@pytest.mark.parametrize("cpu", [Processor("GenuineIntel", 6, 0x8F), Processor("AuthenticAMD", 0x19, 0x01), Processor("", 0, 0)])
def test_another_processor_has_none_and_says_so(cpu: Processor) -> None:
    with pytest.raises(MeterFault, match="no table of events for"):
        events_of(cpu)


def test_the_processor_is_read_from_cpuinfo(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9654\n\n")
    assert processor(file) == Processor("AuthenticAMD", 25, 17)
    assert processor(tmp_path / "none") == Processor("", 0, 0)


@pytest.mark.parametrize("factor", [0.7, 1.3, 0.0])
def test_a_probe_that_miscounts_by_more_than_a_fifth_makes_it_unavailable(factor: float) -> None:
    expected = PROBE_PASSES * PROBE_BYTES // 64
    refuse_miscount(round(expected * 1.15))
    with pytest.raises(MeterFault, match="20% are allowed"):
        refuse_miscount(round(expected * factor))


def test_a_probe_that_cant_have_a_group_says_why(tmp_path: Path) -> None:
    meter = metered(FakeCounters({}), tmp_path)
    with pytest.raises(MeterFault, match="the probe of the counters failed") as caught:
        probe_by_streaming(meter, tmp_path / "no" / "such")
    assert caught.value.reason is Reason.ABSENT


def test_the_probe_streams_in_a_group_of_its_own_and_takes_what_comes_out_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake kernel counts right at every second read; a plain folder stands for the group, emptied as the kernel would."""
    monkeypatch.setattr(cpu_counters, "STREAM", "print('ready', flush=True); input(); print('done', flush=True)")
    joined = []
    right = PROBE_PASSES * PROBE_BYTES // 64 // 2
    counters = FakeCounters({"uops": 0, "l1-misses": 0, "dram-lines": right})
    meter = metered(counters, tmp_path)

    def empty(folder: Path) -> None:
        joined.append((folder / "cgroup.procs").read_text())
        (folder / "cgroup.procs").unlink()

    original = Path.rmdir
    monkeypatch.setattr(Path, "rmdir", lambda folder: (empty(folder), original(folder))[1])
    probe_by_streaming(meter, tmp_path)
    assert int(joined[0]) > 1
    assert (counters.open_now, list(tmp_path.iterdir())) == ({}, [])


def test_the_unified_hierarchy_is_found_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(MeterFault, match="no unified hierarchy"):
        unified_root(tmp_path)
    (tmp_path / "unified").mkdir()
    (tmp_path / "unified" / "cgroup.procs").touch()
    assert unified_root(tmp_path) == tmp_path / "unified"
    (tmp_path / "cgroup.procs").touch()
    assert unified_root(tmp_path) == tmp_path


def test_this_kernel_either_counts_or_says_why_not(tmp_path: Path) -> None:
    counters, folder = KernelCounters(), os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(MeterFault) as caught:
            counters.close(counters.open(EVENTS[0], folder, 0))
    finally:
        os.close(folder)
    assert caught.value.reason is Reason.ABSENT
