"""Which meters bill a boundary on this host, and which stand beside the bill.

``node-cpu`` is RAPL, ``node`` is NVML and RAPL (a GPU alone would make the CPU free), or amdsmi and RAPL where the meters' file says so; a
wall boundary is the one meter that the file puts there. There's no falling back: a boundary whose meter is missing has no host.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from minjoule.floor import floor_ns
from minjoule.joint_meter import JointMeter
from minjoule.meter import CpuTimeMeter, Meter, MeterFault, Reason
from minjoule.wgsl_counts import WgslCountsMeter
from worker.meters import elsewhere
from worker.meters.amdsmi import AmdsmiMeter
from worker.meters.certificate import Gain, load_gain
from worker.meters.config import (
    HOW,
    AmdsmiConfig,
    AnyConfig,
    CsvConfig,
    MetersFile,
    NvmlConfig,
    PlugConfig,
    RaplConfig,
    ReplayConfig,
    SnmpConfig,
    load_meters,
    read_password,
)
from worker.meters.cpu_counters import CpuCountersMeter
from worker.meters.nvml import CLASS, NvmlMeter
from worker.meters.plug import Plug, PlugMeter
from worker.meters.rapl import RaplMeter
from worker.meters.recorded import CsvMeter, ReplayMeter
from worker.meters.shelly import ShellyPlug
from worker.meters.snmp import APC_OUTLET_WATTS, SnmpOutlet
from worker.meters.tasmota import TasmotaPlug

WALLS = ("node-wall", "device-wall")
Own = type[NvmlConfig] | type[AmdsmiConfig] | type[RaplConfig]
OWN: dict[str, tuple[Own, ...]] = {"node-cpu": (RaplConfig,), "node": (NvmlConfig, RaplConfig)}
KNOWN = ("node-cpu", "node", *WALLS, "modelled-cpu", "modelled-cpu-time", "modelled-wgsl")


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Where this host's instruments are: the meters' file, and the root of powercap."""

    file: Path | None
    powercap_root: Path


def meter_for(boundary: str, cabinet: Cabinet, witnesses: Sequence[Meter] = ()) -> Meter:
    """The meter that covers a boundary, others of the file and ``witnesses`` beside it. Raises MeterFault with what to do."""
    content = load_meters(cabinet.file)
    if boundary not in KNOWN:
        raise MeterFault(f"no meter of this worker covers boundary {boundary!r}; there are {', '.join(KNOWN)}", Reason.ABSENT)
    billing = bills(boundary, content)
    billed = [make(each, cabinet, content) for each in billing] or [modelled(boundary)]
    beside = [*(make(each, cabinet, content) for each in content.meter if each not in billing), *witnesses]
    if boundary == "modelled-cpu":
        beside.append(CpuTimeMeter())  # costs nothing, and shows how far the two models are apart
    if len(billed) == 1 and not beside:
        return billed[0]
    try:
        return JointMeter(boundary, billed, beside)
    except ValueError as error:
        for each in (*billed, *beside):
            getattr(each, "close", lambda: None)()
        detail = f"the meters' file has two meters of one kind ({error})"
        raise MeterFault(detail, Reason.MISCONFIGURED, f"Leave one of them in it, or give the other a kind of its own. {HOW}") from None


def modelled(boundary: str) -> Meter:
    """The meter of a modelled boundary. Raises MeterFault where the hardware for it is missing."""
    if boundary == "modelled-wgsl":
        return WgslCountsMeter()
    return CpuTimeMeter() if boundary == "modelled-cpu-time" else CpuCountersMeter()


def bills(boundary: str, content: MetersFile) -> list[AnyConfig]:
    """What makes up the bill of a boundary; nothing for a modelled one. Raises MeterFault."""
    if boundary in WALLS:
        there = [each for each in content.meter if getattr(each, "boundary", None) == boundary]
        if len(there) != 1:
            detail = f"the meters' file puts {len(there)} meters on boundary {boundary}, one is due"
            raise MeterFault(detail, Reason.ABSENT, f"Give one `boundary = {boundary!r}`. {HOW}")
        return there
    kinds = OWN.get(boundary, ())
    if boundary == "node" and any(isinstance(each, AmdsmiConfig) for each in content.meter):
        kinds = (AmdsmiConfig, RaplConfig)
    return [next((each for each in content.meter if isinstance(each, kind)), kind()) for kind in kinds]


def make(config: AnyConfig, cabinet: Cabinet, content: MetersFile) -> Meter:
    """The instrument of one entry. Raises MeterFault where it's absent, unreachable, another one or not as its entry says."""

    def gain(device: str, otherwise: Gain | None = None) -> Gain:
        if config.certificate is None:
            return otherwise or Gain()
        return load_gain(config.certificate, config.kind, device, content.certificate_keys)

    match config:
        case NvmlConfig():
            return NvmlMeter(config.gpus, gain=lambda device: gain(device, CLASS))
        case AmdsmiConfig():
            return AmdsmiMeter(config.gpus, gain=gain)
        case RaplConfig():
            return RaplMeter(cabinet.powercap_root, gain=gain(cpu_device()))
        case PlugConfig() | SnmpConfig():
            return PlugMeter(plug_of(config), config.boundary, config.device, gain(config.device))
        case CsvConfig():
            return CsvMeter(config.file, config.boundary, config.offset_s, config.delta_s, gain(config.file.name))
        case ReplayConfig():
            return ReplayMeter(config.file, config.window)


def plug_of(config: PlugConfig | SnmpConfig) -> Plug:
    """How a plug is asked."""
    if isinstance(config, SnmpConfig):
        return SnmpOutlet(config.host, config.outlet, config.port, config.community, config.oid or APC_OUTLET_WATTS)
    password, address = read_password(config.password_file), str(config.address)
    if config.kind == "shelly":
        return ShellyPlug(address, config.outlet, config.user, password)
    return TasmotaPlug(address, config.user, password)


def cpu_device(machine_id: Path = Path("/etc/machine-id")) -> str:
    """What tells this machine's packages from another's on a certificate."""
    try:
        return machine_id.read_text().strip()
    except OSError:
        return "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What became of one meter: taken (then what it is), or not (then why, and what mends it)."""

    name: str
    accepted: bool
    said: str
    reason: str = ""
    mend: str = ""


def candidates(cabinet: Cabinet) -> list[Candidate]:
    """Every meter that there could be here, tried."""
    try:
        content = load_meters(cabinet.file)
    except MeterFault as fault:
        return [Candidate("meters' file", False, str(fault), fault.reason, fault.mend)]
    own: list[AnyConfig] = [
        kind() for kind in (NvmlConfig, RaplConfig, AmdsmiConfig) if not any(isinstance(each, kind) for each in content.meter)
    ]
    tries: list[tuple[str, Callable[[], Meter]]] = [("cpu-time", CpuTimeMeter), ("cpu-counters", CpuCountersMeter)]
    tries += [(each.kind, lambda each=each: make(each, cabinet, content)) for each in (*own, *content.meter)]  # type: ignore[misc]
    tries.append(("apple", elsewhere.apple))
    found = [tried(name, attempt) for name, attempt in tries]
    missing = [name for name in ("shelly", "tasmota", "snmp", "csv") if all(each.name != name for each in found)]
    return found + [unnamed(name) for name in missing]


def unnamed(name: str) -> Candidate:
    """A meter that's there only if the file says where."""
    mend = f"Add a [[meter]] with kind = {name!r}. {HOW}"
    return Candidate(name, False, f"the meters' file names none. {mend}", Reason.ABSENT, mend)


def tried(name: str, attempt: Callable[[], Meter]) -> Candidate:
    """One meter, made and asked whether the device is free."""
    try:
        meter = attempt()
        meter.admit()
    except MeterFault as fault:
        return Candidate(name, False, str(fault), fault.reason, fault.mend)
    facts = meter.facts
    period = f"every {facts.update_s * 1000:.3g} ms" if facts.update_s else "fresh at every read"
    floor_s = floor_ns(meter.channels) / 1e9
    least = f"; a bill lasts {floor_s:.3g} s at least, shared by several boxes where one is shorter" if floor_s else ""
    return Candidate(name, True, f"{facts.covers}; {period}; gain {facts.gain_basis}; {facts.note}{least}")
