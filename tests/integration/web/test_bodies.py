"""Bodies that come too slowly, and streams of events, which may last."""

import asyncio
from typing import Any

import pytest

from server.middleware import Guard
from server.settings import Settings


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An app that reads its body to the end, then waits for the client to leave."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})
    await receive()


def answer_to(pieces: list[tuple[float, dict[str, Any]]], settings: Settings) -> tuple[int, bytes]:
    """Status and body for messages that come after so many seconds each."""

    async def played() -> tuple[int, bytes]:
        said: list[dict[str, Any]] = []
        left = iter(pieces)

        async def receive() -> dict[str, Any]:
            pause, message = next(left)
            await asyncio.sleep(pause)
            return {"type": "http.request"} | message

        async def send(message: Any) -> None:
            said.append(message)

        headers = [(b"authorization", b"Bearer x")]
        scope = {"type": "http", "method": "PUT", "path": "/", "query_string": b"", "headers": headers, "raw_path": b"/"}
        await Guard(echo, settings, "mj_session")(scope, receive, send)
        return said[0]["status"], said[-1]["body"]

    return asyncio.run(played())


GONE = {"type": "http.disconnect"}


@pytest.fixture
def hasty(settings: Settings) -> Settings:
    return settings.model_copy(update={"body_s": 0.2})


def test_a_body_that_trickles_is_cut_off_whatever_came(hasty: Settings) -> None:
    trickle: list[tuple[float, dict[str, Any]]] = [(0.05, {"body": b"x", "more_body": True})] * 20
    status, body = answer_to(trickle, hasty)
    assert status == 408
    assert b"wasn't here after 0.2 s" in body


def test_a_body_that_never_begins_is_cut_off(hasty: Settings) -> None:
    assert answer_to([(5, {})], hasty)[0] == 408


def test_once_the_body_is_here_the_connection_may_last(hasty: Settings) -> None:
    assert answer_to([(0, {"body": b"all"}), (0.5, GONE)], hasty) == (200, b"whole")
