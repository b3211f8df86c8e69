"""From upload to board on measured boundaries: NVML's stub and a powercap tree whose true power is known, everything else real."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from minjoule.bundle import Bundle, read_folder
from minjoule.floor import boxes_due
from minjoule.record import verify
from minjoule.trace import unpack
from minjoule.window import measure
from tests.conftest import ROOT, lacking
from tests.fakes.nvml.library import Boards, build
from tests.fakes.powercap import Powercap
from tests.fakes.simulated import MS, SECOND, Power, constant, square
from tests.integration.conftest import HOST_CLASS, Stack, running_stack

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]
WALSH = ROOT / "starter_kit" / "examples" / "parity-walsh"
SLOW = b"import time as _time\n_time.sleep(1.3)\n"
DICE = random.Random(7)
ROOMY = {"MINJOULE_QUOTA_RUNS_PER_DAY": "1000", "MINJOULE_LINEAGE_RUNS_PER_DAY": "1000"}  # every machine judges variants of one source
BURSTS = Power(*((at * 70 * MS, DICE.choice([12, 15, 20, 140])) for at in range(1, 60)))


@dataclass
class Machine:
    """What the host's instruments say, and the truth behind them."""

    boards: Boards
    powercap: Powercap
    boundary: str

    def truth_uj(self, window: dict[str, int]) -> float:
        begin_ns, end_ns = window["begin_ns"], window["end_ns"]
        truth = self.powercap.truth_uj(begin_ns, end_ns)
        return truth + (self.boards.power.energy_uj(end_ns) - self.boards.power.energy_uj(begin_ns) if self.boundary == "node" else 0)


CASES = {
    "constant": (constant(40), constant(120), {}, "0.3"),
    "square wave of 100 ms": (square(100 * MS, 20, 90), square(100 * MS, 30, 250), {}, "0"),
    "bursts": (BURSTS, Power(*((until, watts * 2) for until, watts in BURSTS.steps)), {}, "0"),
    "a wrap inside the window": (constant(40), constant(120), {"range_uj": 60_000_000}, "0"),
}


@pytest.fixture(scope="module", params=["node-cpu", "node"])
def boundary(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, boundary: str) -> Iterator[Stack]:
    """One a boundary; each machine brings a worker of its own to it."""
    with running_stack(tmp_path_factory.mktemp(boundary), boundary, **ROOMY) as running:
        yield running


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def machine(request: pytest.FixtureRequest, tmp_path: Path, stack: Stack, boundary: str) -> Iterator[Machine]:
    package, board, tree, idle_s = request.param
    try:
        library = build(tmp_path)
    except FileNotFoundError:
        lacking("compiler", "apt-get install gcc")
    boards = Boards(tmp_path / "gpus", board, base_mj=10**15)
    boards.write()
    home = tmp_path / "worker"  # a history of its own: another machine's idle power isn't this one's
    shutil.copytree(stack.worker_environment["MINJOULE_WORKER_DATA_DIR"], home)
    with ExitStack() as stuff:
        powercap = stuff.enter_context(Powercap(tmp_path / "powercap", package, **tree))
        instruments = {
            "MINJOULE_WORKER_DATA_DIR": str(home),
            "LD_LIBRARY_PATH": str(library.parent),
            "STUB_NVML": str(boards.script),
            "MINJOULE_WORKER_POWERCAP_ROOT": str(powercap.root),
            "MINJOULE_WORKER_IDLE_S": idle_s,
            "MINJOULE_WORKER_SAMPLE_S": "0.05",
            "MINJOULE_WORKER_TAIL_S": "10",  # so long a stranger's process is waited for
            "MINJOULE_WORKER_CONTROL_EVERY": "0",  # this machine's load isn't what the simulated instruments show
        }
        replace(stack, worker_environment=stack.worker_environment | instruments).start_worker()
        yield Machine(boards, powercap, boundary)
        stack.dismiss("worker")


def slow_walsh(machine: Machine) -> Bundle:
    """A submission of its own for each machine."""
    files = dict(read_folder(WALSH).files)
    return Bundle(files | {"entry.py": SLOW + f"# on {machine.powercap.root}\n".encode() + files["entry.py"]})


def evidence(stack: Stack, run_id: str) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """A run's signed windows, its trace as stored, and what shared them."""
    signed = stack.http.get(f"/api/v1/runs/{run_id}/record").raise_for_status().json()["record"]
    windows = signed["windows"]
    said = {name: window | {"begin_ns": int(window["begin_ns"]), "end_ns": int(window["end_ns"])} for name, window in windows.items()}
    content = stack.http.get(f"/api/v1/runs/{run_id}/trace").raise_for_status()
    return said, unpack(content.content), signed["sharing"]


def not_verified(stack: Stack, run: dict[str, Any]) -> list[str]:
    """What `minjoule verify` would complain of."""
    record, trace, log = (stack.http.get(f"/api/v1/runs/{run['id']}/{part}") for part in ("record", "trace", "log"))
    return [check.said for check in verify(record.json(), trace.content, log.content, run) if not check.ok]


def test_a_submission_goes_from_upload_to_board_and_its_joules_are_the_truth_within_u(stack: Stack, machine: Machine) -> None:
    bundle = slow_walsh(machine)
    ids, digest, outside = stack.submit(bundle), bundle.digest, 0
    for run in stack.wait_until_final(ids):
        assert (run["state"], run["outcome"], run["modelled"]) == ("DONE", "FINISHED", False), run["attempts"]
        report, traces, sharing = evidence(stack, run["id"])
        ticks_ns = max(channel.update_ns for channel in traces["train"].channels)
        assert (sharing["floor_ns"], run["boxes"]) == (str(100 * ticks_ns), sharing["train"])
        assert sharing["train"] == sharing["score"] == boxes_due(100 * ticks_ns, int(sharing["expected_ns"]))
        assert len(sharing["losses"]) == sharing["train"]
        assert not_verified(stack, run) == []
        for phase in ("train", "score"):
            said = report[phase]
            assert said["on_host_uj"] < 0.1 * said["energy_uj"]
            boxes = sharing[phase]
            off = abs(said["energy_uj"] - machine.truth_uj(said) / boxes) / said["on_host_uj"]
            assert off <= 2, "twice U is four standard uncertainties"
            outside += off > 1
            again = measure(traces[phase]).shared(boxes)
            assert (again.energy_uj, again.on_host_uj) == (said["energy_uj"], said["on_host_uj"])
        assert report["train"]["end_ns"] - report["train"]["begin_ns"] > 1.3 * SECOND
        assert run["energy_uj"] == report["train"]["energy_uj"] + report["score"]["energy_uj"]
        names = [channel.name for channel in traces["train"].channels]
        assert names == ["nvml/gpu-0"] * (machine.boundary == "node") + ["rapl/package-0", "rapl/package-0-dram"]
    assert outside <= 1, "U covers 95 %: of six windows one may lie outside"

    def ranked() -> bool:
        board = stack.http.get(f"/api/v1/tracks/parity/boards/{HOST_CLASS}").json()
        return digest in [entry["submission"] for entry in board["entries"] if entry["rank"]]

    stack.wait("the entry is ranked", ranked, 10)


def lose(machine: Machine) -> None:
    machine.boards.lost = 1


def invade(machine: Machine) -> None:
    machine.boards.pids = (1,)


def set_back(machine: Machine) -> None:
    machine.boards.base_mj = 0


FAULTS = {
    "lost": (lose, "silent: "),
    "a stranger's process": (invade, "foreign_process: somebody else's process 1"),
    "reset": (set_back, "reset: "),
}


@pytest.mark.parametrize("boundary", ["node"], indirect=True)
@pytest.mark.parametrize("machine", [CASES["constant"]], indirect=True, ids=["constant"])
@pytest.mark.parametrize(("spoil", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_meter_that_fails_in_mid_run_voids_the_attempt_and_the_run_is_judged_again(
    stack: Stack, machine: Machine, spoil: Callable[[Machine], None], said: str
) -> None:
    before = replace(machine.boards)
    first, *_ = stack.submit(slow_walsh(machine))
    stack.wait("the first run trains", lambda: bool((stack.run(first)["attempt"] or {}).get("energy_uj")), 30)
    spoil(machine)
    machine.boards.write()
    stack.wait("the attempt is void", lambda: stack.run(first)["attempts"][0]["state"] == "FAULTED", 90)
    before.write()
    (run,) = stack.wait_until_final([first])
    assert run["attempts"][0]["fault_cause"] == "meter_fault"
    assert run["attempts"][0]["fault_detail"].startswith(said)
    assert (run["state"], run["outcome"], run["attempts"][-1]["state"]) == ("DONE", "FINISHED", "REPORTED")
