"""A run's evidence: one flipped bit anywhere is found, and the part is named."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from minjoule import record
from minjoule.floor import Sharing
from minjoule.meter import Channel, CpuTimeMeter, Reading
from minjoule.trace import pack
from minjoule.window import Trace, Window, measure

HOST, SERVER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
LOG = b"a line\n"


def trace_of(begin_ns: int, raws: list[int]) -> Trace:
    readings = tuple(Reading("cpu", begin_ns + 1000 * place, begin_ns + 1000 * place + 1000, raw) for place, raw in enumerate(raws))
    return Trace(Window(begin_ns, begin_ns + 1000 * len(raws)), "cpu-time", CpuTimeMeter.channels, readings)


TRACES = {"train": trace_of(2**53 + 1000, [5, 10**9, 3 * 10**9]), "score": trace_of(2**54, [0, 10**8])}
PACKED = pack(TRACES)


def document() -> dict[str, Any]:
    windows = {name: record.window_of(measure(trace)) for name, trace in TRACES.items()}
    content = {
        "schema": record.SCHEMA,
        "run": "r1",
        "outcome": "FINISHED",
        "loss": 0.1 + 0.2,
        "sharing": record.sharing_of(Sharing(0, 0, 1, 1, (0.1 + 0.2,), ("c" * 64,), ("a" * 64,))),
        "energy_uj": sum(window["energy_uj"] for window in windows.values()),
        "windows": windows,
        "artifact": {"sha256": "a" * 64, "bytes": 3},
        "log": {"sha256": record.sha256(LOG), "bytes": len(LOG), "truncated": False},
        "trace": {"sha256": record.sha256(PACKED), "bytes": len(PACKED)},
    }
    signed = record.canonical(content)
    signature, at = record.sign(HOST, signed), "2026-01-02T03:04:05.000006Z"
    return {
        "record": content,
        "host": {"name": "h", "public_key": record.public_key(HOST), "signature": signature},
        "server": {
            "public_key": record.public_key(SERVER),
            "signature": record.sign(SERVER, record.receipt(signed, signature, at)),
            "received_at": at,
        },
    }


def published() -> dict[str, Any]:
    said = document()["record"]
    return {name: said[name] for name in record.PUBLISHED} | {"artifact_sha256": said["artifact"]["sha256"]}


def failed(given: dict[str, Any], trace: bytes = PACKED, log: bytes = LOG, shown: dict[str, Any] | None = None) -> list[str]:
    return [check.name for check in record.verify(given, trace, log, shown or published()) if not check.ok]


def test_what_a_host_signed_passes_and_nanoseconds_beyond_doubles_survive() -> None:
    assert failed(document()) == []
    assert document()["record"]["windows"]["train"]["begin_ns"] == str(2**53 + 1000)


def test_canonical_form_doesnt_depend_on_the_order_of_fields() -> None:
    said = document()["record"]
    assert record.canonical(said) == record.canonical(dict(reversed(said.items())))


@pytest.mark.parametrize("position", [0, 5, 40, len(PACKED) - 1])
def test_a_flipped_bit_in_the_trace_is_named(position: int) -> None:
    flipped = bytearray(PACKED)
    flipped[position] ^= 1
    assert "trace" in failed(document(), bytes(flipped))


def test_a_flipped_bit_in_the_log_is_named() -> None:
    assert failed(document(), log=b"b line\n") == ["log"]


def set_path(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(given: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            given = given[parent]
        given[last] = value

    return change


CHANGES = {
    "record.artifact.sha256": ("b" * 64, {"record", "receipt", "artifact_sha256"}),
    "record.energy_uj": (1, {"record", "receipt", "energy_uj", "joules"}),
    "record.windows.train.energy_uj": (1, {"record", "receipt", "joules of train"}),
    "record.windows.score.end_ns": ("7", {"record", "receipt", "joules of score"}),
    "record.loss": (0.2, {"record", "receipt", "loss", "boxes"}),
    "record.sharing.train": (2, {"record", "receipt", "boxes", "joules of train", "joules"}),
    "record.sharing.floor_ns": ("1", {"record", "receipt", "boxes"}),
    "record.sharing.losses": ([0.2], {"record", "receipt", "boxes"}),
    "record.run": ("r2", {"record", "receipt"}),
    "host.signature": ("00" * 64, {"record", "receipt"}),
    "host.public_key": (record.public_key(SERVER), {"record"}),
    "server.signature": ("00" * 64, {"receipt"}),
    "server.received_at": ("2027-01-02T03:04:05.000006Z", {"receipt"}),
}


@pytest.mark.parametrize("path", CHANGES)
def test_a_changed_field_fails_and_the_part_is_named(path: str) -> None:
    value, parts = CHANGES[path]
    given = copy.deepcopy(document())
    set_path(path, value)(given)
    assert set(failed(given)) == parts


def test_a_record_of_the_first_schema_had_one_box_a_window_and_still_passes() -> None:
    given = document()
    given["record"]["schema"] = record.KNOWN[0]
    del given["record"]["sharing"]
    assert set(failed(given)) == {"record", "receipt"}, "its signatures are over the other schema; all else holds"


def beside(raws: list[int]) -> tuple[dict[str, Any], bytes]:
    """A document whose training window has a second meter, and its trace."""
    plain, other = TRACES["train"], Channel("nvml/gpu-0", 1, 1, billed=False)
    readings = tuple(replace(each, channel=other.name, raw=raw) for each, raw in zip(plain.readings, raws, strict=True))
    traces = TRACES | {"train": replace(plain, channels=(*plain.channels, other), readings=plain.readings + readings)}
    given, packed = document(), pack(traces)
    given["record"]["windows"]["train"] = record.window_of(measure(traces["train"]))
    given["record"]["trace"] = {"sha256": record.sha256(packed), "bytes": len(packed)}
    return given, packed


def test_a_second_meters_reading_is_checked_too_and_one_meter_is_the_bill_itself() -> None:
    given, packed = beside([10, 20, 45])
    bill, other = given["record"]["windows"]["train"]["meters"]
    assert other == {"meter": "nvml", "energy_uj": 35, "billed": False}
    assert bill["energy_uj"] == given["record"]["windows"]["train"]["energy_uj"]
    assert "meters" not in given["record"]["windows"]["score"]
    assert set(failed(given, packed)) == {"record", "receipt"}, "the signatures are over another record; all else holds"
    other["energy_uj"] = 34
    assert set(failed(given, packed)) == {"record", "receipt", "joules of train"}


def test_a_record_made_before_windows_named_their_meters_still_passes() -> None:
    given, packed = beside([10, 20, 45])
    del given["record"]["windows"]["train"]["meters"]
    assert set(failed(given, packed)) == {"record", "receipt"}


@pytest.mark.parametrize("name", ["outcome", "loss", "energy_uj", "artifact_sha256"])
def test_a_server_that_shows_another_figure_is_found_out(name: str) -> None:
    assert failed(document(), shown=published() | {name: "7"}) == [name]


@pytest.mark.parametrize(
    "given", [{}, {"record": 3, "host": {}, "server": {}}, {"record": {}, "host": {}, "server": {}}, {"record": {"x": 2**60}}]
)
def test_what_is_no_record_is_said_so_and_never_raised(given: dict[str, Any]) -> None:
    assert failed(given) == ["record"]


def test_a_signature_of_the_wrong_form_is_no_signature() -> None:
    assert not record.signed_by("zz", "00", b"x")
    assert not record.signed_by(record.public_key(HOST), "nothex", b"x")
