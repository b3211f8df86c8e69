"""The public data of a platform, as JSON lines: what every page shows, and nothing that it doesn't."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from server.boards import service as boards
from server.domain.errors import NotFound
from server.runs import records, repository, service
from server.settings import Settings
from server.tracks import service as tracks

PAGE = 200


def public_lines(session: Session, settings: Settings, now: dt.datetime) -> Iterator[str]:
    """One object a line; ``kind`` says what it is: track, entry, run or record."""
    for rules in tracks.list_tracks(session):
        yield line("track", asdict(rules))
        for board in tracks.list_boards(session, rules.slug):
            yield from entries(session, rules.slug, board.host_class)
    secret, key = settings.instance_secret(), Ed25519PrivateKey.from_private_bytes(settings.signing_key())
    for run_id in repository.all_ids(session):
        yield line("run", asdict(service.find_run(session, run_id, secret, now)))
        try:
            yield line("record", records.document(session, key, service.evidence(session, run_id)))
        except NotFound:
            continue


def entries(session: Session, slug: str, host_class: str) -> Iterator[str]:
    """A board's, a page at a time."""
    offset = 0
    while page := boards.read_board(session, slug, host_class, PAGE, offset).entries:
        for entry in page:
            yield line("entry", {"track": slug, "host_class": host_class} | asdict(entry))
        offset += len(page)


def line(kind: str, content: dict[str, Any]) -> str:
    """Instants as ISO 8601."""
    return json.dumps({"kind": kind} | content, default=str, sort_keys=True)
