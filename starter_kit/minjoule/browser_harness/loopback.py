"""The loopback server of the box: our page, the bundle's files, and one binary WebSocket to the page.

Everything else is refused, and the page's content policy lets nothing out. WebSocket after RFC 6455, unfragmented both ways
but for what the browser fragments.
"""

import base64
import hashlib
import http.server
import json
import queue
import socket
import struct
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "worker-src 'none'",
        "frame-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html", ".wgsl": "text/plain", ".json": "application/json"}
MOST_BYTES = 1 << 30
BINARY, CONTINUED, CLOSE, PING = 0x2, 0x0, 0x8, 0x9


class PageGone(Exception):
    """The page closed its connection: it crashed, or its browser did."""


class PageSocket:
    """The server's end of the page's WebSocket: whole binary messages."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=1 << 20)
        self._sending = threading.Lock()

    def send(self, kind: int, payload: bytes | bytearray) -> None:
        """One message: kind, then payload. Raises PageGone."""
        length = len(payload) + 1
        head = bytes((0x80 | BINARY,))
        if length < 126:
            head += bytes((length,))
        elif length < 1 << 16:
            head += struct.pack(">BH", 126, length)
        else:
            head += struct.pack(">BQ", 127, length)
        try:
            with self._sending:
                self._sock.sendall(head + bytes((kind,)))
                self._sock.sendall(payload)
        except OSError as error:
            raise PageGone(str(error)) from error

    def receive(self) -> tuple[int, memoryview]:
        """One message: kind and payload. Raises PageGone."""
        whole = bytearray()
        while True:
            final, kind, payload = self._frame()
            if kind in (BINARY, CONTINUED):
                whole += payload
                if len(whole) > MOST_BYTES:
                    raise PageGone(f"the page sent more than {MOST_BYTES} bytes at once")
                if final and whole:
                    return whole[0], memoryview(whole)[1:]
            elif kind == CLOSE:
                raise PageGone("the page closed its connection")

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._exactly(8))
        if length > MOST_BYTES:
            raise PageGone(f"the page declares a frame of {length} bytes")
        mask = self._exactly(4) if second & 0x80 else b"\0\0\0\0"
        return bool(first & 0x80), first & 0x0F, unmasked(self._exactly(length), mask)

    def _exactly(self, count: int) -> bytes:
        try:
            got: bytes = self._file.read(count)
        except OSError as error:
            raise PageGone(str(error)) from error
        if len(got) < count:
            raise PageGone("the page has left")
        return got


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """RFC 6455's exclusive or, as one operation on long integers: an answer of a text track has half a megabyte."""
    count = len(payload)
    pattern = (mask * (count // 4 + 1))[:count]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")).to_bytes(count, "little")


class Loopback(http.server.ThreadingHTTPServer):
    """Serves one page and waits for its one WebSocket. ``bundle`` appears as /bundle/ once ``show_bundle`` was called."""

    daemon_threads = True

    def __init__(self, bundle: Path, libraries: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.roots = {"page": HERE / "page", "webgpu": libraries}
        self.arrived: queue.SimpleQueue[PageSocket] = queue.SimpleQueue()
        self.taken = threading.Lock()
        self._bundle = bundle
        self.url = f"http://127.0.0.1:{self.server_address[1]}/page/index.html"
        threading.Thread(target=self.serve_forever, name="loopback", daemon=True).start()

    def show_bundle(self) -> None:
        """The bundle's files are there now."""
        self.roots["bundle"] = self._bundle.resolve()

    def texts(self) -> dict[str, str]:
        """Every file of the bundle by path; a bundle holds text only."""
        root = self.roots.get("bundle")
        paths = sorted(path for path in root.rglob("*") if path.is_file()) if root else []
        return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths if root}


class Handler(http.server.BaseHTTPRequestHandler):
    """One request of the page's."""

    server: Loopback
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file, all texts, or the WebSocket."""
        path = self.path.partition("?")[0]
        if path == "/socket":
            return self._upgrade()
        if path == "/texts":
            return self._answer(json.dumps(self.server.texts()).encode(), ".json")
        root, _, rest = path.lstrip("/").partition("/")
        base = self.server.roots.get(root)
        target = (base / rest).resolve() if base and rest else None
        if target is None or base is None or not target.is_relative_to(base.resolve()) or not target.is_file():
            return self.send_error(HTTPStatus.NOT_FOUND)
        return self._answer(target.read_bytes(), target.suffix)

    def _answer(self, content: bytes, suffix: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{TYPES.get(suffix, 'text/plain')}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def _upgrade(self) -> None:
        """The first to ask gets it: our page did, before any byte of the entrant's ran."""
        key = self.headers.get("Sec-WebSocket-Key", "")
        if not key or not self.server.taken.acquire(blocking=False):
            return self.send_error(HTTPStatus.FORBIDDEN)
        answer = base64.b64encode(hashlib.sha1(key.encode() + ACCEPT).digest()).decode()  # noqa: S324 - RFC 6455's own
        self.send_response(HTTPStatus.SWITCHING_PROTOCOLS)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", answer)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.arrived.put(PageSocket(self.connection))
        self.close_connection = True
        threading.Event().wait()  # the connection is the relay's; this thread only keeps it from being closed

    def log_message(self, *_: Any) -> None:
        """The box's log is the entrant's."""
