"""A webgpu track's baselines on fresh instances: each in the local Chromium by the judge's own harness, UNSANDBOXED, CPU time counted.

The twin of ``calibration.try_out``, for entries that no process of ours can import.
"""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from minjoule.box import BoxFault
from minjoule.bundle import read_folder
from minjoule.calibration import Baseline, Trial
from minjoule.floor import repeat_key
from minjoule.local_box import LocalBoxes
from minjoule.meter import WATTS_PER_CORE, CpuTimeMeter
from minjoule.problems import problem_of
from minjoule.tracks import TrackRules
from minjoule.trial import PhaseBill, TrialSpec, WindowRules
from minjoule.trial import Trial as Attempt

MOST_FAULTS = 3
UJ_PER_CPU_S = WATTS_PER_CORE * 1e6


class CalibrationError(Exception):
    """A baseline didn't finish: how it ended, and why."""


def try_out(folder: Path, rules: TrackRules, times: int, on_fault: Callable[[str], None]) -> Baseline:
    """Run the entry in ``folder`` on ``times`` fresh instances; a fault of ours is told and its instance replaced.

    Raises CalibrationError, and BoxFault after a few faults in a row, as without a Chromium.
    """
    bundle = read_folder(folder)
    with tempfile.TemporaryDirectory(prefix="minjoule-calibrate-") as place, LocalBoxes() as boxes:
        bundle.write_to(Path(place))
        trials = tuple(unfaulted(lambda: carry_out(Path(place), bundle.manifest.entrypoint, rules, boxes), on_fault) for _ in range(times))
    return Baseline(bundle.manifest.name, trials)


def unfaulted(attempt: Callable[[], Trial], on_fault: Callable[[str], None]) -> Trial:
    """The first attempt that isn't void. Raises BoxFault when none of a few is."""
    for _ in range(MOST_FAULTS - 1):
        try:
            return attempt()
        except BoxFault as fault:
            on_fault(str(fault))
    return attempt()


def carry_out(bundle: Path, entrypoint: str, rules: TrackRules, boxes: LocalBoxes) -> Trial:
    """One instance. Raises CalibrationError."""
    key = os.urandom(32)
    spec = TrialSpec(
        name="calibrate",
        bundle=bundle,
        entrypoint=entrypoint,
        prelude=rules.prelude,
        image=rules.image,
        draw=lambda place: problem_of(rules).draw(repeat_key(key, place)),
        seed=secrets.randbits(63),
        caps=rules.caps.to_trial(),
    )
    with Attempt(spec, boxes, CpuTimeMeter(), WindowRules(both_at_gates=False)) as attempt:
        result = attempt.carry_out(lambda progress: None)
    if result.loss is None:
        raise CalibrationError(f"{bundle.name}: {result.outcome}: {result.message}")
    return Trial(result.loss, cpu_s(result.train), cpu_s(result.score), result.artifact_bytes, result.symbols)


def cpu_s(bill: PhaseBill | None) -> float:
    """CPU seconds of a window, of all processes in its box."""
    return bill.measurement.energy_uj / UJ_PER_CPU_S if bill else 0.0
