"""Celery messages that wake the worker for nothing, name other tasks, carry arguments, a pickle, or no sense."""

import base64
import json
import uuid

import redis


def message(task, body, content_type="application/json"):
    number = str(uuid.uuid4())
    headers = {"lang": "py", "task": task, "id": number, "root_id": number, "parent_id": None, "argsrepr": "", "kwargsrepr": ""}
    info = {"exchange": "", "routing_key": ""}
    properties = {"correlation_id": number, "delivery_mode": 2, "delivery_info": info, "priority": 0, "body_encoding": "base64"}
    properties |= {"delivery_tag": number, "reply_to": number}
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": content_type,
            "headers": headers,
            "properties": properties,
        }
    )


def act(arena):
    queue = f"host.{arena.credentials.host_class}"
    nothing = json.dumps([[], {}, {}]).encode()
    pickled = b"cos\nsystem\n(S'touch %s'\ntR." % str(arena.stack.folder / "pickled").encode()
    before = arena.counts()
    with redis.Redis.from_url(arena.stack.redis_url) as broker:
        for where in (queue, "server"):
            broker.lpush(where, message("minjoule.judge", nothing))
            broker.lpush(where, message("minjoule.judge", json.dumps([["run", 1], {"epoch": 5}, {}]).encode()))
            broker.lpush(where, message("os.system", json.dumps([["id"], {}, {}]).encode()))
            broker.lpush(where, message("minjoule.rank", nothing))
            broker.lpush(where, message("minjoule.judge", pickled, "application/x-python-serialize"))
            broker.lpush(where, message("minjoule.judge", b"no json"))
        arena.wait_for("the queues are empty again", lambda: not broker.llen(queue) and not broker.llen("server"))
    assert not (arena.stack.folder / "pickled").exists()
    assert arena.counts() == before
    return []
