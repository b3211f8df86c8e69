"""The composition root of the web process: ``uvicorn --factory server.app:create_app``."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from server import http_errors, logs, templating
from server.blobs import LocalBlobs
from server.boards import endpoints as boards
from server.boards import pages as board_pages
from server.boards import version_pages
from server.db.session import Database
from server.finals import endpoints as finals
from server.finals import pages as final_pages
from server.health import endpoints as health
from server.hosts import endpoints as hosts
from server.hosts import pages as host_pages
from server.middleware import Guard
from server.organizers import endpoints as organizers
from server.organizers import pages as organizer_pages
from server.organizers import reviews as review_pages
from server.participants import endpoints as participants
from server.participants import pages as participant_pages
from server.participants import team_endpoints as teams
from server.play import pages as play_pages
from server.queue import CeleryHints, Hints
from server.rate_limits import RateLimits
from server.records import endpoints as records
from server.records import pages as record_pages
from server.runs import endpoints as runs
from server.runs import pages as run_pages
from server.settings import Settings, load_settings
from server.submissions import endpoints as submissions
from server.submissions import own_pages
from server.submissions import pages as submission_pages
from server.tracks import endpoints as tracks
from server.tracks import pages as track_pages

ROUTES = (health, participants, teams, tracks, boards, submissions, runs, hosts, records, finals, organizers)
PAGES = (
    board_pages,
    version_pages,
    record_pages,
    final_pages,
    track_pages,
    play_pages,
    submission_pages,
    own_pages,
    run_pages,
    participant_pages,
    host_pages,
    organizer_pages,
    review_pages,
)
EVERYTHING = APIRouter()
"""Built once a process, at the first request: a tenth of a second that every app would take anew."""
for module in (*PAGES, *ROUTES):  # the board is the busiest page, and routers are tried in order
    EVERYTHING.include_router(module.router)


def create_app(settings: Settings | None = None, hints: Hints | None = None) -> FastAPI:
    """The app, wired; ``hints`` may be a fake in tests."""
    settings = settings or load_settings()
    logs.configure(settings.log_level)
    app = FastAPI(
        title="minjoule",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # looked up on every request otherwise
    )
    app.state.settings = settings
    app.state.database = Database(settings.database)
    app.state.blobs = LocalBlobs(settings.data_dir / "blobs")
    app.state.hints = hints or CeleryHints(settings.redis_url)
    app.state.rate_limits = RateLimits(settings)
    app.state.instance_secret = settings.instance_secret()
    app.state.signing_key = Ed25519PrivateKey.from_private_bytes(settings.signing_key())
    app.state.cookie_name = "__Host-mj" if settings.https else "mj_session"
    app.state.live_runs = runs.look_at(app)
    app.state.board_pages = board_pages.PageCache()
    app.state.sieved_pages = board_pages.PageCache(64)
    app.state.board_plots = board_pages.PageCache(64)
    app.state.error_page = templating.error_page
    http_errors.install(app)
    app.router.routes.extend(EVERYTHING.routes)
    app.mount("/static", StaticFiles(directory=templating.ROOT / "static"))
    app.add_middleware(Guard, settings=settings, cookie_name=app.state.cookie_name)
    return app
