"""Celery's remote control: shut down every worker."""

from celery import Celery


def act(arena):
    app = Celery(broker=arena.stack.redis_url)
    app.control.broadcast("shutdown")
    app.control.broadcast("rate_limit", arguments={"task_name": "minjoule.judge", "rate_limit": "1/h"})
    app.close()
    return []
