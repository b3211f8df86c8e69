"""`minjoule verify` on a real run: one flipped bit in any part, from a folder or from a server, and the part is named."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minjoule.cli.verify import fetch, look, read_saved
from minjoule.client import Client
from tests.stack import EXAMPLES, Stack

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def saved(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Files]:
    """A run judged by the stack, and the evidence as the server gave it."""
    done = stack.minjoule("submit", str(EXAMPLES / "parity-walsh"), "--json")
    run, folder = json.loads(done.stdout.splitlines()[-1])["runs"][0]["id"], tmp_path_factory.mktemp("saved") / "run"
    assert stack.minjoule("verify", run, "--save", str(folder)).returncode == 0
    return run, {path.name: path.read_bytes() for path in folder.iterdir()}


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def in_json(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Files], Files]:
    def spoil(files: Files) -> Files:
        content = json.loads(files[name])
        change(content)
        return files | {name: json.dumps(content).encode()}

    return spoil


def artifact(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = said["record"]["artifact"]
    return found


def flip_digit(place: dict[str, Any], key: str) -> None:
    place[key] = flipped(place[key].encode(), 0).decode() if isinstance(place[key], str) else place[key] ^ 1


PARTS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "trace": (lambda files: files | {"trace.json.gz": flipped(files["trace.json.gz"], len(files["trace.json.gz"]) // 2)}, "trace"),
    "log": (lambda files: files | {"log": flipped(files["log"], 0) if files["log"] else b"\1"}, "log"),
    "artifact digest in the record": (
        in_json("record.json", lambda said: flip_digit(artifact(said), "sha256")),
        "artifact_sha256",
    ),
    "artifact digest that the server shows": (in_json("run.json", lambda said: flip_digit(said, "artifact_sha256")), "artifact_sha256"),
    "joules in the record": (in_json("record.json", lambda said: flip_digit(said["record"], "energy_uj")), "joules"),
    "joules that the server shows": (in_json("run.json", lambda said: flip_digit(said, "energy_uj")), "energy_uj"),
    "record": (in_json("record.json", lambda said: flip_digit(said["record"], "seed")), "record"),
    "the host's signature": (in_json("record.json", lambda said: flip_digit(said["host"], "signature")), "record"),
    "boxes": (in_json("record.json", lambda said: flip_digit(said["record"]["sharing"], "train")), "boxes"),
}


@pytest.fixture
def mirror(saved: tuple[str, Files]) -> Iterator[tuple[str, Callable[[Files], None]]]:
    """A server that hands out whatever evidence it's told to."""
    run, shown = saved[0], dict(saved[1])
    paths = {f"/api/v1/runs/{run}{tail}": name for tail, name in (("", "run.json"), ("/record", "record.json"), ("/log", "log"))}
    paths[f"/api/v1/runs/{run}/trace"] = "trace.json.gz"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = shown[paths[self.path]]
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", lambda files: shown.update(files)
        server.shutdown()
        thread.join()


def failed(files: Files) -> list[str]:
    return [check["name"] for check in look(files) if not check["ok"]]


def test_one_flipped_bit_is_found_and_its_part_named_off_line_and_on_line(
    saved: tuple[str, Files], mirror: tuple[str, Callable[[Files], None]], tmp_path: Path
) -> None:
    run, files = saved
    url, show = mirror
    assert failed(fetch(Client(url), run)) == []
    for name, (spoil, part) in PARTS.items():
        changed = spoil(files)
        folder = tmp_path / name.replace(" ", "-").replace("'", "")
        folder.mkdir()
        for file, content in changed.items():
            (folder / file).write_bytes(content)
        offline = failed(read_saved(folder))
        assert part in offline, f"{name}: {offline}"
        show(changed)
        assert failed(fetch(Client(url), run)) == offline, name
