"""The composition root of the web process: ``uvicorn --factory server.app:create_app``."""

from importlib import import_module

from fastapi import FastAPI

from server import http_errors, logs
from server.blobs import LocalBlobs
from server.db.session import Database
from server.middleware import Guard
from server.queue import CeleryHints, Hints
from server.rate_limits import RateLimits
from server.runs.endpoints import look_at
from server.settings import Settings, load_settings

NOUNS = ("health", "participants", "tracks", "boards", "submissions", "runs", "hosts")


def create_app(settings: Settings | None = None, hints: Hints | None = None) -> FastAPI:
    """The app, wired; ``hints`` may be a fake in tests."""
    settings = settings or load_settings()
    logs.configure(settings.log_level)
    app = FastAPI(title="minjoule", version="1", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.database = Database(settings.database)
    app.state.blobs = LocalBlobs(settings.data_dir / "blobs")
    app.state.hints = hints or CeleryHints(settings.redis_url)
    app.state.rate_limits = RateLimits(settings)
    app.state.instance_secret = settings.instance_secret()
    app.state.cookie_name = "__Host-mj" if settings.https else "mj_session"
    app.state.live_runs = look_at(app)
    http_errors.install(app)
    for noun in NOUNS:
        app.include_router(import_module(f"server.{noun}.endpoints").router)
    app.add_middleware(Guard, settings=settings, cookie_name=app.state.cookie_name)
    return app
