"""Hints: wake-ups for whoever has work waiting in the database. They may be lost, doubled or forged without changing any result."""

from typing import Protocol

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from server.domain.hints import CELERY, JUDGE, RANK, SERVER_QUEUE, UNACKNOWLEDGED, host_queue
from server.logs import get_logger

log = get_logger()


class Hints(Protocol):
    """Who is told that something waits."""

    def run_waits(self, host_class: str) -> None:
        """A run is queued for this class."""
        ...

    def board_stale(self) -> None:
        """Some board's standings must be computed anew."""
        ...


def celery_client(redis_url: str) -> Celery:
    """A Celery app that sends and consumes our way, with a broker that may be away."""
    app = Celery("minjoule", broker=redis_url)
    app.conf.update(CELERY)
    app.conf.update(
        broker_transport_options={"socket_connect_timeout": 1, "socket_timeout": 30, "max_retries": 0},
        broker_connection_timeout=1,
        task_publish_retry=False,
        task_default_queue=SERVER_QUEUE,
        task_queues=[Queue(SERVER_QUEUE, Exchange(SERVER_QUEUE), routing_key=SERVER_QUEUE, **UNACKNOWLEDGED)],
    )
    return app


class CeleryHints:
    """Hints as Celery messages, sent to the queue by name: nothing of ours in Redis needs to survive."""

    def __init__(self, redis_url: str) -> None:
        self._app = celery_client(redis_url)

    def run_waits(self, host_class: str) -> None:
        """See Hints."""
        self._send(JUDGE, host_queue(host_class))

    def board_stale(self) -> None:
        """See Hints."""
        self._send(RANK, SERVER_QUEUE)

    def _send(self, task: str, queue: str) -> None:
        try:
            self._app.send_task(task, queue=queue, expires=60)
        except (OperationalError, OSError) as error:
            # The row is the outbox: the sweep sends again.
            log.warning("hint_lost", task=task, queue=queue, error=str(error))
