"""The WGSL twins at full length in the browser's box, on one draw: equal losses, fewer joules where tiles are kept, equal counts twice."""

import tempfile
import time
from pathlib import Path

import docker

from benchmarks.result import Figure
from minjoule.outcome import Outcome
from minjoule.problems import PROBLEMS
from minjoule.tracks import parse_track, shipped
from minjoule.trial import Trial, TrialResult, TrialSpec
from minjoule.wgsl_counts import WgslCountsMeter
from minjoule.window import Trace
from sandbox.docker_box import DockerBoxes
from tests.stack import EXAMPLES

RULES = parse_track(shipped()["webgpu-digits"])
KEY, SEED = b"the twins' draw, always the same", 2**62 + 3


def judged(client: docker.DockerClient, folder: Path, example: str) -> TrialResult:
    """An example as the judge runs it. The image must be there: `python -m sandbox.images build webgpu`."""
    spec = TrialSpec(
        name="twins",
        bundle=EXAMPLES / example,
        entrypoint="schedule.json",
        prelude=(),
        image="webgpu",
        draw=lambda place: PROBLEMS["digits"].draw(KEY),
        seed=SEED,
        caps=RULES.caps.to_trial(),
    )
    with Trial(spec, DockerBoxes(client, folder / "boxes"), WgslCountsMeter()) as trial:
        result = trial.carry_out(lambda progress: None)
    assert result.outcome is Outcome.FINISHED, f"{example}: {result.outcome}: {result.message}"
    return result


def counts(result: TrialResult) -> dict[str, int]:
    """Each key's count over both windows."""
    assert result.score is not None
    total: dict[str, int] = {}
    for trace in (result.train.trace, result.score.trace):
        for channel in trace.channels:
            total[channel.name] = total.get(channel.name, 0) + spent(trace, channel.name)
    return total


def spent(trace: Trace, key: str) -> int:
    """Of one window."""
    raws = [reading.raw for reading in trace.readings if reading.channel == key]
    return raws[-1] - raws[0]


def measure() -> list[Figure]:
    """Every figure."""
    client, seconds = docker.from_env(timeout=60), []
    with tempfile.TemporaryDirectory() as place:
        results = []
        for example in ("webgpu-mlp", "webgpu-mlp-tiled", "webgpu-mlp-tiled"):
            began = time.monotonic()
            results.append(judged(client, Path(place), example))
            seconds.append(time.monotonic() - began)
    client.close()
    plain, tiled, again = results
    assert plain.loss is not None
    assert tiled.loss is not None
    one, two = counts(tiled), counts(again)
    return [
        Figure("wgsl_twins_loss_difference", abs(plain.loss - tiled.loss), "bits per image", "<= 0.01"),
        Figure("wgsl_twins_loss", max(plain.loss, tiled.loss), "bits per image", f"<= {RULES.target_loss:g}"),
        Figure("wgsl_tiled_joules_share", tiled.energy_uj / plain.energy_uj, "of the plain twin's", "<= 0.5"),
        Figure("wgsl_equal_runs_count_difference", float(sum(abs(one[key] - two[key]) for key in one)), "counts", "<= 0"),
        Figure("wgsl_full_length_judged_s", max(seconds), "s", "<= 30"),
    ]
