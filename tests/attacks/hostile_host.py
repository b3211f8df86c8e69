"""A host that lies: whoever holds this host's token, while the real worker is stopped and can't answer."""

import base64
import json
import os
import secrets
import signal
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from minjoule import record
from tests.attacks.arena import Arena
from tests.attacks.grounds import PYTHON
from tests.conftest import report_of


@dataclass
class HostileHost:
    """A context: the worker stands still meanwhile."""

    arena: Arena

    def __enter__(self) -> Self:
        handle = self.arena.stack.process("worker").handle
        assert handle is not None
        self._worker = handle.pid
        os.kill(self._worker, signal.SIGSTOP)
        self.another_key = Ed25519PrivateKey.generate()
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.arena.canaries["host key"]))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.kill(self._worker, signal.SIGCONT)

    def claim(self) -> dict[str, Any]:
        """A fresh submission's run."""
        run = self.arena.submit(PYTHON.honest(secrets.token_hex(8)))
        answer = self.arena.http.post("/host/claims", headers=self.arena.host)
        claimed: dict[str, Any] = answer.json()
        assert claimed["run_id"] == run, answer.text
        return claimed

    def signed(self, claimed: dict[str, Any], key: Ed25519PrivateKey | None = None, energy_uj: int = 5_000_000) -> dict[str, Any]:
        """A report that holds together, with its record."""
        said = report_of(claimed["epoch"], energy_uj=energy_uj)
        log, trace = base64.b64decode(said["log_b64"]), base64.b64decode(said["trace_b64"])
        windows = {}
        for name in ("train", "score"):
            figures = {"energy_uj": said[name]["energy_uj"], "expanded_uj": None, "on_host_uj": None}
            windows[name] = {"begin_ns": str(said[name]["begin_ns"]), "end_ns": str(said[name]["end_ns"])} | figures
        content = {name: claimed[name] for name in ("epoch", "purpose")} | {name: said[name] for name in ("outcome", "loss", "symbols")}
        content |= {
            "schema": record.SCHEMA,
            "run": claimed["run_id"],
            "submission": claimed["submission_digest"],
            "seed": str(claimed["seed"]),
            "energy_uj": energy_uj,
            "instance_sha256": said["instance_digest"],
            "windows": windows,
            "artifact": {"sha256": said["artifact_sha256"], "bytes": said["artifact_bytes"]},
            "log": {"sha256": record.sha256(log), "bytes": len(log), "truncated": False},
            "trace": {"sha256": record.sha256(trace), "bytes": len(trace)},
        }
        canonical = record.canonical(content)
        return said | {"record_b64": base64.b64encode(canonical).decode(), "signature": record.sign(key or self._key, canonical)}

    def report(self, claimed: dict[str, Any], said: dict[str, Any]) -> httpx.Response:
        """Report as any host would."""
        return self.post(claimed, "report", said)

    def report_raw(self, claimed: dict[str, Any], said: dict[str, Any]) -> httpx.Response:
        """Report what no JSON writer lets through: NaN and infinity."""
        path, headers = f"/host/attempts/{claimed['attempt_id']}/report", self.arena.host | {"content-type": "application/json"}
        return self.arena.http.post(path, content=json.dumps(said).encode(), headers=headers)

    def post(self, claimed: dict[str, Any], verb: str, said: dict[str, Any]) -> httpx.Response:
        """Any word about the attempt."""
        return self.arena.http.post(f"/host/attempts/{claimed['attempt_id']}/{verb}", json=said, headers=self.arena.host)
