"""Submit to score, and claim to the entrant's first instruction, on the real platform with Docker boxes."""

import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import docker
import httpx

from benchmarks.result import Figure
from minjoule.bundle import Bundle, read_folder
from tests.stack import EXAMPLES, Stack, start_stack

SUBMISSIONS = 20
STAMP = b"import time as _t\nprint(_t.time_ns(), flush=True)\n"
BARE = "import numpy, time; print(time.time_ns())"


def measure() -> list[Figure]:
    """A warm platform, an idle host, one submission after the other."""
    with tempfile.TemporaryDirectory() as place:
        stack = start_stack(Path(place), "docker")
        try:
            first_run(stack, 1000)
            seen = [first_run(stack, number) for number in range(SUBMISSIONS)]
        finally:
            stack.launcher.stop()
    overheads = sorted(overhead for overhead, _ in seen)
    p95 = statistics.quantiles(overheads, n=20)[18]
    ratio = statistics.median(first for _, first in seen) / statistics.median(bare() for _ in range(10))
    return [Figure("submit_to_score_overhead_p95_s", p95, "s", "<= 0.5"), Figure("first_instruction_ratio", ratio, "x", "<= 2")]


def first_run(stack: Stack, number: int) -> tuple[float, float]:
    """Seconds from the upload's start to the readable score minus both windows, and from the claim to the first instruction."""
    files = dict(read_folder(EXAMPLES / "parity-walsh").files)
    files["entry.py"] = STAMP + files["entry.py"] + f"# {number}\n".encode()
    content, headers = Bundle(files).to_zip(), {"authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=f"{stack.url}/api/v1", headers=headers) as http:
        http.get("/me")
        began = time.monotonic()
        runs = http.put("/submissions", content=content).json()["runs"]
        path = f"/runs/{runs[0]['id']}"
        while http.get(path).json()["state"] != "DONE":
            time.sleep(0.005)
        took = time.monotonic() - began
        view, record = http.get(path).json(), http.get(f"{path}/record").json()["record"]
        stamp = int(http.get(f"{path}/log").text.split()[0]) / 1e9
        while http.get(f"/runs/{runs[-1]['id']}").json()["state"] != "DONE":
            time.sleep(0.02)
        time.sleep(0.3)
    claimed = dt.datetime.fromisoformat(view["started_at"]).timestamp()
    return took - windows_s(record), stamp - claimed


def windows_s(record: dict[str, Any]) -> float:
    """Both windows, gate open to empty box, as the host saw them."""
    windows = [record["windows"][phase] for phase in ("train", "score")]
    return sum(int(window["end_ns"]) - int(window["begin_ns"]) for window in windows) / 1e9


def bare() -> float:
    """Seconds from `docker run` to a first instruction after the same prelude, with the same image."""
    client = docker.from_env()
    began = time.time_ns()
    said = client.containers.run("minjoule/python:local", ["-c", BARE], entrypoint="/usr/bin/python3", remove=True, network_mode="none")
    client.close()
    return (int(said.split()[0]) - began) / 1e9
