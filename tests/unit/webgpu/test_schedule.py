"""Schedules at the door: what's refused, and in which line."""

from pathlib import Path

import pytest

from minjoule.webgpu.schedule import ScheduleError, check_schedule

EXAMPLES = Path(__file__).parents[3] / "starter_kit" / "examples"
GOOD = """{
 "version": 1,
 "buffers": {
  "x": {"initial": "training.inputs"},
  "w": {"bytes": 16},
  "v": {"bytes": 16, "usage": "uniform"},
  "asked": {"bytes": 64, "initial": "heldout.inputs"},
  "logits": {"bytes": 64}
 },
 "pipelines": {
  "learn": {"file": "a.wgsl", "entry": "learn"}
 },
 "train": [
  {"loop": 10, "do": [
   {"dispatch": "learn", "workgroups": [1, 2]},
   {"copy": "w", "to": "v"}
  ]}
 ],
 "artifact": ["w"],
 "predict": [{"dispatch": "learn", "workgroups": [4], "bind": {"x": "asked"}}],
 "logits": "logits"
}"""
FILES = {"a.wgsl": 100}


def test_a_good_schedule_passes() -> None:
    assert check_schedule(GOOD, FILES)["train"][0]["loop"] == 10


@pytest.mark.parametrize("example", ["webgpu-mlp", "webgpu-mlp-tiled", "webgpu-local"])
def test_the_examples_pass(example: str) -> None:
    sizes = {path.name: len(path.read_text()) for path in (EXAMPLES / example).iterdir()}
    check_schedule((EXAMPLES / example / "schedule.json").read_text(), sizes)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"version": 1', '"version": 2', 2, "version is 2, 1 is due"),
        ('"version": 1', '"version": True', 2, "no valid JSON"),
        ('"version": 1', '"version": 1, "javascript": "x"', 2, "javascript is unknown"),
        ('"version": 1,', '"version": 1, "version": 1,', 2, "stands twice"),
        ('"initial": "training.inputs"', '"initial": "answers"', 4, 'initial is "answers"; known are'),
        ('"initial": "training.inputs"', '"initial": "training.inputs", "bytes": 4', 4, "leave it out"),
        ('{"bytes": 16}', '{"bytes": 17}', 5, "a multiple of 4 is due"),
        ('{"bytes": 16}', '{"bytes": 4294967296}', 5, "a whole number of 4 to 268435456 is due"),
        ('{"bytes": 16}', '{"bytes": -4}', 5, "a whole number"),
        ('{"bytes": 16}', '{"bytes": 1e9}', 5, "no valid JSON"),
        ('{"bytes": 16}', '{"bytes": true}', 5, "a whole number"),
        ('{"bytes": 16}', "{}", 5, "bytes is missing"),
        ('"usage": "uniform"', '"usage": "vertex"', 6, "known are storage, uniform"),
        ('"a.wgsl"', '"../a.wgsl"', 11, "a .wgsl file of the bundle's top folder is due"),
        ('"a.wgsl"', '"b.wgsl"', 11, "b.wgsl isn't in the bundle"),
        ('"loop": 10', '"loop": 0', 14, "1 to 200000"),
        ('"loop": 10', '"loop": 200000', 13, "train makes 400000 dispatches, 200000 are allowed"),
        ("[1, 2]", "[1, 2, 3, 4]", 15, "a list of one to three numbers is due"),
        ("[1, 2]", "[70000]", 15, "a whole number of 1 to 65535"),
        ("[1, 2]", "[65535, 65535]", 15, "16777216 are allowed"),
        ('"learn", "workgroups": [1', '"lern", "workgroups": [1', 15, "which none of the pipelines is called"),
        ('"to": "v"', '"to": "logits"', 16, "two buffers of equal, stated bytes"),
        ('["w"]', '["x"]', 19, "whose bytes follow from the data"),
        ('["w"]', '["w", "w"]', 19, "names a buffer twice"),
        ('["w"]', "[]", 19, "must be a list of names"),
        ('{"x": "asked"}', '{"x": "x"}', 20, "training.inputs, which isn't there in predict"),
        ('"logits": "logits"', '"logits": 3', 21, "which none of the buffers is called"),
        ('"logits"\n}', '"logits"\n', 22, "no valid JSON"),
    ],
)
def test_a_bad_schedule_is_refused_in_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ScheduleError) as refused:
        check_schedule(GOOD.replace(old, new, 1), FILES)
    assert message in str(refused.value)
    assert refused.value.line == line


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "[" * 100_000, '{"a":' * 1000, '"' + "x" * 70_000, "\x00", '{"version": 1}'])
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        check_schedule(text, FILES)
