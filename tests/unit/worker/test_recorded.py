"""Records of lab meters and stored traces that aren't what they should be: each is said with the value, the limit and what to do."""

import random
import time
from pathlib import Path

import pytest

from minjoule.meter import Channel, Kind, MeterFault, Reason
from minjoule.trace import pack
from minjoule.window import Trace, Window, measure
from tests.fakes.simulated import SECOND, package
from worker.meters.recorded import CsvMeter, ReplayMeter, to_seconds

HEAD = "seconds,watts\n"


def record(file: Path, *rows: str, head: str = HEAD) -> Path:
    file.write_text(head + "".join(f"{row}\n" for row in rows))
    return file


def now_s() -> float:
    return time.clock_gettime(time.CLOCK_REALTIME)


BROKEN = {
    "milliwatts in its head": ("seconds,milliwatts\n", ("1,2",), Reason.MISCONFIGURED, "Let its first line be 'seconds,watts'"),
    "no head": ("", (), Reason.MISCONFIGURED, "begins with 'nothing'"),
    "a word for watts": (HEAD, ("1,many",), Reason.MISCONFIGURED, "has the row '1,many', seconds and watts are due"),
    "no number": (HEAD, ("1,nan",), Reason.MISCONFIGURED, "has the row '1,nan'"),
    "a third column": (HEAD, ("1,2,3",), Reason.MISCONFIGURED, "has the row '1,2,3'"),
    "an instant without its offset": (HEAD, ("2026-01-01T00:00:00,5",), Reason.MISCONFIGURED, "has the row"),
    "a clock that steps back": (HEAD, ("100.5,5", "100.0,5"), Reason.CLOCK_STEP, "went back by 0.500000 s at '100.0'"),
}


@pytest.mark.parametrize(("head", "rows", "reason", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_lab_record_is_refused_with(tmp_path: Path, head: str, rows: tuple[str, ...], reason: Reason, said: str) -> None:
    file = record(tmp_path / "lab.csv", *rows, head=head)
    with pytest.raises(MeterFault) as caught:
        CsvMeter(file, "device-wall").read(None)  # type: ignore[arg-type]
    assert said.replace("'nothing'", "nothing") in str(caught.value).replace("'nothing'", "nothing")
    assert caught.value.reason is reason


def test_a_lab_meter_that_stopped_writing_keeps_the_gate_shut(tmp_path: Path) -> None:
    meter = CsvMeter(record(tmp_path / "lab.csv", f"{now_s() - 60:.3f},5"), "device-wall")
    with pytest.raises(MeterFault, match="no row of the last 10 s .* Start the recording, or mend `offset_s`") as caught:
        meter.admit()
    assert caught.value.reason is Reason.SILENT


def traced(tmp_path: Path, *rows: tuple[float, float]) -> Trace:
    """A window of 8 s, ten seconds ago, over rows (seconds from its begin, watts)."""
    begin_s, begin_ns = now_s() - 10, time.monotonic_ns() - 10 * SECOND
    meter = CsvMeter(record(tmp_path / "lab.csv", *(f"{begin_s + at:.6f},{watts}" for at, watts in rows)), "device-wall")
    readings = meter.read(None)  # type: ignore[arg-type]
    return Trace(Window(begin_ns, begin_ns + 8 * SECOND), "csv", meter.channels, readings)


def test_a_lab_record_with_a_gap_is_void(tmp_path: Path) -> None:
    with pytest.raises(MeterFault, match="wasn't read for 6.000 s, 3.000 s are allowed") as caught:
        measure(traced(tmp_path, (-1, 5), (1, 5), (7, 5), (9, 5)))
    assert caught.value.reason is Reason.GAP


@pytest.mark.parametrize("watts", [-5.0, 5_000_000.0], ids=["negative", "milliwatts or worse"])
def test_a_lab_record_of_impossible_power_is_void(tmp_path: Path, watts: float) -> None:
    with pytest.raises(MeterFault, match="between 0 W and 100000 W are possible") as caught:
        measure(traced(tmp_path, *((at, watts if at == 4 else 5.0) for at in range(-1, 10))))
    assert caught.value.reason is Reason.POWER_BOUNDS


def test_instants_are_unix_seconds_or_have_their_offset() -> None:
    assert to_seconds("1.5") == 1.5
    assert to_seconds("1970-01-01T01:00:01+01:00") == 1.0


def test_a_replay_of_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_bytes(pack({"train": Trace(Window(0, 1), "m", (Channel("c", 1, 1, kind=Kind.COUNTER),), ())}))
    (tmp_path / "good").write_bytes(pack({"train": package(random.Random(1)).attend(SECOND)}))
    for name, window, said in (
        ("text", "train", "is no stored trace"),
        ("absent", "train", "is no stored trace"),
        ("empty", "train", "has no readings"),
        ("good", "score", "has no window 'score', there are: train"),
    ):
        with pytest.raises(MeterFault, match=said) as caught:
            ReplayMeter(tmp_path / name, window)
        assert caught.value.reason is Reason.MISCONFIGURED
