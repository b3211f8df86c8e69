"""Whole runs by a schedule: equal runs give equal integers, racy shaders are refused, errors say where."""

import numpy as np
import pytest

from minjoule.contract import SupervisedSet
from minjoule.webgpu.cost import price
from tests.webgpu.lab import Lab, data_of, packed, schedule, unpacked

pytestmark = pytest.mark.chromium

LEARN = """@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> w: array<f32>;
@group(0) @binding(2) var<storage, read> shape: array<u32>;
@compute @workgroup_size(4)
fn learn(@builtin(global_invocation_id) id: vec3u) {
  for (var n = 0u; n < shape[0]; n++) { w[id.x] += x[n * 4u + id.x]; }
}
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;
@compute @workgroup_size(8)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape[3]) { return; }
  for (var c = 0u; c < 4u; c++) { logits[id.x * 4u + c] = w[c] * x[id.x * 4u + c]; }
}
"""
PARTS = {
    "buffers": {
        "x": {"initial": "training.inputs"},
        "shape": {"initial": "shape"},
        "w": {"bytes": 16},
        "asked": {"bytes": 128, "initial": "heldout.inputs"},
        "logits": {"bytes": 128},
    },
    "pipelines": {"learn": {"file": "a.wgsl", "entry": "learn"}, "answer": {"file": "a.wgsl", "entry": "answer"}},
    "train": [{"loop": 3, "do": [{"dispatch": "learn", "workgroups": [1]}]}],
    "artifact": ["w"],
    "predict": [{"dispatch": "answer", "workgroups": [1], "bind": {"x": "asked"}}],
    "logits": "logits",
}
INPUTS = np.arange(20, dtype=np.float32).reshape(5, 4)
TRAINING = SupervisedSet(INPUTS, np.zeros(5, np.uint8), 4)
SHAPE = {"features": 4, "alphabet": 4}


def files(shader: str = LEARN) -> dict[str, str]:
    return {"schedule.json": schedule(**PARTS), "a.wgsl": shader}


def test_a_run_learns_answers_and_counts_what_it_moved(lab: Lab) -> None:
    trained = lab.call("train", files=files(), data=data_of(TRAINING), seed=1)
    weights = np.frombuffer(unpacked(trained["artifact"]), np.float32)
    assert np.allclose(weights, 3 * INPUTS.sum(axis=0))
    asked = lab.call("predict", files=files(), artifact=trained["artifact"], shape=SHAPE, batches=[packed(INPUTS), packed(INPUTS[:2])])
    answers = [np.frombuffer(unpacked(each), np.float32).reshape(-1, 4) for each in asked["logits"]]
    assert np.allclose(answers[0], weights * INPUTS)
    assert np.allclose(answers[1], weights * INPUTS[:2])
    turns = 3 * 4 * 5
    assert trained["counts"]["f32 add"] == str(turns)
    assert trained["counts"]["storage"] == str(12 * turns + 4 * (turns + 3 * 4))  # w read and written, x; shape at each test
    assert trained["counts"]["host"] == str(80 + 16 + 16 + 16)  # inputs, shape, w's zeros, the artifact read back


def test_equal_runs_give_equal_integers(lab: Lab) -> None:
    one, two = (lab.call("train", files=files(), data=data_of(TRAINING), seed=7) for _ in range(2))
    assert (one["artifact"], one["counts"]) == (two["artifact"], two["counts"])
    assert price(one["counts"]).energy_fj == price(two["counts"]).energy_fj > 0


def test_a_race_between_invocations_is_refused(lab: Lab) -> None:
    racy = LEARN.replace("{ w[id.x] += x[n * 4u + id.x]; }", "{\n w[0] += x[n]; }")
    with pytest.raises(RuntimeError, match=r"RaceError: a\.wgsl, line 7: data race on w: two invocations"):
        lab.call("train", files=files(racy), data=data_of(TRAINING), seed=1)


def test_a_race_between_workgroups_is_refused(lab: Lab) -> None:
    shader = LEARN.replace("@workgroup_size(4)\nfn learn", "@workgroup_size(1)\nfn learn").replace("w[id.x] +=", "w[0] +=")
    given = files(shader)
    given["schedule.json"] = given["schedule.json"].replace('"workgroups": [1]', '"workgroups": [4]', 1)
    with pytest.raises(RuntimeError, match="data race on w: two workgroups"):
        lab.call("train", files=given, data=data_of(TRAINING), seed=1)


def test_a_missing_barrier_is_a_race(lab: Lab) -> None:
    swap = "var<workgroup> t: array<f32, 4>;\n" + LEARN.replace(
        "for (var n = 0u; n < shape[0]; n++) { w[id.x] += x[n * 4u + id.x]; }",
        "t[id.x] = x[id.x + shape[0] * 0u];\n BARRIER\n w[id.x] = t[3u - id.x];",
    )
    with pytest.raises(RuntimeError, match="data race on t: two invocations"):
        lab.call("train", files=files(swap.replace("BARRIER", "")), data=data_of(TRAINING), seed=1)
    assert lab.call("train", files=files(swap.replace("BARRIER", "workgroupBarrier();")), data=data_of(TRAINING), seed=1)["counts"]


def test_a_shader_that_does_not_compile_is_told_with_its_place(lab: Lab) -> None:
    with pytest.raises(RuntimeError, match=r"WgslError: a\.wgsl, line 6, column \d+: "):
        lab.call("train", files=files(LEARN.replace("n < shape[0]", "n < shape[0")), data=data_of(TRAINING), seed=1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"loop": 3', '"loop": 300000', "loop must be 1 to 200000"),
        ('"bytes": 16', '"bytes": 4294967296', "bytes must be a multiple of 4"),
        ('"version": 1', '"version": 2', "version is 2, 1 is due"),
        ('"entry": "learn"', '"entry": "lern"', "there's no compute entry point lern"),
        ('"artifact": ["w"]', '"artifact": ["v"]', "artifact must list names of buffers"),
        ('"bind": {"x": "asked"}', '"bind": {"x": "x"}', "x holds training.inputs, which isn't there in predict"),
    ],
)
def test_the_runner_refuses_a_bad_schedule(lab: Lab, old: str, new: str, message: str) -> None:
    given = files()
    assert old in given["schedule.json"]
    given["schedule.json"] = given["schedule.json"].replace(old, new, 1)
    with pytest.raises(RuntimeError) as refused:
        lab.call("train", files=given, data=data_of(TRAINING), seed=1)
    assert message in str(refused.value)


def test_more_rows_than_the_buffers_hold_are_refused(lab: Lab) -> None:
    trained = lab.call("train", files=files(), data=data_of(TRAINING), seed=1)
    with pytest.raises(RuntimeError, match="9 streams are asked for; the buffer logits holds logits for 8"):
        lab.call("predict", files=files(), artifact=trained["artifact"], shape=SHAPE, batches=[packed(np.ones((9, 4), np.float32))])


SEQUENCE = """@group(0) @binding(0) var<storage, read> symbols: array<u32>;
@group(0) @binding(1) var<storage, read_write> seen: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read> shape: array<u32>;
@compute @workgroup_size(1)
fn learn() { for (var n = 0u; n < shape[0]; n++) { atomicAdd(&seen[symbols[n]], 1u); } }
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;
@group(0) @binding(4) var<storage, read> asked: array<u32>;
@group(0) @binding(5) var<storage, read_write> memory: array<u32>;
@compute @workgroup_size(4)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape[3]) { return; }
  memory[id.x] += asked[id.x];
  for (var c = 0u; c < 4u; c++) { logits[id.x * 4u + c] = f32(atomicLoad(&seen[c]) + countOneBits(0x80000000u | memory[id.x])); }
}
"""
STREAMS = {
    "buffers": {
        "symbols": {"initial": "training.symbols"},
        "shape": {"initial": "shape"},
        "seen": {"bytes": 16},
        "asked": {"bytes": 16, "initial": "heldout.inputs"},
        "memory": {"bytes": 16},
        "logits": {"bytes": 64},
    },
    "pipelines": {"learn": {"file": "a.wgsl", "entry": "learn"}, "answer": {"file": "a.wgsl", "entry": "answer"}},
    "train": [{"dispatch": "learn", "workgroups": [1]}],
    "artifact": ["seen"],
    "predict": [{"dispatch": "answer", "workgroups": [1]}],
    "reset": ["memory"],
    "logits": "logits",
}


def test_a_sequence_is_answered_stream_by_stream_and_reset_forgets(lab: Lab) -> None:
    """The host says ``features: null`` of a sequence: one symbol a stream."""
    given = {"schedule.json": schedule(**STREAMS), "a.wgsl": SEQUENCE}
    data = {
        "kind": "sequence",
        "symbols": packed(np.array([0, 1, 1, 3], np.uint8)),
        "starts": packed(np.array([0], np.uint32)),
        "alphabet": 4,
    }
    trained = lab.call("train", files=given, data=data, seed=1)
    assert np.frombuffer(unpacked(trained["artifact"]), np.uint32).tolist() == [1, 2, 0, 1]
    batch = packed(np.array([1, 3], np.uint8))
    asked = lab.call("predict", files=given, artifact=trained["artifact"], shape={"features": None, "alphabet": 4}, batches=[batch, batch])
    for each in asked["logits"]:
        assert np.frombuffer(unpacked(each), np.float32).reshape(2, 4).tolist() == [[3, 4, 2, 3], [4, 5, 3, 4]]
