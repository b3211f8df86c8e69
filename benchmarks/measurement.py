"""Measurement: does U hold the truth, how wide is it, what does sampling cost, how large is an hour of it."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks.result import Figure
from minjoule import window
from minjoule.attendant import Attendant, WindowRules
from minjoule.box import Phase
from minjoule.joint_meter import JointMeter
from minjoule.meter import Reading
from minjoule.protocol import Channel
from minjoule.trace import pack, unpack
from minjoule.window import Trace, Window
from tests.fakes.box import FakeBox
from tests.fakes.meter import LiveMeter
from tests.fakes.simulated import MS, SECOND, Simulated, board, package, plug

WINDOWS = 400
FLOORS: tuple[tuple[Callable[[random.Random], Simulated], int, int], ...] = (
    (board, 10 * SECOND, 100 * MS),
    (package, SECOND, 100 * MS),
    (plug, 100 * SECOND, SECOND),
)
"""A device, its window's length (the duration floor of its kind), the time between samples."""
ATTENDED_S = 20.0
HOUR_S = 3600


def measure_intervals() -> tuple[float, float]:
    """Which part of the intervals held the truth, and their mean width U / energy, over random powers of every kind of device."""
    held, widths = 0, []
    for seed in range(WINDOWS):
        for make, length_ns, sample_ns in FLOORS:
            device = make(random.Random(f"{make.__name__} {seed}"))
            trace = device.attend(length_ns, sample_ns)
            measured = measure_trace(trace)
            held += abs(measured[0] - device.truth_uj(trace.window)) <= measured[1]
            widths.append(measured[1] / measured[0])
    return held / len(widths), sum(widths) / len(widths)


def measure_trace(trace: Trace) -> tuple[int, int]:
    """Energy and its U on this host, microjoules."""
    measured = window.measure(trace)
    if measured.on_host_uj is None:
        raise RuntimeError("a simulated device has an uncertainty")
    return measured.energy_uj, measured.on_host_uj


class Quiet(FakeBox):
    """A box in which nothing happens."""

    def __init__(self) -> None:
        pass

    def cpu_ns(self) -> int:
        """None."""
        return 0

    def log_so_far(self) -> bytes:
        """Nothing."""
        return b""


def named(number: int) -> LiveMeter:
    """A meter of its own name, whose driver costs next to nothing."""
    meter = LiveMeter(50)
    meter.channels = (replace(meter.channels[0], name=f"live-{number}/machine"),)
    return meter


def measure_core_fraction() -> float:
    """CPU time of this process while an attendant samples four meters at 10 Hz, over wall time; the borders aren't in it."""
    joint = JointMeter("node", [named(number) for number in range(4)])
    link: Channel = Channel.__new__(Channel)
    watch = Attendant(Phase.TRAIN, Quiet(), link, joint, 1e9, lambda progress: None, WindowRules())
    watch.begin()
    with watch:
        time.sleep(1)
        cpu_began, began = time.process_time(), time.monotonic()
        time.sleep(ATTENDED_S)
        cpu_s, wall_s = time.process_time() - cpu_began, time.monotonic() - began
    return cpu_s / wall_s


def measure_trace_bytes() -> int:
    """An hour at 10 Hz: four meters read one after the other, as latency and jitter of real ones have it."""
    dice = random.Random(1)
    devices = [board(dice), package(dice), package(dice), plug(dice)]
    devices[2].channel = replace(devices[2].channel, name="rapl/package-1")
    now_ns = start_ns = 10 * SECOND
    readings: list[Reading] = []
    while now_ns < start_ns + HOUR_S * SECOND:
        swept_ns = now_ns
        for device in devices:
            device.now_ns, took_ns = now_ns, device.read_ns
            device.read_ns = int(took_ns * dice.uniform(0.8, 1.3))
            readings.append(device.read())
            device.read_ns = took_ns
            now_ns = device.now_ns + dice.randrange(3000, 9000)
        now_ns = max(now_ns, swept_ns + int(100 * MS * dice.uniform(0.7, 1.3)) + dice.randrange(60_000))
    trace = Trace(Window(start_ns + SECOND, now_ns - SECOND), "four", tuple(each.channel for each in devices), tuple(readings))
    packed = pack({"train": trace})
    if unpack(packed) != {"train": trace}:
        raise RuntimeError("the trace didn't come back as it was")
    if len(readings) < 4 * 9.5 * HOUR_S:
        raise RuntimeError(f"{len(readings)} readings are less than four meters at 10 Hz")
    return len(packed)


def measure() -> list[Figure]:
    """Every figure."""
    coverage, width = measure_intervals()
    return [
        Figure("interval_coverage", coverage, "fraction", ">= 0.95"),
        Figure("interval_mean_relative_width", width, "U/energy", "<= 0.02"),
        Figure("sampler_core_fraction", measure_core_fraction(), "cores", "<= 0.005"),
        Figure("trace_bytes_per_hour", measure_trace_bytes(), "bytes", "<= 1000000"),
    ]
