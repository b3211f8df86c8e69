"""The life of an attempt: what is reported, what is a fault, and what a lost lease does."""

import base64
import json
import threading
import time
import tomllib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from minjoule import tracks
from minjoule.box import Phase
from minjoule.bundle import Bundle
from minjoule.joint_meter import JointMeter
from minjoule.meter import CpuTimeMeter, Meter
from minjoule.trace import unpack
from minjoule.trial import Progress
from minjoule.window import measure
from server.runs.schemas import Heartbeat, Report
from tests.fakes.box import FakeBoxes, Script
from tests.fakes.meter import ReplayMeter
from tests.fakes.reporter import FakeReporter
from worker import judge as judging
from worker.judge import Bench, Pulse
from worker.ports import Claim, ServerFault

MANIFEST = b'name = "x"\ntrack = "parity"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "a test"\n'
BUNDLE = Bundle({"entry.toml": MANIFEST, "entry.py": b"def train(data, *, seed): ...\n"})


def claim(run: str, **changes: object) -> Claim:
    content: dict[str, object] = {
        "attempt_id": 1,
        "run_id": run,
        "epoch": 1,
        "lease_s": 10,
        "submission_digest": BUNDLE.digest,
        "entrypoint": "entry.py",
        "track": tomllib.loads(tracks.shipped()["parity"]),
        "instance_key": "00" * 32,
        "seed": 7,
        "purpose": "board",
    }
    return Claim.model_validate(content | changes)


def judge_all(server: FakeReporter, bench: Bench, stopping: threading.Event | None = None) -> int:
    return judging.judge_all(server, bench, stopping or threading.Event())


def bench(boxes: FakeBoxes, meter: Meter | None = None) -> Bench:
    return Bench(
        boxes,
        meter or CpuTimeMeter(),
        lambda: boxes.journal.append("reap"),
        lambda: boxes.journal.append("ahead"),
        lambda: None,
        "h1",
        {"cpu": "test"},
        Ed25519PrivateKey.generate(),
    )


def reporter(boxes: FakeBoxes, *runs: Claim) -> FakeReporter:
    fake = FakeReporter({BUNDLE.digest: BUNDLE.to_zip()}, boxes.journal)
    fake.queue = list(runs)
    return fake


@pytest.fixture
def fast_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "BEAT_S", 0.01)


def test_a_run_is_reported_with_loss_joules_and_a_trace_that_adds_up_to_them() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    assert judge_all(server, bench(boxes)) == 1
    report = server.reports["r1"]
    assert (report["outcome"], report["loss"], report["symbols"]) == ("FINISHED", pytest.approx(1.0), 2000)
    assert (report["train"]["energy_uj"], report["score"]["energy_uj"]) == (20_000_000, 10_000_000)
    traces = unpack(base64.b64decode(report["trace_b64"]))
    for phase in ("train", "score"):
        assert measure(traces[phase]).energy_uj == report[phase]["energy_uj"]
        assert [traces[phase].window.begin_ns, traces[phase].window.end_ns] == [report[phase]["begin_ns"], report[phase]["end_ns"]]
    assert server.faults == {}


def test_what_is_reported_is_what_the_server_takes() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    judge_all(server, bench(boxes))
    Report.model_validate_json(json.dumps({"epoch": 1} | server.reports["r1"]))


def test_other_meters_are_reported_beside_the_bill_and_signed() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    judge_all(server, bench(boxes, JointMeter("modelled-cpu-time", [CpuTimeMeter()], [ReplayMeter(0, 7, 8, 9)])))
    report = server.reports["r1"]
    signed = json.loads(base64.b64decode(report["record_b64"]))
    for phase in ("train", "score"):
        bill, beside = report[phase]["meters"]
        assert bill == {"meter": "cpu-time", "energy_uj": report[phase]["energy_uj"], "billed": True}
        assert (beside["meter"], beside["billed"]) == ("replay", False)
        assert beside["energy_uj"] > 0
        assert signed["windows"][phase]["meters"] == [bill, beside]
    Report.model_validate_json(json.dumps({"epoch": 1} | report))


def test_an_entrants_failure_is_reported_with_its_bill_and_is_no_fault() -> None:
    boxes = FakeBoxes(Script(failure={"outcome": "RUNTIME_ERROR", "message": "ValueError: no luck"}))
    server = reporter(boxes, claim("r1"))
    judge_all(server, bench(boxes))
    report = server.reports["r1"]
    assert (report["outcome"], report["message"], report["loss"], report["score"]) == ("RUNTIME_ERROR", "ValueError: no luck", None, None)
    assert report["train"]["energy_uj"] == 20_000_000
    assert server.faults == {}


def test_the_worker_goes_on_until_nothing_waits_and_reaps_before_every_claim() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"), claim("r2"), claim("r3"))
    assert judge_all(server, bench(boxes)) == 3
    assert set(server.reports) == {"r1", "r2", "r3"}
    steps = [step for step in boxes.journal if step in ("reap", "claim")]
    assert steps == ["reap", "claim"] * 4


def test_boxes_are_removed_after_the_report_so_nobody_waits_for_it() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    judge_all(server, bench(boxes))
    after = boxes.journal[boxes.journal.index("report") :]
    assert set(after) >= {"cleanup train", "cleanup score"}
    assert all(box.cleaned for box in boxes.boxes)


def test_boxes_carry_the_labels_by_which_a_dead_workers_leftovers_are_found() -> None:
    boxes = FakeBoxes()
    judge_all(reporter(boxes, claim("r1")), bench(boxes))
    for box in boxes.boxes:
        assert box.spec.labels == {"minjoule.run": "r1", "minjoule.attempt": "1", "minjoule.host": "h1"}


FAULTS = {
    "no box": (FakeBoxes(Script(broken={Phase.SCORE: "the engine is gone"})), None, {}, "box_fault", "the engine is gone"),
    "a silent meter": (FakeBoxes(), ReplayMeter(5, breaks_at=2), {}, "meter_fault", "fell silent"),
    "an unknown problem": (FakeBoxes(), None, {"track": {"slug": "x"}}, "worker_error", "reference"),
    "a bad key": (FakeBoxes(), None, {"instance_key": "zz"}, "worker_error", "ValueError"),
}


@pytest.mark.parametrize(("boxes", "meter", "changes", "cause", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_our_failure_is_a_fault_with_its_cause_and_the_next_run_is_claimed(
    boxes: FakeBoxes, meter: Meter | None, changes: dict[str, object], cause: str, said: str
) -> None:
    server = reporter(boxes, claim("r1", **changes))
    assert judge_all(server, bench(boxes, meter)) == 1
    assert server.reports == {}
    assert server.faults["r1"][0] == cause
    assert said in server.faults["r1"][1]
    assert all(box.cleaned for box in boxes.boxes)


@pytest.mark.parametrize("sent", [b"no zip", Bundle(BUNDLE.files | {"more.py": b"x = 1\n"}).to_zip()], ids=["damaged", "another one"])
def test_a_bundle_that_is_not_the_claimed_one_is_never_run(sent: bytes) -> None:
    boxes = FakeBoxes()
    server = FakeReporter({BUNDLE.digest: sent}, boxes.journal)
    server.queue = [claim("r1")]
    judge_all(server, bench(boxes))
    assert server.faults["r1"][0] == "bundle_fault"
    assert boxes.boxes == []


def test_a_replayed_meter_bills_what_it_counted() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    judge_all(server, bench(boxes, ReplayMeter(1000, 70, 500, 30)))
    assert (server.reports["r1"]["train"]["energy_uj"], server.reports["r1"]["score"]["energy_uj"]) == (70, 30)


def test_a_lost_lease_stops_the_trial_and_nothing_is_reported(fast_beats: None) -> None:
    hold = threading.Event()
    boxes = FakeBoxes(Script(hold=hold))
    server = reporter(boxes, claim("r1"), claim("r2"))
    server.on_beat = lambda: server.lost.add("r1") if not server.reports and len(server.beats) > 3 else None
    began = time.monotonic()
    threading.Timer(3, hold.set).start()
    assert judge_all(server, bench(boxes)) == 2
    assert time.monotonic() - began < 10
    assert set(server.reports) == {"r2"}
    assert server.faults == {}
    assert all(box.cleaned for box in boxes.boxes)


def test_a_lease_lost_while_boxes_start_opens_no_gate(fast_beats: None) -> None:
    boxes = FakeBoxes(Script(before_gate=lambda: time.sleep(0.3)))
    server = reporter(boxes, claim("r1"))
    server.on_beat = lambda: server.lost.add("r1")
    judge_all(server, bench(boxes))
    assert server.reports == {}
    assert [box.cpu_ns() for box in boxes.boxes] == [0, 0]


def test_beats_tell_phase_joules_and_the_log_once(fast_beats: None) -> None:
    hold = threading.Event()
    boxes = FakeBoxes(Script(hold=hold))
    server = reporter(boxes, claim("r1"))
    threading.Timer(0.7, hold.set).start()
    judge_all(server, bench(boxes))
    training = [beat for beat in server.beats if beat["phase"] == "train"]
    assert training[-1]["energy_uj"] == 20_000_000
    assert b"".join(base64.b64decode(beat["log_b64"]) for beat in training) == boxes.script.log
    for beat in server.beats:
        Heartbeat.model_validate_json(json.dumps({"epoch": 1} | beat))


def test_a_server_that_is_away_for_beats_loses_nothing(fast_beats: None) -> None:
    boxes = FakeBoxes(Script(hold=(hold := threading.Event())))
    server = reporter(boxes, claim("r1"))

    def go_away() -> None:
        server.away = True

    def come_back() -> None:
        server.on_beat, server.away = lambda: None, False
        hold.set()

    server.on_beat = go_away
    threading.Timer(0.3, come_back).start()
    judge_all(server, bench(boxes))
    assert server.reports["r1"]["outcome"] == "FINISHED"


def test_a_lost_beat_loses_no_live_log() -> None:
    server = reporter(FakeBoxes(), claim("r1"))
    pulse = Pulse(claim("r1"), server, None)  # type: ignore[arg-type]  # no trial is stopped here
    pulse.note(Progress(phase=Phase.TRAIN, wall_s=1.0, fraction=0.5, energy_uj=1, log=b"said once", loss_so_far=None))
    server.away = True
    with pytest.raises(ServerFault):
        pulse._tell()
    server.away = False
    pulse._tell()
    pulse._tell()
    assert [base64.b64decode(beat["log_b64"]) for beat in server.beats][-2:] == [b"said once", b""]


def test_a_server_that_is_away_at_the_claim_is_said_and_nothing_starts() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    server.away = True
    with pytest.raises(ServerFault):
        judge_all(server, bench(boxes))
    assert boxes.boxes == []


def test_a_worker_told_to_stop_finishes_its_run_and_claims_no_other() -> None:
    stopping = threading.Event()
    boxes = FakeBoxes(Script(before_gate=stopping.set))
    server = reporter(boxes, claim("r1"), claim("r2"))
    assert judge_all(server, bench(boxes), stopping) == 1
    assert set(server.reports) == {"r1"}
    assert [waiting.run_id for waiting in server.queue] == ["r2"]


def test_a_host_that_fails_pauses_longer_each_time_and_one_good_run_ends_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PAUSE_S", 2.0)
    paused: list[float] = []

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            paused.append(timeout or 0)
            return False

    boxes = FakeBoxes(Script(broken={Phase.SCORE: "the engine is gone"}))
    server = reporter(boxes, claim("r1"), claim("r2"), claim("r3"))
    assert judge_all(server, bench(boxes), Stopping()) == 3
    assert paused == [2.0, 4.0, 8.0]


def test_a_result_that_the_server_refuses_is_our_fault_and_said_at_once() -> None:
    boxes = FakeBoxes()
    server = reporter(boxes, claim("r1"))
    server.refuses = "loss: too large"
    judge_all(server, bench(boxes))
    assert server.faults == {"r1": ("worker_error", "the server refused: report: 422: loss: too large")}
