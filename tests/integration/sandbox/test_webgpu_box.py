"""The browser's box on a real engine: Chromium's own sandbox is on, WGSL trains in it, and equal runs have equal counts."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from minjoule import trace as traces
from minjoule.box import BoxFault, BoxSpec, Phase
from minjoule.meter import CpuTimeMeter, Meter
from minjoule.outcome import Outcome
from minjoule.problems import PROBLEMS
from minjoule.tracks import parse_track, shipped
from minjoule.trial import Trial, TrialResult, TrialSpec
from minjoule.wgsl_counts import WgslCountsMeter
from minjoule.window import Trace, measure
from sandbox.adapter import named, refuse_other, refuse_software
from sandbox.docker_box import IMAGES, DockerBox, DockerBoxes
from sandbox.kinds import KINDS
from sandbox.limits import Machine
from sandbox.probe import adapter_of, probe
from sandbox.seccomp import python_profile
from tests.browser_box import need_image
from tests.integration.sandbox.conftest import HOST
from tests.stack import EXAMPLES
from worker.served import serve

RULES = parse_track(shipped()["webgpu-digits"])
pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    need_image()
    client = docker.from_env(timeout=60)
    yield client
    client.close()


@pytest.fixture
def waiting(client: docker.DockerClient, tmp_path: Path) -> Iterator[DockerBox]:
    """A box before its bundle."""
    spec = BoxSpec("webgpu", Phase.TRAIN, tmp_path, "entry.js", (), "webgpu", RULES.caps.to_trial().train, {"host": HOST})
    box = DockerBoxes(client, tmp_path / "boxes")(spec)
    box.start()
    yield box
    box.cleanup()


def shorter(folder: Path, name: str, replaced: dict[str, str], file: str) -> Path:
    """An example that takes seconds."""
    shutil.copytree(EXAMPLES / name, folder)
    text = (folder / file).read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    (folder / file).write_text(text)
    return folder


def carry_out(
    client: docker.DockerClient, folder: Path, bundle: Path, entrypoint: str, meter: Meter, problem: str = "digits"
) -> TrialResult:
    spec = TrialSpec(
        name="webgpu",
        bundle=bundle,
        entrypoint=entrypoint,
        prelude=(),
        image="webgpu",
        draw=lambda place: PROBLEMS[problem].draw(b"k" * 32),
        seed=2**62 + 3,
        caps=RULES.caps.to_trial(),
        labels={"host": HOST},
    )
    with Trial(spec, DockerBoxes(client, folder / "boxes"), meter) as trial:
        return trial.carry_out(lambda progress: None)


def ends(trace: Trace) -> dict[str, int]:
    """Each key's count."""
    return {channel.name: trace.of(channel)[-1].raw - trace.of(channel)[0].raw for channel in trace.channels}


def status_of(pid: int) -> dict[str, str]:
    return dict(line.partition(":\t")[::2] for line in Path(f"/proc/{pid}/status").read_text().splitlines())


def test_chromiums_own_sandbox_is_on(client: docker.DockerClient, waiting: DockerBox) -> None:
    (container,) = client.containers.list(filters={"label": [f"minjoule.host={HOST}", "minjoule.managed=1"]})
    top = container.top(ps_args="-eo pid,args")["Processes"]
    renderers = [int(pid) for pid, command in top if "--type=renderer" in command]
    browsers = [int(pid) for pid, command in top if "chromium" in command and "--type=" not in command]
    assert renderers
    assert all("--no-sandbox" not in command for _, command in top)
    spaces = {kind: Path(f"/proc/{browsers[0]}/ns/{kind}").readlink() for kind in ("user", "pid", "net")}
    for pid in renderers:
        status = status_of(pid)
        assert int(status["CapEff"], 16) == 0
        assert int(status["Seccomp_filters"]) > int(status_of(browsers[0])["Seccomp_filters"]), "the renderer has a filter of its own"
        assert all(Path(f"/proc/{pid}/ns/{kind}").readlink() != space for kind, space in spaces.items())


def test_all_that_a_python_box_is_refused_is_refused_but_namespaces(client: docker.DockerClient, tmp_path: Path) -> None:
    assert probe(client, tmp_path / "boxes", "webgpu", HOST) == []


def test_the_adapter_is_told_and_held_to_what_was_promised(waiting: DockerBox) -> None:
    assert named(waiting.adapter) == "google swiftshader, software"
    refuse_other(waiting.adapter, dict(waiting.adapter))
    with pytest.raises(BoxFault, match="was enrolled with"):
        refuse_other(waiting.adapter, waiting.adapter | {"architecture": "ampere", "fallback": False})
    with pytest.raises(BoxFault, match="promises a GPU"):
        refuse_software(waiting.adapter)


@pytest.fixture
def no_adapter(client: docker.DockerClient) -> Iterator[str]:
    """The image without its software adapter."""
    container = client.containers.create(IMAGES["webgpu"], user="0", entrypoint=["rm", "/usr/lib/chromium/libvk_swiftshader.so"])
    container.start()
    assert container.wait()["StatusCode"] == 0
    tag = "minjoule-test/no-adapter"
    container.commit(tag)
    container.remove()
    yield f"{tag}:latest"
    client.images.remove(tag, force=True)


def test_a_missing_adapter_is_our_fault_and_told(client: docker.DockerClient, no_adapter: str, tmp_path: Path) -> None:
    spec = BoxSpec("bare", Phase.TRAIN, tmp_path, "entry.js", (), "webgpu", RULES.caps.to_trial().train, {"host": HOST})
    box = DockerBoxes(client, tmp_path / "boxes", images={"webgpu": no_adapter})(spec)
    with pytest.raises(BoxFault, match=r"there is no WebGPU adapter: requestAdapter\(\) gave null"):
        box.start()
    box.cleanup()


def test_without_user_namespaces_the_image_is_not_served_and_its_box_says_so_at_once(
    client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "webgpu", replace(KINDS["webgpu"], profile=python_profile))  # which refuses them, as such a kernel does
    served = serve(client, tmp_path / "boxes", Machine(), HOST, promises_gpu=False)
    assert "python" in served.tags
    assert "webgpu" not in served.tags
    assert served.adapter is None
    assert "judge in gVisor (MINJOULE_WORKER_RUNTIME=runsc)" in str(served.facts["webgpu"])
    with pytest.raises(BoxFault, match="the browser didn't show our page: it left by itself"):
        adapter_of(client, tmp_path / "boxes", host_label=HOST)


def test_an_entry_in_javascript_learns(client: docker.DockerClient, tmp_path: Path) -> None:
    bundle = shorter(tmp_path / "js", "webgpu-js", {"EPOCHS = 13": "EPOCHS = 2"}, "entry.js")
    result = carry_out(client, tmp_path, bundle, "entry.js", CpuTimeMeter())
    assert result.outcome is Outcome.FINISHED, result.message
    assert result.loss is not None
    assert result.loss < 2.5
    assert result.energy_uj > 0
    assert b"loss" in result.log


def test_a_schedules_account_is_no_word_too_many_where_cpu_time_bills(client: docker.DockerClient, tmp_path: Path) -> None:
    bundle = shorter(tmp_path / "schedule", "webgpu-mlp", {'"loop": 500': '"loop": 3'}, "schedule.json")
    result = carry_out(client, tmp_path, bundle, "schedule.json", CpuTimeMeter())
    assert result.outcome is Outcome.FINISHED, result.message


def test_two_runs_of_one_schedule_and_seed_have_equal_counts(client: docker.DockerClient, tmp_path: Path) -> None:
    bundle = shorter(tmp_path / "schedule", "webgpu-mlp", {'"loop": 500': '"loop": 3'}, "schedule.json")
    first, second = (carry_out(client, tmp_path, bundle, "schedule.json", WgslCountsMeter()) for _ in range(2))
    assert first.outcome is second.outcome is Outcome.FINISHED, first.message
    assert first.score is not None
    assert second.score is not None
    for one, other in ((first.train, second.train), (first.score, second.score)):
        assert one.measurement.energy_uj == other.measurement.energy_uj > 0
        assert [column.energy_uj for column in one.measurement.columns] == [column.energy_uj for column in other.measurement.columns]
        assert ends(one.trace) == ends(other.trace)
    stored = traces.unpack(traces.pack({"train": first.train.trace}))["train"]
    assert measure(stored).energy_uj == first.train.measurement.energy_uj


def test_a_walsh_search_finds_the_rule_at_full_length_with_equal_counts_twice(client: docker.DockerClient, tmp_path: Path) -> None:
    bundle = EXAMPLES / "webgpu-parity-walsh"
    first, second = (carry_out(client, tmp_path, bundle, "schedule.json", WgslCountsMeter(), "parity") for _ in range(2))
    assert first.outcome is second.outcome is Outcome.FINISHED, first.message
    assert first.loss is not None
    assert first.loss == second.loss
    assert first.loss < 0.01
    assert ends(first.train.trace) == ends(second.train.trace)
    assert first.energy_uj == second.energy_uj > 0


def test_a_browser_that_is_missing_is_our_fault(client: docker.DockerClient, tmp_path: Path) -> None:
    limits = replace(RULES.caps.to_trial().train, memory_bytes=1 << 20, tmp_bytes=1 << 20)
    box = DockerBoxes(client, tmp_path / "boxes")(BoxSpec("tiny", Phase.TRAIN, tmp_path, "entry.js", (), "webgpu", limits, {"host": HOST}))
    began = time.monotonic()
    try:
        with pytest.raises(BoxFault):
            box.start()
    finally:
        box.cleanup()
    assert time.monotonic() - began < 60
