"""Is the server alive, and what can it reach."""

from typing import Any

from fastapi import APIRouter, Request, Response
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

router = APIRouter(tags=["health"])


@router.get("/health")
def read_health(request: Request, response: Response) -> dict[str, Any]:
    """200 while the database answers. A broker that's away delays runs but loses none, so it's only said."""
    checks = {"database": database_answers(request), "queue": queue_answers(request.app.state.settings.redis_url)}
    if not checks["database"]:
        response.status_code = 503
    return {"ok": checks["database"], **checks}


def database_answers(request: Request) -> bool:
    """One round trip."""
    try:
        with request.app.state.database.session(read_only=True) as session:
            session.execute(text("select 1"))
    except SQLAlchemyError:
        return False
    return True


def queue_answers(url: str) -> bool:
    """One round trip."""
    try:
        with Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5) as redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False
