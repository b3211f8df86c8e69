"""What hints are called and how they travel: as values, for the server sends them and the worker, which knows no more of it, takes them."""

from typing import Any

JUDGE = "minjoule.judge"
RANK = "minjoule.rank"
SWEEP = "minjoule.sweep"
SERVER_QUEUE = "server"

CELERY: dict[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "task_acks_late": False,
    "broker_connection_retry_on_startup": True,
    "worker_hijack_root_logger": False,
}
"""Celery's settings on both sides: JSON, no results, no remote control, one message at a time."""

UNACKNOWLEDGED = {"no_ack": True}
"""How both sides declare a queue they consume: a hint may be lost, so nobody keeps account of it.

An acknowledgement that fails (the broker dies just then) would stay on Celery's account for ever, and the consumer idle.
"""


def host_queue(host_class: str) -> str:
    """The queue that wakes the hosts of a class."""
    return f"host.{host_class}"


def queue_keys(host_class: str) -> dict[str, str]:
    """Kombu's own keys, apart from those of other classes: a host's Redis user sees no more than its class."""
    return {f"{name}_key": f"{host_queue(host_class)}:{name}" for name in ("unacked", "unacked_index", "unacked_mutex")}
