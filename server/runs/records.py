"""The signed record of a run: taken from a host only if it says what the host reported, countersigned, and handed out.

A host is hostile input: its signature must be its own, and every field must agree with the claim and with the report.
"""

import datetime as dt
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from minjoule import record as records
from server.db.rows import AttemptRow, HostRow, RunRow, SubmissionRow
from server.domain.errors import Inadmissible, NotFound
from server.runs.schemas import Report, WindowReport


def admit_record(session: Session, key: Ed25519PrivateKey, attempt: AttemptRow, run: RunRow, said: Report, now: dt.datetime) -> None:
    """Keep the record with both signatures. Raises Inadmissible.

    A host enrolled before records were signed has no key and sends none; its runs are shown as unsigned.
    """
    host = session.get_one(HostRow, attempt.host_id)
    if host.public_key is None:
        if said.record_b64 or said.signature:
            raise Inadmissible(f"host {host.name} sent a signed record and has no key here", "enrol it anew, with a new code")
        return
    if not records.signed_by(host.public_key, said.signature, said.record_b64):
        raise Inadmissible(f"the record isn't signed by the key of host {host.name}", "enrol the host anew if its key was lost")
    submission = session.get_one(SubmissionRow, run.submission_id)
    check_fields(parse(said.record_b64), claimed(run, attempt, submission) | reported(said))
    attempt.record, attempt.host_signature = said.record_b64, said.signature
    attempt.receipt_signature = records.sign(key, records.receipt(said.record_b64, said.signature, instant(now)))


def parse(content: bytes) -> dict[str, Any]:
    """The record's object. Raises Inadmissible unless the bytes are its canonical form."""
    try:
        record = json.loads(content)
        if isinstance(record, dict) and records.canonical(record) == content:
            return record
    except (ValueError, RecursionError):
        pass
    raise Inadmissible("the record isn't canonical JSON (RFC 8785)", "update the host: it must run this server's version")


def claimed(run: RunRow, attempt: AttemptRow, submission: SubmissionRow) -> dict[str, Any]:
    """What the record must say of the claim."""
    return {
        "schema": records.SCHEMA,
        "run": run.id,
        "epoch": attempt.epoch,
        "purpose": run.purpose,
        "submission": submission.digest,
        "seed": str(run.seed),
    }


def reported(said: Report) -> dict[str, Any]:
    """What the record must say of the result."""
    return {
        "outcome": str(said.outcome),
        "loss": said.loss,
        "symbols": said.symbols,
        "energy_uj": said.energy_uj,
        "instance_sha256": said.instance_digest,
        "sharing": said.sharing.model_dump() if said.sharing else None,
        "windows": {"train": window(said.train), "score": window(said.score)},
        "artifact": {"sha256": said.artifact_sha256, "bytes": said.artifact_bytes},
        "log": {"sha256": records.sha256(said.log_b64), "bytes": len(said.log_b64), "truncated": said.log_truncated},
        "trace": {"sha256": records.sha256(said.trace_b64), "bytes": len(said.trace_b64)},
    }


def window(said: WindowReport | None) -> dict[str, Any] | None:
    """As the record holds it."""
    if said is None:
        return None
    figures = {"energy_uj": said.energy_uj, "expanded_uj": said.expanded_uj, "on_host_uj": said.on_host_uj}
    meters = {} if said.meters is None else {"meters": [each.model_dump() for each in said.meters]}
    return {"begin_ns": str(said.begin_ns), "end_ns": str(said.end_ns)} | figures | meters


def check_fields(record: dict[str, Any], due: dict[str, Any]) -> None:
    """Raises Inadmissible at the first field that says something else."""
    for name, value in due.items():
        if record.get(name) != value:
            seen = json.dumps(record.get(name))[:200]
            raise Inadmissible(
                f"the record says {name} = {seen}, the report and its claim say {json.dumps(value)[:200]}", "sign what you report"
            )


def document(session: Session, key: Ed25519PrivateKey, attempt: AttemptRow) -> dict[str, Any]:
    """The record with its signatures, for whoever checks it. Raises NotFound."""
    if attempt.record is None or attempt.ended_at is None:
        raise NotFound(f"run {attempt.run_id} has no signed record", "it has one once it's done, on a host that signs")
    host = session.get_one(HostRow, attempt.host_id)
    return {
        "record": json.loads(attempt.record),
        "host": {"name": host.name, "public_key": host.public_key, "signature": attempt.host_signature},
        "server": {
            "public_key": records.public_key(key),
            "signature": attempt.receipt_signature,
            "received_at": instant(attempt.ended_at),
        },
    }


def instant(at: dt.datetime) -> str:
    """As it's signed: UTC, in whole microseconds."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
