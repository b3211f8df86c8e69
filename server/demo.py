"""The demo: production's processes on one machine, the starter kit's examples submitted through the front door, the boards printed."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import httpx
import typer
from docker.errors import DockerException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server import clock
from server.db.session import Database
from server.hosts import service as hosts
from server.hosts.service import NewClass
from server.launcher import Launcher, LaunchError, answers, start_redis, start_server
from server.participants import service as participants
from server.settings import Settings, load_settings

MISSES_BY_DESIGN = {"digits-softmax", "kjv-neural"}
WAIT_S = 1800.0
WEBGPU_IMAGE = "minjoule/webgpu:local"
DOCTOR_S = 60.0
COUNTED = ("webgpu-parity-walsh",)
"""The schedule that the demo judges where the browser's image is there: the quickest. The others are told of."""
COUNTING = NewClass("counted-wgsl", "this machine's browser box, WGSL counted", "modelled-wgsl", False)


def play(root: Path, prepare: Callable[[Settings], None], *, port: int, box: str, leave: bool) -> int:
    """Everything, in order; returns the exit code."""
    began = time.monotonic()
    if answers(port):
        raise LaunchError(f"something listens on port {port} already: stop it, or choose another with --port")
    box, data_dir = choose_box(box), root / "var" / "demo"
    if box == "docker":
        build_image()
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir(parents=True)
    launcher = Launcher(data_dir / "logs", say)
    try:
        start(launcher, prepare, data_dir, port, box)
        status = judge_examples(root, data_dir, port, launcher, box)
        say(f"submitted and judged in {time.monotonic() - began:.1f} s")
        if leave:
            return status
        say(f"the site is at http://127.0.0.1:{port}; Ctrl-C stops it")
        while True:
            launcher.tend()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("stopping")
        return 0
    finally:
        launcher.stop()


def choose_box(box: str) -> str:
    """Docker where an engine answers; else the local box, and it's said."""
    if box == "auto":
        box = "docker" if engine_answers() else "local"
    if box == "local":
        say("UNSANDBOXED: entries run with this user's rights, on this machine alone. With a Docker engine they'd run in a sandbox.")
    return box


def engine_answers() -> bool:
    """Whether a Docker engine is there."""
    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except DockerException:
        return False
    return True


def build_image() -> None:
    """The python image. Raises LaunchError."""
    say("building the image python for the boxes (only what has changed)")
    if subprocess.run([sys.executable, "-m", "sandbox.images", "build", "python"], check=False).returncode != 0:
        raise LaunchError("the image python couldn't be built; see above. `--box local` runs without Docker")


def start(launcher: Launcher, prepare: Callable[[Settings], None], data_dir: Path, port: int, box: str) -> None:
    """Redis, web, tasks; a host enrolled by a one-time code over HTTP; its worker."""
    url = f"http://127.0.0.1:{port}"
    say("starting Redis, web and tasks")
    redis_url = start_redis(launcher, data_dir / "redis")
    environment = {"MINJOULE_DATA_DIR": str(data_dir), "MINJOULE_REDIS_URL": redis_url, "MINJOULE_PUBLIC_URL": url}
    os.environ.update(environment)
    prepare(load_settings())
    start_server(launcher, environment, "127.0.0.1", port, data_dir)
    worker = {"MINJOULE_WORKER_DATA_DIR": str(data_dir / "worker"), "MINJOULE_WORKER_REDIS_URL": redis_url, "MINJOULE_WORKER_BOX": box}
    say("enrolling this machine as a host by a one-time code")
    enrol(launcher, url, "worker", worker, issue_code(demo_class(box, choose_boundary(box, ask_doctor(worker)))))


def enrol(launcher: Launcher, url: str, name: str, worker: dict[str, str], code: str) -> None:
    """Make a host of this machine and start its worker, ``name`` among the launcher's processes."""
    said = [sys.executable, "-m", "worker", "enrol", "--server", url, "--code", code, "--name", f"demo-{name}"]
    subprocess.run(said, env=os.environ | worker, check=True, stdout=subprocess.DEVNULL)
    launcher.start(name, [sys.executable, "-m", "worker"], worker)


def ask_doctor(environment: dict[str, str]) -> list[dict[str, Any]]:
    """What the worker's doctor says of each meter; nothing where it doesn't answer."""
    asked = [sys.executable, "-m", "worker", "doctor", "--json"]
    try:
        done = subprocess.run(asked, env=os.environ | environment, check=True, capture_output=True, text=True, timeout=DOCTOR_S)
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return []
    return found


def choose_boundary(box: str, meters: list[dict[str, Any]]) -> str:
    """Counted work where the sandbox's control groups can be counted and the probe passes; else CPU time, and it's said why."""
    counters = next((each for each in meters if each["name"] == "cpu-counters"), None)
    if box == "docker" and counters and counters["accepted"]:
        say("joules are modelled from counted work (modelled-cpu): not measured")
        return "modelled-cpu"
    why = (
        "the local box has no control group to count in" if box == "local" else counters["said"] if counters else "the doctor didn't answer"
    )
    say(f"joules are modelled from CPU time (modelled-cpu-time), noisy and not measured; cpu-counters: {why}")
    return "modelled-cpu-time"


def demo_class(box: str, boundary: str) -> NewClass:
    """This machine's class."""
    local = box == "local"
    return NewClass("unsandboxed" if local else "demo", "this machine, without a sandbox" if local else "this machine", boundary, local)


def issue_code(wanted: NewClass) -> str:
    """A code for a host of a class."""
    database = Database(load_settings().database)
    with database.session() as session:
        code = hosts.issue_code(session, wanted, loopback_only=True, now=clock.now())
    database.close()
    return code


def judge_examples(root: Path, data_dir: Path, port: int, launcher: Launcher, box: str) -> int:
    """Submit each example by the real command, wait for the scores, print the boards."""
    url, password = f"http://127.0.0.1:{port}", secrets.token_urlsafe(9)
    token = make_account(password)
    environment = os.environ | {"MINJOULE_SERVER": url, "MINJOULE_TOKEN": token, "XDG_CONFIG_HOME": str(data_dir / "config")}
    folders = [folder for folder in sorted((root / "starter_kit" / "examples").iterdir()) if suits(folder)]
    submitted = {folder.name: submit(folder, environment) for folder in folders}
    wait_for_scores(url, submitted, launcher)
    if browser_box(box):
        submitted |= judge_counted(root, data_dir, url, launcher, environment)
    say(f"account: organizer `demo`, password {password}")
    for track in sorted({each["track"] for each in submitted.values()}):
        subprocess.run(minjoule("board", track), env=environment, check=True)
    return verdict(url, submitted)


def judge_counted(root: Path, data_dir: Path, url: str, launcher: Launcher, environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    """A schedule of WGSL on a second host of this machine, once the first has nothing to do."""
    say("enrolling this machine's browser box as a host that counts WGSL (modelled-wgsl: modelled, not measured)")
    worker = {
        "MINJOULE_WORKER_DATA_DIR": str(data_dir / "worker-wgsl"),
        "MINJOULE_WORKER_REDIS_URL": os.environ["MINJOULE_REDIS_URL"],
        "MINJOULE_WORKER_BOX": "docker",
    }
    enrol(launcher, url, "worker-wgsl", worker, issue_code(COUNTING))
    examples = root / "starter_kit" / "examples"
    submitted = {name: submit(examples / name, environment) for name in COUNTED}
    wait_for_scores(url, submitted, launcher)
    others = [each.name for each in sorted(examples.glob("webgpu-*")) if each.name not in COUNTED and (each / "schedule.json").exists()]
    how = "`minjoule submit starter_kit/examples/NAME`"
    say(f"more to judge by {how}: there {', '.join(others)}; on the first host webgpu-js, in JavaScript")
    return submitted


def make_account(password: str) -> str:
    """The demo's organizer; returns an API token."""
    database = Database(load_settings().database)
    with database.session() as session:
        row = participants.sign_up(session, "demo", password, clock.now(), "organizer")
        token = participants.issue_token(session, row.id, "demo", clock.now(), 1)
    database.close()
    return token


def browser_box(box: str) -> bool:
    """Whether the image of the browser's box is there; it isn't built by default: Chromium alone has 300 MB."""
    if box != "docker":
        return False
    try:
        client = docker.from_env(timeout=5)
        client.images.get(WEBGPU_IMAGE)
        client.close()
    except DockerException:
        return False
    return True


def suits(folder: Path) -> bool:
    """Whether the demo's first host judges it: torch and browsers want images that aren't built by default."""
    return (folder / "entry.toml").exists() and "torch" not in folder.name and not folder.name.startswith("webgpu")


def minjoule(*words: str) -> list[str]:
    """The entrant's command with this Python."""
    return [sys.executable, "-c", "from minjoule.cli import main; main()", *words]


def submit(folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """By the command line, as a contestant would. Raises LaunchError."""
    done = subprocess.run(
        minjoule("submit", str(folder), "--no-follow", "--json"), env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise LaunchError(f"`minjoule submit {folder.name}` ended with {done.returncode}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    say(f"submitted {folder.name}: {len(answer['runs'])} runs on track {answer['track']}")
    return answer


def wait_for_scores(url: str, submitted: dict[str, dict[str, Any]], launcher: Launcher) -> None:
    """Poll until every run is final. Raises LaunchError."""
    deadline, waiting, told = time.monotonic() + WAIT_S, dict(submitted), 0.0
    while waiting:
        launcher.tend()
        for name, answer in list(waiting.items()):
            runs = httpx.get(f"{url}/api/v1/submissions/{answer['submission']}", timeout=30).json()["runs"]
            if all(run["state"] in ("DONE", "VOID") for run in runs):
                del waiting[name]
                ends = ", ".join(sorted({run["outcome"] or run["state"] for run in runs}))
                say(f"judged {name}: {ends}")
        if time.monotonic() - told > 10 and waiting:
            told = time.monotonic()
            say(f"waiting for {', '.join(waiting)}")
        if time.monotonic() > deadline:
            raise LaunchError(f"{', '.join(waiting)} had no scores after {WAIT_S:.0f} s: see the logs in {launcher.logs}")
        time.sleep(0.2)
    time.sleep(0.5)  # the standings follow their last run within a hint


def verdict(url: str, submitted: dict[str, dict[str, Any]]) -> int:
    """0 if every example has joules and a loss, and every one that should qualifies."""
    status = 0
    for name, answer in submitted.items():
        for entry in httpx.get(f"{url}/api/v1/submissions/{answer['submission']}", timeout=30).json()["entries"]:
            wanted = "ABOVE_TARGET" if name in MISSES_BY_DESIGN else "QUALIFIED"
            if entry["energy_j"] is None or entry["loss"] is None or entry["status"] != wanted:
                say(f"unexpected: {name} is {entry['status']} with {entry['energy_j']} J and loss {entry['loss']}, {wanted} was expected")
                status = 1
    return status


def check_machine(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the platform needs here, and whether it's there."""
    checks: dict[str, dict[str, Any]] = {}
    try:
        database = Database(settings.database)
        with database.session(read_only=True) as session:
            session.execute(text("select version_num from alembic_version"))
        checks["database"] = {"ok": True, "said": settings.database.split("@")[-1]}
    except SQLAlchemyError as error:
        checks["database"] = {"ok": False, "said": f"{type(error).__name__}: run `minjoule-admin migrate`"}
    checks["docker"] = {
        "ok": engine_answers(),
        "said": "a Docker engine answers" if engine_answers() else "no engine: install docker.io and start it",
    }
    return checks


def say(line: str) -> None:
    """Tell whoever watches."""
    typer.echo(f"minjoule: {line}")
