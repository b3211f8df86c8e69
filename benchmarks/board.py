"""The board page with 100,000 submissions against a bare route that returns the same bytes; and the server's memory."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from sqlalchemy import insert

from benchmarks.result import Figure
from server import clock
from server.db.rows import BoardRow, EntryRow, SubmissionRow
from server.db.session import Database
from server.launcher import Launcher, answers, free_port
from tests.stack import Stack, start_stack

ROWS = 100_000
SECONDS = 4.0
BARE = """
import os
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
BODY = Path(os.environ["BODY"]).read_bytes()
async def page(request): return Response(BODY, media_type="text/html; charset=utf-8")
app = Starlette(routes=[Route("/tracks/parity", page)])
"""


def measure() -> list[Figure]:
    """Worse of signed in and not; in turns with the bare route, best of three each."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        stack = start_stack(place, "local", worker=False)
        try:
            fill(place)
            cookie = sign_up(stack)
            body = httpx.get(f"{stack.url}/tracks/parity", timeout=60).content
            if len(body) > 60_000:
                raise RuntimeError(f"the board page has {len(body)} bytes")
            bare_url = start_bare(stack.launcher, place, body)
            rates = {"bare": 0.0, "visitor": 0.0, "signed in": 0.0}
            for _ in range(3):
                rates["bare"] = max(rates["bare"], rate(bare_url, ""))
                rates["visitor"] = max(rates["visitor"], rate(stack.url, ""))
                rates["signed in"] = max(rates["signed in"], rate(stack.url, cookie))
            print(f"  requests a second: {rates}, page {len(body)} bytes")
            memory = resident_mb(stack)
        finally:
            stack.launcher.stop()
    worst = min(rates["visitor"], rates["signed in"])
    return [Figure("board_rps_ratio", worst / rates["bare"], "x", ">= 0.5"), Figure("server_rss_mb", memory, "MB", "<= 250")]


def fill(place: Path) -> None:
    """Straight into the tables: as many entries as a long season has."""
    database = Database(f"sqlite:///{place / 'minjoule.db'}")
    now = clock.now()
    with database.session() as session:
        board = session.query(BoardRow).filter_by(track_slug="parity").one()
        submission = {"participant_id": 1, "track_slug": "parity", "entrypoint": "entry.py", "license": "MIT", "description": ""}
        submission |= {"bundle_bytes": 1, "bundle_sha256": "0" * 64, "created_at": now}
        entry = {"board_id": board.id, "status": "QUALIFIED", "runs_done": 3, "runs_wanted": 3, "mean_loss": 0.1}
        entry |= {"train_uj": 5_000_000, "score_uj": 100_000, "created_at": now}
        numbers = range(1, ROWS + 1)
        session.execute(insert(SubmissionRow), [submission | {"id": i, "digest": f"{i:064x}", "name": f"entry {i}"} for i in numbers])
        session.execute(insert(EntryRow), [entry | {"submission_id": i, "mean_log_j": i / ROWS, "rank": i} for i in numbers])
        board.ranked_at = now
    database.close()


def sign_up(stack: Stack) -> str:
    """A session's cookie."""
    form = {"name": "Bench", "password": "a long password"}
    answer = httpx.post(f"{stack.url}/sign-up", data=form, headers={"sec-fetch-site": "same-origin"})
    return answer.headers["set-cookie"].split(";")[0]


def start_bare(launcher: Launcher, place: Path, body: bytes) -> str:
    """The same server software and settings, one route."""
    (place / "bare.py").write_text(BARE)
    (place / "body.html").write_bytes(body)
    port = free_port()
    quiet = ["--no-access-log", "--log-level", "warning"]
    line = [sys.executable, "-m", "uvicorn", "bare:app", "--port", str(port), *quiet, "--app-dir", str(place)]
    launcher.start("bare", line, {"BODY": str(place / "body.html")})
    launcher.wait_for("bare", lambda: answers(port))
    return f"http://127.0.0.1:{port}"


def rate(url: str, cookie: str) -> float:
    """Requests a second over four kept-alive connections, by a client process of its own."""
    code = CLIENT.format(port=url.rpartition(":")[2], cookie=cookie, seconds=SECONDS)
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


CLIENT = """
import selectors, socket, time
request = b"GET /tracks/parity HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nCookie: {cookie}\\r\\n\\r\\n"
selector, count, due = selectors.DefaultSelector(), 0, {{}}
for _ in range(4):
    link = socket.create_connection(("127.0.0.1", {port}))
    link.sendall(request)
    due[link] = None
    selector.register(link, selectors.EVENT_READ)
end = time.perf_counter() + {seconds}
held = {{link: b"" for link in due}}
while time.perf_counter() < end:
    for key, _ in selector.select():
        link = key.fileobj
        held[link] += link.recv(1 << 18)
        head, found, body = held[link].partition(b"\\r\\n\\r\\n")
        if not found:
            continue
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length: ")[1].split(b"\\r\\n")[0])
        if len(body) >= length:
            held[link] = b""
            count += 1
            link.sendall(request)
print(count / {seconds})
"""


def resident_mb(stack: Stack) -> float:
    """The web process's resident memory, MB of 10^6 bytes."""
    handle = stack.process("web").handle
    if handle is None:
        raise RuntimeError("web isn't running")
    pages = int(Path(f"/proc/{handle.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
