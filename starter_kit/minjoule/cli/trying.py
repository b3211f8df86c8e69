"""``try``: one trial in the local box, with live progress and a verdict."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from minjoule.cli import show
from minjoule.entrypoints import SCHEDULE
from minjoule.floor import repeat_key
from minjoule.local_box import LocalBoxes
from minjoule.meter import CpuTimeMeter, Meter
from minjoule.problems import problem_of
from minjoule.tracks import TrackRules
from minjoule.trial import Progress, Trial, TrialResult, TrialSpec, WindowRules
from minjoule.wgsl_counts import BOUNDARY, WgslCountsMeter

COUNTED = "UNSANDBOXED: the entry runs with your rights; joules are MODELLED (counted data movement and operations of WGSL), not measured"
WARNING = "UNSANDBOXED: the entry runs with your rights; joules are MODELLED (CPU seconds x 10 W), not measured"


def carry_out(bundle: Path, entrypoint: str, rules: TrackRules, key: bytes, seed: int, boxes: LocalBoxes, *, quiet: bool) -> TrialResult:
    """Run it, telling on standard error how far it is."""
    spec = TrialSpec(
        name="try",
        bundle=bundle,
        entrypoint=entrypoint,
        prelude=rules.prelude,
        image=rules.image,
        draw=lambda place: problem_of(rules).draw(repeat_key(key, place)),
        seed=seed,
        caps=rules.caps.to_trial(),
    )
    meter = meter_of(entrypoint)
    if not quiet:
        typer.echo(COUNTED if entrypoint == SCHEDULE else WARNING, err=True)
    told = {"train": 0, "score": 0}

    def tell(progress: Progress) -> None:
        if quiet:
            return
        fresh = progress.log[told[progress.phase] :].decode(errors="replace")
        told[progress.phase] = len(progress.log)
        typer.echo("".join(f"  | {line}\n" for line in fresh.splitlines()), nl=False, err=True)
        share = f" {progress.fraction:.0%}, loss so far {show.loss(progress.loss_so_far)}" if progress.fraction is not None else ""
        typer.echo(f"{progress.phase}{share}: {progress.wall_s:.1f} s, {show.joules(progress.energy_uj / 1e6)}", err=True)

    with Trial(spec, boxes, meter, WindowRules(both_at_gates=False)) as trial:
        result = trial.carry_out(tell)
    if not quiet:
        print_result(result, rules, key, seed, told, meter.facts.boundary)
    return result


def meter_of(entrypoint: str) -> Meter:
    """What a trial is billed by: WGSL with a schedule is counted, everything else pays CPU time."""
    return WgslCountsMeter() if entrypoint == SCHEDULE else CpuTimeMeter()


def print_result(result: TrialResult, rules: TrackRules, key: bytes, seed: int, told: dict[str, int], boundary: str) -> None:
    """The verdict for people."""
    if not any(told.values()) and result.log:
        typer.echo("".join(f"  | {line}\n" for line in result.log.decode(errors="replace").splitlines()), nl=False, err=True)
    if result.loss is None:
        typer.echo(f"{result.outcome}: {result.message}")
    else:
        reached = "reaches" if result.loss <= rules.target_loss else "MISSES"
        typer.echo(f"FINISHED: loss {show.loss(result.loss)} {rules.unit}, {reached} the target of {rules.target_loss:g}")
    train, score = result.train.measurement, result.score.measurement if result.score else None
    scoring = f" + load and predictions {show.joules(score.energy_uj / 1e6)} ({score.window.wall_s:.2f} s)" if score else ""
    bill = f"{show.joules(result.energy_uj / 1e6)} = train {show.joules(train.energy_uj / 1e6)} ({train.window.wall_s:.2f} s){scoring}"
    typer.echo(f"bill: {bill}; {boundary}, UNSANDBOXED")
    for column in billed_columns(result, boundary):
        typer.echo(column)
    typer.echo(f"artifact: {result.artifact_bytes} bytes of {rules.caps.artifact_bytes}; again with --key {key.hex()} --seed {seed}")


def billed_columns(result: TrialResult, boundary: str) -> list[str]:
    """Where counted joules go, the dearest first."""
    if boundary != BOUNDARY:
        return []
    spent: dict[str, int] = {}
    for bill in (result.train, result.score):
        for column in bill.measurement.columns if bill else ():
            spent[column.channel] = spent.get(column.channel, 0) + column.energy_uj
    whole = sum(spent.values()) or 1
    ordered = sorted(spent.items(), key=lambda each: -each[1])
    return [f"  {name:<18} {show.joules(energy / 1e6):>10} {energy / whole:>6.1%}" for name, energy in ordered if energy]


def verdict(result: TrialResult, rules: TrackRules, key: bytes, seed: int, boundary: str) -> dict[str, Any]:
    """The verdict for machines."""
    return {
        "outcome": result.outcome,
        "message": result.message,
        "loss": result.loss,
        "target_loss": rules.target_loss,
        "unit": rules.unit,
        "qualifies": result.loss is not None and result.loss <= rules.target_loss,
        "energy_j": result.energy_uj / 1e6,
        "train": asdict(result.train.measurement),
        "score": asdict(result.score.measurement) if result.score else None,
        "artifact_bytes": result.artifact_bytes,
        "boundary": boundary,
        "modelled": True,
        "unsandboxed": True,
        "key": key.hex(),
        "seed": seed,
        "log": result.log.decode(errors="replace"),
    }
