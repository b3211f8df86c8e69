"""FLUSHALL on the broker right after a submission: the database knows, and the sweep sends the hint again."""

import redis

from tests.attacks.grounds import PYTHON


def act(arena):
    with redis.Redis.from_url(arena.stack.redis_url) as broker:
        run = arena.submit(PYTHON.honest("before the flush"))
        broker.flushall()
    ended = arena.final(run, 60)
    assert ended["outcome"] == "FINISHED"
    return [ended]
