"""A Redis user for each host: it may wait at its class's queue, and nothing else. Made again by the sweep where Redis lost it.

The password follows from the server's secret and the host's token, so that nothing more is stored. It knows no rows.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from server.domain.hints import host_queue, queue_keys
from server.logs import get_logger

log = get_logger()
PREFIX = "minjoule-host-"
COMMANDS = (
    *("+@list", "+@sortedset", "+@set", "+@hash", "+@string", "+@transaction", "+@connection", "+@pubsub"),
    *("+del", "+unlink", "+expire", "+exists", "+eval", "+evalsha", "+script|load", "-@dangerous", "-@admin"),
)
"""What kombu and redis-py may send for a queue: data commands on the keys named. No channel is allowed, so nothing is heard."""


@dataclass(frozen=True, slots=True)
class QueueUser:
    """A host's name and password at the queue."""

    name: str
    password: str
    host_class: str


def queue_user(secret: bytes, host_id: int, token_hash: str, host_class: str) -> QueueUser:
    """The user of a host; a new token is a new password."""
    password = hmac.new(secret, f"queue user:{host_id}:{token_hash}".encode(), hashlib.sha256).hexdigest()
    return QueueUser(f"{PREFIX}{host_id}", password, host_class)


def rules(user: QueueUser) -> list[str]:
    """What Redis is told of it."""
    name = host_queue(user.host_class)
    keys = [f"~{name}", f"~{name}\x06\x16*", f"~_kombu.binding*.{name}", *(f"~{key}" for key in queue_keys(user.host_class).values())]
    hidden = hashlib.sha256(user.password.encode()).hexdigest()
    return ["reset", "on", f"#{hidden}", "resetchannels", *keys, *COMMANDS]


def keep_users(redis_url: str, wanted: Iterable[QueueUser]) -> bool:
    """Make those that are missing, drop ours that aren't wanted. False where Redis is away or lets us administer nobody."""
    due = {user.name: user for user in wanted}
    try:
        with Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=2, decode_responses=True) as queue:
            there = {name for name in queue.execute_command("ACL", "USERS") if name.startswith(PREFIX)}
            for name in due.keys() - there:
                queue.execute_command("ACL", "SETUSER", name, *rules(due[name]))
            if gone := there - due.keys():
                queue.execute_command("ACL", "DELUSER", *gone)
    except (RedisError, OSError) as error:
        log.info("queue_users_not_kept", reason=str(error)[:200])
        return False
    return True
