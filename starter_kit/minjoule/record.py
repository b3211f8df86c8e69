"""The run record: what was run, where, and what came of it, in one canonical JSON object that its host and the server sign.

Whoever has the record, the raw trace and the log can check the signatures and digests, and add up the joules again, bit for bit.
Canonical JSON is RFC 8785; signatures are ed25519 (RFC 8032). Whole numbers that may pass 2^53 (nanoseconds, seeds) stand as
decimal strings, for canonical JSON has no larger ones. It knows no server and no disk.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from minjoule.floor import Sharing, boxes_due, floor_ns, mean
from minjoule.meter import MeterFault
from minjoule.trace import TraceError, unpack
from minjoule.window import Measurement, Trace, measure

SCHEMA = "minjoule-run-record/2"
KNOWN = ("minjoule-run-record/1", SCHEMA)
"""The first had one box a window, and no ``sharing``."""
WINDOWS = ("train", "score")
PUBLISHED = ("outcome", "loss", "energy_uj")


class RecordError(ValueError):
    """An object that is no run record: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ``name`` is the part, ``said`` what was seen."""

    name: str
    ok: bool
    said: str


def canonical(record: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. Raises RecordError for what canonical JSON can't hold."""
    try:
        return rfc8785.dumps(dict(record))
    except rfc8785.CanonicalizationError as error:
        raise RecordError(f"the record has no canonical form: {error}") from None


def sha256(content: bytes) -> str:
    """Hex."""
    return hashlib.sha256(content).hexdigest()


def window_of(measured: Measurement) -> dict[str, Any]:
    """A window with its bill, as the record holds it: microjoules, and nanoseconds of the host's monotonic clock as strings.

    ``meters`` is there where more than one meter was read: the parts of the bill, and what stands beside it.
    """
    bill: dict[str, Any] = {
        "begin_ns": str(measured.window.begin_ns),
        "end_ns": str(measured.window.end_ns),
        "energy_uj": measured.energy_uj,
        "expanded_uj": measured.expanded_uj,
        "on_host_uj": measured.on_host_uj,
    }
    meters = meters_of(measured)
    return bill if meters is None else bill | {"meters": meters}


def meters_of(measured: Measurement) -> list[dict[str, Any]] | None:
    """Every meter of a window where there's more than one; None where one is all."""
    return [asdict(each) for each in measured.meters] if len(measured.meters) > 1 else None


def sharing_of(sharing: Sharing) -> dict[str, Any]:
    """What shared the windows, as the record holds it: nanoseconds as strings."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(sharing).items()}
    return plain | {"floor_ns": str(sharing.floor_ns), "expected_ns": str(sharing.expected_ns)}


def public_key(key: Ed25519PrivateKey) -> str:
    """The key that others check with, hex."""
    return key.public_key().public_bytes_raw().hex()


def sign(key: Ed25519PrivateKey, content: bytes) -> str:
    """An ed25519 signature, hex."""
    return key.sign(content).hex()


def signed_by(public: str, signature: str, content: bytes) -> bool:
    """Whether ``signature`` over ``content`` is that key's; False for anything malformed."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def receipt(record: bytes, host_signature: str, received_at: str) -> bytes:
    """What the server signs: that this record, signed so, reached it then (an ISO instant)."""
    return canonical({"schema": SCHEMA, "record_sha256": sha256(record), "host_signature": host_signature, "received_at": received_at})


def verify(document: Mapping[str, Any], trace: bytes, log: bytes, published: Mapping[str, Any]) -> list[Check]:
    """Check a downloaded run: its signed document, trace and log, and the figures that the server shows for it.

    Never raises for what a stranger may have changed: that is a failed Check which names the part.
    """
    try:
        return list(checks(document, trace, log, published))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [Check("record", False, f"it isn't a run record ({type(error).__name__}: {error})")]


def checks(document: Mapping[str, Any], trace: bytes, log: bytes, published: Mapping[str, Any]) -> Iterator[Check]:
    """See ``verify``."""
    record, host, server = document["record"], document["host"], document["server"]
    content = canonical(record)
    yield Check("schema", record["schema"] in KNOWN, f"{record['schema']}")
    held = signed_by(host["public_key"], host["signature"], content)
    by = f"signed by host {host['name']}, key {host['public_key'][:16]}..."
    yield Check("record", held, by if held else "its host's signature doesn't hold: the record was changed")
    said = receipt(content, host["signature"], server["received_at"])
    held = signed_by(server["public_key"], server["signature"], said)
    by = f"signed by the server, key {server['public_key'][:16]}..., {server['received_at']}"
    yield Check("receipt", held, by if held else "the server's signature doesn't hold")
    yield digest_check("trace", record["trace"], trace)
    yield digest_check("log", record["log"], log)
    yield from published_checks(record, published)
    yield from energy_checks(record, trace)


def digest_check(name: str, said: Mapping[str, Any], content: bytes) -> Check:
    """The bytes are those that the record names."""
    ok = said["sha256"] == sha256(content)
    return Check(name, ok, f"sha256 {sha256(content)[:16]}..." + ("" if ok else f", the record says {said['sha256'][:16]}..."))


def published_checks(record: Mapping[str, Any], published: Mapping[str, Any]) -> Iterator[Check]:
    """What the server shows is what was signed."""
    signed = {name: record[name] for name in PUBLISHED} | {"artifact_sha256": record["artifact"]["sha256"]}
    for name, value in signed.items():
        ok = published.get(name) == value
        yield Check(name, ok, f"{value}" if ok else f"the record says {value}, the server shows {published.get(name)}")


def energy_checks(record: Mapping[str, Any], trace: bytes) -> Iterator[Check]:
    """The joules, made again from the raw readings, and how many boxes they belong to."""
    sharing = record["sharing"] if record["schema"] != KNOWN[0] else {}
    try:
        traces = unpack(trace)
        measured = {name: measure(each).shared(max(int(sharing.get(name, 1)), 1)) for name, each in traces.items()}
    except (TraceError, MeterFault) as error:
        yield Check("joules", False, f"they can't be added up again: {error}")
        return
    again = {name: window_of(measured[name]) if name in measured else None for name in WINDOWS}
    for name in WINDOWS:
        ok = again[name] == with_meters(record["windows"][name], again[name])
        bill = again[name]
        figure = "no window" if bill is None else f"{bill['energy_uj']} uJ added up again from the raw readings"
        yield Check(f"joules of {name}", ok, figure + ("" if ok else f", the record says {record['windows'][name]}"))
    total = sum(bill["energy_uj"] for bill in again.values() if bill)
    yield Check("joules", total == record["energy_uj"], f"{total} uJ in all, the record says {record['energy_uj']}")
    if sharing:
        yield sharing_check(record, sharing, traces)


def with_meters(said: dict[str, Any] | None, again: dict[str, Any] | None) -> dict[str, Any] | None:
    """A window of a record made before windows named their meters: what it doesn't say can't be wrong."""
    return said if said is None or again is None or "meters" in said or "meters" not in again else said | {"meters": again["meters"]}


def sharing_check(record: Mapping[str, Any], sharing: Mapping[str, Any], traces: Mapping[str, Trace]) -> Check:
    """As many boxes as the floor of the trace's own meters asks for, and the loss is their mean."""
    floor = max((floor_ns(trace.channels) for trace in traces.values()), default=0)
    due = boxes_due(floor, int(sharing["expected_ns"])) if floor else 1
    boxes, losses = (sharing["train"], sharing["score"]), sharing["losses"]
    if sharing["floor_ns"] != str(floor):
        return Check("boxes", False, f"the meters ask for a floor of {floor} ns, the record says {sharing['floor_ns']}")
    if record["outcome"] == "FINISHED":
        if boxes != (due, due) or not due == len(losses) == len(sharing["instances"]) == len(sharing["artifacts"]):
            return Check("boxes", False, f"{due} boxes are due in each window, the record says {boxes[0]} and {boxes[1]}")
        if mean(losses) != record["loss"]:
            return Check("boxes", False, f"the mean of its boxes' losses is {mean(losses)}, the record says {record['loss']}")
    return Check("boxes", True, f"{boxes[0]} in training, {boxes[1]} in scoring; each window's energy is divided by them")
