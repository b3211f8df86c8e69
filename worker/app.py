"""Celery wiring: hints of this host's class become ``worker.tasks.on_hint``. One process, one task at a time."""

import threading

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from kombu.entity import Exchange, Queue

from server.domain.hints import CELERY, JUDGE, UNACKNOWLEDGED, host_queue, queue_keys
from worker import logs, presence
from worker.bench import make_bench, own_device
from worker.device_config import lock_path
from worker.reporter import HttpReporter
from worker.settings import WorkerSettings, load_credentials
from worker.tasks import on_hint


def make_app(settings: WorkerSettings) -> Celery:
    """The worker's Celery app. Raises NotEnrolledError, BenchError, MeterFault: a host that can't judge doesn't start."""
    logs.configure(settings.log_level)
    credentials = load_credentials(settings)
    stopping = threading.Event()
    lock = lock_path(settings.data_dir, own_device(settings))
    bench, reporter = make_bench(settings, credentials), HttpReporter(credentials, stopping=stopping)
    app = Celery("minjoule", broker=credentials.queue_url(settings.redis_url))
    name = host_queue(credentials.host_class)
    app.conf.update(CELERY)
    app.conf.update(
        task_default_queue=name,
        task_queues=[Queue(name, Exchange(name), routing_key=name, **UNACKNOWLEDGED)],
        broker_transport_options=dict(queue_keys(credentials.host_class)),
        worker_pool="solo",
        worker_concurrency=1,
    )

    def look() -> None:
        on_hint(reporter, bench, lock, settings.quarantine_path, stopping)

    app.task(name=JUDGE)(look)
    worker_shutting_down.connect(lambda **_: stopping.set(), weak=False)
    worker_shutdown.connect(lambda **_: bench.close(), weak=False)
    ended = presence.start(HttpReporter(credentials))  # a connection of its own: the judge's is busy at times
    worker_shutdown.connect(lambda **_: ended.set(), weak=False)
    # A hint may have been lost while no worker was here.
    worker_ready.connect(lambda **_: app.send_task(JUDGE), weak=False)
    return app
