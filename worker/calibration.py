"""A host's calibration: idle power, a control workload, load pulses. Kept as a history, by which drift is found and a host is stood down.

The control workload is the same work every time, so its joules may not spread by more than 1 % over five runs, nor stray from
what they were. The pulses prove that an external meter is on this machine, and how late it is.
"""

import datetime as dt
import json
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from minjoule.box import Box
from minjoule.curve import part_between
from minjoule.meter import Channel, Kind, Meter, MeterFault, Reading, Reason
from minjoule.sampler import Sampler
from minjoule.window import Trace, Window, mean_power_uw, measure
from worker.load import Load

CONTROLS, MOST_SPREAD, MOST_DRIFT = 5, 0.01, 0.03
PULSES, LONGEST_LAG_S, LEAST_CORRELATION = 3, 2.0, 0.9
GRID_S = 0.1
SIGMAS, LEAST_SIGMA = 3, 0.01
ENOUGH = 3
Signal = np.ndarray[tuple[int], np.dtype[np.float64]]
AGAIN = "Look at what else runs on this machine, at its clocks and its cooling; then `python -m worker calibrate`"


class NoBox:
    """Nothing runs in a box while a host calibrates."""

    def cpu_ns(self) -> int:
        """None."""
        return 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long everything takes: seconds idle, seconds of one pulse (and of the pause after it), seconds between two samples."""

    idle_s: float = 60.0
    pulse_s: float = 5.0
    sample_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Pulsed:
    """What a channel said of the pulses: its lag behind them in seconds (below 0: ahead), and the correlation at that lag.

    ``allowed_s`` is how far off it may be: a plug answers late, a record is stamped by a clock that is known to its ``delta_s``.
    """

    channel: str
    lag_s: float
    correlation: float
    allowed_s: float = LONGEST_LAG_S


@dataclass(frozen=True, slots=True)
class Calibration:
    """One line of the history. ``failed`` says why the host must stand down; empty where it passed.

    ``rounds`` is the size of the control workload; calibrations of other sizes aren't compared with it (0: an older version's).
    """

    at: str
    meter: str
    idle_uw: int
    control_uj: tuple[int, ...]
    spread: float
    pulses: tuple[Pulsed, ...]
    failed: str
    rounds: int = 0


def calibrate(meter: Meter, load: Load, plan: Plan, history: Sequence[Calibration]) -> Calibration:
    """Idle, control, pulses. Raises MeterFault."""
    meter.admit()
    idle = watched(meter, lambda: time.sleep(plan.idle_s), plan)
    controls = tuple(measure(watched(meter, load.control, plan)).energy_uj for _ in range(CONTROLS))
    spread = statistics.stdev(controls) / statistics.mean(controls)
    at = dt.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), dt.UTC).isoformat(timespec="seconds")
    pulses = pulsed(meter, load.pulse, plan)
    found = Calibration(at, meter.facts.name, mean_power_uw(idle, idle.window), controls, spread, pulses, "", load.rounds)
    return replace(found, failed=verdict(found, history))


def verdict(found: Calibration, history: Sequence[Calibration]) -> str:
    """Why the host must stand down; empty where it may go on."""
    if found.spread > MOST_SPREAD:
        return f"the control workload's joules spread by {found.spread:.2%} over {CONTROLS} runs, {MOST_SPREAD:.0%} are allowed"
    passed = [each for each in history if not each.failed and (each.meter, each.rounds) == (found.meter, found.rounds)]
    if passed:
        usual = statistics.median(statistics.mean(each.control_uj) for each in passed)
        drift = statistics.mean(found.control_uj) / usual - 1
        if abs(drift) > MOST_DRIFT:
            return f"the control workload takes {drift:+.2%} of the joules it took, {MOST_DRIFT:.0%} are allowed"
    for each in found.pulses:
        if each.correlation < LEAST_CORRELATION:
            least = f"{LEAST_CORRELATION} is due"
            return f"{each.channel} doesn't follow this machine's load: correlation {each.correlation:.2f}, {least}. Is it on this machine?"
        if abs(each.lag_s) > each.allowed_s:
            return off(each)
    return ""


def off(pulsed: Pulsed) -> str:
    """Why a channel's clock can't be taken as it is, and how a record's is mended."""
    side = "behind" if pulsed.lag_s > 0 else "ahead of"
    said = f"{pulsed.channel} is {abs(pulsed.lag_s):.1f} s {side} this machine's load, {pulsed.allowed_s:g} s are allowed"
    if pulsed.allowed_s == LONGEST_LAG_S:
        return said
    return f"{said} by its delta_s: add {-pulsed.lag_s:+.1f} s to its offset_s in the meters' file, then calibrate again"


def watched(meter: Meter, act: Callable[[], None], plan: Plan) -> Trace:
    """What the meters say while something happens in another thread of ours."""
    sampler = Sampler(meter, nothing())
    sampler.catch()
    begin_ns = time.monotonic_ns()
    sampler.catch()
    with ThreadPoolExecutor(1) as thread:
        doing = thread.submit(act)
        while not doing.done():
            wait([doing], sampler.dithered(plan.sample_s))
            sampler.sweep(hurry=False)
        doing.result()
    end_ns = time.monotonic_ns()
    sampler.catch()
    return sampler.trace(Window(begin_ns, end_ns))


def pulsed(meter: Meter, load: Callable[[float], None], plan: Plan) -> tuple[Pulsed, ...]:
    """Three pulses of load, and how every external meter (one of sampled power) follows them; the machine's own ones are on it."""
    outside = [channel for channel in meter.channels if channel.kind is Kind.POWER]
    if not outside:
        return ()
    edges: list[tuple[int, int]] = []

    def act() -> None:
        time.sleep(plan.pulse_s)
        for _ in range(PULSES):
            begin_ns = time.monotonic_ns()
            load(plan.pulse_s)
            edges.append((begin_ns, time.monotonic_ns()))
            time.sleep(plan.pulse_s)

    trace = watched(meter, act, plan)
    return tuple(follows(channel, trace.of(channel), trace.window, edges) for channel in outside)


def follows(channel: Channel, readings: Sequence[Reading], window: Window, edges: Sequence[tuple[int, int]]) -> Pulsed:
    """The lag at which a channel's power looks most like the pulses, on a grid of a tenth of a second."""
    step_ns = round(GRID_S * 1e9)
    borders = list(range(window.begin_ns, window.end_ns, step_ns))
    cells = zip(borders, borders[1:], strict=False)
    power = np.array([float(part_between(channel, readings, *cell).energy_uj) for cell in cells])
    middles = [border + step_ns // 2 for border in borders[:-1]]
    expected = np.array([any(begin <= middle < end for begin, end in edges) for middle in middles], dtype=float)
    most = min(round(2 * LONGEST_LAG_S / GRID_S), len(power) // 2)
    likeness = {lag: correlation(moved(expected, lag), power) for lag in range(-most, most + 1)}
    best = max(likeness, key=lambda lag: (likeness[lag], -abs(lag)))
    return Pulsed(channel.name, best * GRID_S, likeness[best], allowed_s(channel, readings))


def moved(expected: "Signal", lag: int) -> "Signal":
    """A signal that comes so many cells later, or earlier; zeros where nothing is known."""
    still = np.zeros(abs(lag))
    return np.concatenate([still, expected[: len(expected) - lag]]) if lag >= 0 else np.concatenate([expected[-lag:], still])


def allowed_s(channel: Channel, readings: Sequence[Reading]) -> float:
    """How far off the pulses a channel may be, seconds: a record has no period of ours, and its readings are as wide as its delta_s."""
    if channel.update_ns:
        return LONGEST_LAG_S
    wide_ns = max(reading.after_ns - reading.before_ns for reading in readings)
    return min(wide_ns / 2e9 + GRID_S, LONGEST_LAG_S)


def correlation(expected: "Signal", seen: "Signal") -> float:
    """Pearson's; 0 where one of both doesn't change."""
    if expected.std() == 0 or seen.std() == 0:
        return 0.0
    return float(np.corrcoef(expected, seen)[0, 1])


def nothing() -> Box:
    """A stand-in where a meter asks for a box."""
    return NoBox()  # type: ignore[return-value]


def load_history(file: Path) -> list[Calibration]:
    """Every calibration of this host, oldest first. Raises MeterFault where the file is damaged."""
    if not file.exists():
        return []
    try:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return [
            Calibration(**{**line, "control_uj": tuple(line["control_uj"]), "pulses": tuple(Pulsed(**each) for each in line["pulses"])})
            for line in lines
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise MeterFault(f"the history of calibrations in {file} is damaged: {error}", Reason.MISCONFIGURED, "Move it away") from None


def keep(file: Path, found: Calibration) -> None:
    """Add a line to the history."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(json.dumps(asdict(found)) + "\n")


def refuse_quarantined(history: Sequence[Calibration], meter: str) -> None:
    """A host whose last calibration failed judges nothing until one passes. Raises MeterFault (QUARANTINE)."""
    own = [each for each in history if each.meter == meter]
    if own and own[-1].failed:
        raise MeterFault(f"this host stands down since its calibration of {own[-1].at}: {own[-1].failed}", Reason.QUARANTINE, AGAIN)


def usual_rounds(history: Sequence[Calibration], meter: str) -> int:
    """How large the control workload was the last time it passed: it's the same work for ever. 0 where there was none."""
    return next((each.rounds for each in reversed(history) if each.meter == meter and not each.failed), 0)


def usual_idle(history: Sequence[Calibration], meter: str) -> tuple[int, int] | None:
    """Mean idle power and how far it may stray (3 sigma), microwatts; None before there are three calibrations."""
    idle = [each.idle_uw for each in history if each.meter == meter and not each.failed]
    if len(idle) < ENOUGH:
        return None
    mean = statistics.mean(idle)
    return round(mean), round(SIGMAS * max(statistics.stdev(idle), LEAST_SIGMA * mean))
