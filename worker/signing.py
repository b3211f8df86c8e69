"""The host's signature under each result: its key, made at enrolment and never sent, and the record that it signs."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from minjoule import record
from minjoule.meter import MeterFacts
from minjoule.trial import PhaseBill, TrialResult
from worker.ports import Claim
from worker.settings import NotEnrolledError


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key, readable by this user alone. One that is there already is kept: the host signed with it."""
    if path.exists():
        return load_key(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    key = Ed25519PrivateKey.generate()
    path.write_text(key.private_bytes_raw().hex())
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Raises NotEnrolledError."""
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise NotEnrolledError(f"no signing key in {path} ({error}): enrol this host anew, with a new code") from None


def record_of(claim: Claim, result: TrialResult, log: bytes, trace: bytes, meter: MeterFacts, facts: dict[str, Any]) -> dict[str, Any]:
    """Everything that a stranger needs to check the result; see ``minjoule.record``."""
    return {
        "schema": record.SCHEMA,
        "run": claim.run_id,
        "epoch": claim.epoch,
        "purpose": claim.purpose,
        "track": {
            "slug": claim.track["slug"],
            "rules_version": claim.track["rules_version"],
            "rules_sha256": hashlib.sha256(json.dumps(claim.track, sort_keys=True).encode()).hexdigest(),
        },
        "submission": claim.submission_digest,
        "instance_sha256": result.instance_digest,
        "seed": str(claim.seed),
        "sharing": record.sharing_of(result.sharing),
        "outcome": str(result.outcome),
        "loss": result.loss,
        "symbols": result.symbols,
        "energy_uj": result.energy_uj,
        "windows": {"train": bill_of(result.train), "score": bill_of(result.score)},
        "prelude_s": result.prelude_s,
        "artifact": {"sha256": result.artifact_sha256, "bytes": result.artifact_bytes},
        "log": {"sha256": record.sha256(log), "bytes": len(log), "truncated": result.log_truncated},
        "trace": {"sha256": record.sha256(trace), "bytes": len(trace)},
        "meter": asdict(meter),
        "host": facts,
    }


def bill_of(bill: PhaseBill | None) -> dict[str, Any] | None:
    """A window as the record holds it; None where there was none."""
    return record.window_of(bill.measurement) if bill else None
