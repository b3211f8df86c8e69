"""``python -m worker``: judge; ``enrol``: become a host; ``doctor``: which meters it has; ``calibrate``."""

import json
import platform
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import httpx
import typer

from minjoule.box import BoxFault
from minjoule.meter import MeterFault, Reason
from minjoule.record import public_key
from worker.app import make_app
from worker.bench import BenchError, own_load
from worker.calibration import Plan, calibrate, keep, load_history, usual_rounds
from worker.device_config import DeviceConfig, device_config, load_device, lock_path, store_device
from worker.device_host import DeviceHost, examined
from worker.host import facts, host_lock
from worker.meters import Cabinet, meter_for
from worker.meters.selection import candidates
from worker.settings import Credentials, NotEnrolledError, WorkerSettings, load_credentials, store_credentials
from worker.signing import make_key

cli = typer.Typer(help="The worker of a metered host.", no_args_is_help=False)


@cli.callback(invoke_without_command=True)
def run(context: typer.Context) -> None:
    """Judge until stopped."""
    if context.invoked_subcommand is not None:
        return
    try:
        app = make_app(WorkerSettings())
    except (NotEnrolledError, BenchError, MeterFault) as error:
        typer.echo(f"this host can't judge: {error}", err=True)
        raise typer.Exit(3) from None
    app.worker_main(["worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat", "--pool=solo"])


@cli.command()
def enrol(
    server: str = typer.Option(...),
    code: str = typer.Option(...),
    name: str = typer.Option(platform.node()),
    device: str = typer.Option("", help="A phone or other device to judge on: its browser's DevTools endpoint, http://HOST:PORT."),
    battery: str = typer.Option("watched", help="'none' where the device's battery is taken out or bypassed."),
    adb: str = typer.Option("", help="The phone's serial number, where adb is to tell of its battery."),
) -> None:
    """Use a one-time code; leaves the host's token in the worker's data folder, and which device it judges on."""
    settings = WorkerSettings()
    config, about = described(device, battery, adb)
    told = {"code": code, "name": name, "facts": about, "public_key": public_key(make_key(settings.key_path))}
    try:
        response = httpx.post(f"{server.rstrip('/')}/api/v1/host/enrolments", json=told, timeout=10)
    except httpx.HTTPError as error:
        typer.echo(f"{server} isn't reachable: {error}", err=True)
        raise typer.Exit(3) from None
    if response.status_code != 201:
        typer.echo(f"{server} refused: {response.text}", err=True)
        raise typer.Exit(2)
    given = response.json()
    given.pop("host_id")
    store_credentials(settings, Credentials(server=server, **given))
    if config is not None:
        store_device(settings.data_dir, config)
    typer.echo(f"enrolled as {name} in host class {given['host_class']}; credentials in {settings.credentials_path}")


def described(device: str, battery: str, adb: str) -> tuple[DeviceConfig | None, dict[str, str | int]]:
    """Of this machine, or of the device, what the server is told. Leaves the command where the device doesn't answer."""
    if not device:
        return None, facts()
    try:
        config = device_config(device, battery, adb)
        with host_lock(lock_path(Path(), config)):
            host = DeviceHost(config)
            host.close()
    except (BoxFault, MeterFault) as error:
        typer.echo(f"not enrolled: {error}", err=True)
        raise typer.Exit(2) from None
    return config, host.facts


@cli.command()
def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Try every meter that this machine could have: what it is, or why not and what mends it."""
    settings = WorkerSettings()
    found = candidates(Cabinet(settings.meters_file, settings.powercap_root)) + examined(settings.data_dir)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        typer.echo(f"{'ok  ' if each.accepted else 'no  '} {each.name}: {each.said}")


@cli.command(name="calibrate")
def calibrate_host(
    boundary: str = typer.Option("", help="What is metered; by default what this host was enrolled for."),
    idle_s: float = typer.Option(60.0, min=0.1),
    control_s: float = typer.Option(10.0, min=0.1, help="Seconds of one of the five control workloads."),
    pulse_s: float = typer.Option(5.0, min=0.5),
) -> None:
    """Idle power, control workload and load pulses of this machine; a failure stands the host down until one passes."""
    settings = WorkerSettings()
    plan = Plan(idle_s, pulse_s, settings.sample_s)
    try:
        config = load_device(settings.data_dir)
        with host_lock(lock_path(settings.data_dir, config)), ExitStack() as open_things:
            host = DeviceHost(config) if config else None
            if host:
                open_things.callback(host.close)
            cabinet = Cabinet(settings.meters_file, settings.powercap_root)
            meter = meter_for(boundary or load_credentials(settings).boundary, cabinet, host.witnesses() if host else ())
            if meter.facts.modelled:
                raise MeterFault(f"{meter.facts.name} models and measures nothing: there's nothing to calibrate", Reason.MISCONFIGURED)
            history = load_history(settings.calibration_path)
            rounds = usual_rounds(history, meter.facts.name)
            load = open_things.enter_context((host.load if host else own_load)(control_s, rounds))
            found = calibrate(meter, load, plan, history)
    except (MeterFault, NotEnrolledError, BoxFault) as error:
        typer.echo(f"not calibrated: {error}", err=True)
        raise typer.Exit(3) from None
    keep(settings.calibration_path, found)
    joules = ", ".join(f"{each / 1e6:.3f}" for each in found.control_uj)
    typer.echo(f"idle {found.idle_uw / 1e6:.3f} W; control {joules} J, spread {found.spread:.2%}")
    for each in found.pulses:
        side = "ahead" if each.lag_s < 0 else "behind"
        typer.echo(f"pulses on {each.channel}: {abs(each.lag_s):.1f} s {side}, correlation {each.correlation:.3f}")
    if found.failed:
        typer.echo(f"this host stands down: {found.failed}", err=True)
        raise typer.Exit(3)
    typer.echo(f"passed; history of {len(history) + 1} in {settings.calibration_path}")


if __name__ == "__main__":
    cli()
