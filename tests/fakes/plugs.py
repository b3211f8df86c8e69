"""Metered plugs over real HTTP: a Shelly and a Tasmota that follow a known power, and everything that goes wrong with them."""

import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.simulated import SECOND, Power, constant

HTML = b"<!doctype html><title>Router</title><h1>Log in</h1>"


class FakePlug:
    """A plug's web server on a port of its own. A context; ``says`` makes the answer to a path, None for 404."""

    device = "A8032AB12345"

    def __init__(self, power: Power | None = None) -> None:
        self.power = power or constant(100)
        self.latency_s = 0.0
        self.skew_ns = 0
        self.password = ""
        self.html = self.deaf = False
        self.on = True
        self.booted_ns = time.monotonic_ns() - 1000 * SECOND
        self.reset_ns = self.booted_ns
        self.nonce = secrets.token_hex(8)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "FakePlug":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reboot(self) -> None:
        self.booted_ns = time.monotonic_ns()

    def watts(self) -> float:
        """The mean of its last period, at its own idea of now."""
        at_ns = (time.monotonic_ns() + self.skew_ns) // SECOND * SECOND
        return (self.power.energy_uj(at_ns) - self.power.energy_uj(at_ns - SECOND)) / 1e6

    def total_wh(self) -> float:
        return (self.power.energy_uj(time.monotonic_ns()) - self.power.energy_uj(self.reset_ns)) / 3.6e9

    def uptime_s(self) -> int:
        return (time.monotonic_ns() - self.booted_ns) // SECOND

    def says(self, path: str, query: dict[str, list[str]]) -> Any:
        raise NotImplementedError


class FakeShelly(FakePlug):
    """Second generation: RPC, digest with SHA-256."""

    def says(self, path: str, query: dict[str, list[str]]) -> Any:
        if path == "/rpc/Switch.GetStatus" and query.get("id") == ["0"]:
            total = {"total": round(self.total_wh(), 3), "by_minute": [0, 0, 0]}
            return {"id": 0, "output": self.on, "apower": round(self.watts(), 1), "voltage": 230.1, "aenergy": total}
        if path == "/rpc/Sys.GetStatus":
            return {"mac": self.device, "uptime": self.uptime_s(), "restart_required": False}
        return None

    def lets_in(self, header: str) -> bool:
        """RFC 7616, as far as one client needs it."""
        if not header.startswith("Digest "):
            return False
        given = {key.strip(): value.strip('"') for key, _, value in (part.partition("=") for part in header[7:].split(", "))}

        def digest(text: str) -> str:
            return hashlib.sha256(text.encode()).hexdigest()

        mine = digest(f"admin:shelly:{self.password}")
        request = digest(f"GET:{given['uri']}")
        return given["response"] == digest(f"{mine}:{self.nonce}:{given['nc']}:{given['cnonce']}:{given['qop']}:{request}")


class FakeTasmota(FakePlug):
    """Tasmota: one command, a password in the address."""

    def says(self, path: str, query: dict[str, list[str]]) -> Any:
        if path != "/cm" or query.get("cmnd") != ["Status 0"]:
            return None
        if self.password and query.get("password") != [self.password]:
            return {"WARNING": "Need user=<username>&password=<password>"}
        energy = {"Total": round(self.total_wh() / 1000, 3), "Power": round(self.watts()), "Voltage": 230}
        return {
            "StatusNET": {"Hostname": "tasmota-1", "Mac": self.device},
            "StatusSTS": {"UptimeSec": self.uptime_s(), "POWER": "ON"},
            "StatusSNS": {"Time": "2026-01-01T00:00:00", "ENERGY": energy},
        }


def handler_of(plug: FakePlug) -> type[BaseHTTPRequestHandler]:
    """Requests to a plug."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(plug.latency_s)
            if plug.deaf:
                time.sleep(4)
                self.close_connection = True
                return
            if isinstance(plug, FakeShelly) and plug.password and not plug.lets_in(self.headers.get("authorization", "")):
                challenge = f'Digest qop="auth", realm="shelly", nonce="{plug.nonce}", algorithm=SHA-256'
                self.answer(401, b"", {"WWW-Authenticate": challenge})
                return
            if plug.html:
                self.answer(200, HTML, {"Content-Type": "text/html"})
                return
            parts = urlsplit(self.path)
            said = plug.says(parts.path, parse_qs(parts.query))
            self.answer(404 if said is None else 200, json.dumps(said).encode(), {"Content-Type": "application/json"})

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
