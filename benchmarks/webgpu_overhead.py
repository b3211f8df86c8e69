"""Submit to score in the browser's box, on the real platform: the same figure as ``overhead``, for a WebGPU entry."""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.overhead import windows_s
from benchmarks.result import Figure
from minjoule.bundle import Bundle
from minjoule.entrypoints import WEBGPU
from tests.stack import ROOT, Stack, start_stack

SUBMISSIONS = 20
TEMPLATE = ROOT / "starter_kit" / "minjoule" / "templates" / WEBGPU
TRACK = "webgpu-parity"


def measure() -> list[Figure]:
    """A warm platform, an idle host, one submission after the other. The image must be there: `python -m sandbox.images build webgpu`."""
    with tempfile.TemporaryDirectory() as place:
        stack = start_stack(Path(place), "docker")
        try:
            overhead_s(stack, 1000)
            seen = sorted(overhead_s(stack, number) for number in range(SUBMISSIONS))
        finally:
            stack.launcher.stop()
    return [Figure("webgpu_submit_to_score_overhead_p95_s", statistics.quantiles(seen, n=20)[18], "s", "<= 0.5")]


def overhead_s(stack: Stack, number: int) -> float:
    """Seconds from the upload's start to the readable score of the first run, minus both windows."""
    manifest = (TEMPLATE / "entry.toml").read_text().replace("@TRACK@", TRACK).replace("@NAME@", f"overhead {number}")
    files = {path.name: path.read_bytes() for path in TEMPLATE.iterdir() if path.is_file()} | {"entry.toml": manifest.encode()}
    with httpx.Client(base_url=f"{stack.url}/api/v1", headers={"authorization": f"Bearer {stack.token}"}) as http:
        http.get("/me")
        began = time.monotonic()
        runs = http.put("/submissions", content=Bundle(files).to_zip()).json()["runs"]
        path = f"/runs/{runs[0]['id']}"
        while (view := http.get(path).json())["state"] not in ("DONE", "VOID"):
            time.sleep(0.005)
        took = time.monotonic() - began
        assert view["outcome"] == "FINISHED", f"{view['outcome']}: {view['message']}"
        record = http.get(f"{path}/record").json()["record"]
        while http.get(f"/runs/{runs[-1]['id']}").json()["state"] not in ("DONE", "VOID"):
            time.sleep(0.02)
        time.sleep(3.0)  # the next pair of browsers takes so long to stand at its gate; people take longer
    return took - windows_s(record)
