"""Celery wiring: hints of this host's class become ``worker.tasks.on_hint``. One process, one task at a time."""

import threading

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from worker import logs
from worker.bench import make_bench
from worker.reporter import HttpReporter
from worker.settings import WorkerSettings, load_credentials
from worker.tasks import on_hint

LOCK = "host.lock"


def make_app(settings: WorkerSettings) -> Celery:
    """The worker's Celery app. Raises NotEnrolledError, BenchError, MeterFault: a host that can't judge doesn't start."""
    logs.configure(settings.log_level)
    credentials = load_credentials(settings)
    bench, reporter = make_bench(settings, credentials), HttpReporter(credentials)
    app = Celery("minjoule", broker=settings.redis_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        task_acks_late=False,
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        task_default_queue=f"host.{credentials.host_class}",
        worker_pool="solo",
        worker_concurrency=1,
    )

    stopping = threading.Event()

    def look() -> None:
        on_hint(reporter, bench, settings.data_dir / LOCK, stopping)

    app.task(name="minjoule.judge")(look)
    worker_shutting_down.connect(lambda **_: stopping.set(), weak=False)
    worker_shutdown.connect(lambda **_: bench.close(), weak=False)
    # A hint may have been lost while no worker was here.
    worker_ready.connect(lambda **_: app.send_task("minjoule.judge"), weak=False)
    return app
