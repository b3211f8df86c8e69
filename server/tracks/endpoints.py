"""Tracks by API."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from server.db.session import ReadSession
from server.tracks import service

router = APIRouter(prefix="/api/v1/tracks", tags=["tracks"])


@router.get("")
def read_tracks(session: ReadSession) -> list[dict[str, Any]]:
    """Every track with its boards."""
    return [described(session, rules.slug) for rules in service.list_tracks(session)]


@router.get("/{slug}")
def read_track(slug: str, session: ReadSession) -> dict[str, Any]:
    """One track: its rules, caps and boards."""
    return described(session, slug)


def described(session: ReadSession, slug: str) -> dict[str, Any]:
    """Rules and boards as one object."""
    rules = service.find_track(session, slug)
    boards = [asdict(board) for board in service.list_boards(session, slug)]
    return asdict(rules) | {"boards": boards}
