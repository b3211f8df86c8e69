"""Home and board pages. A board's body changes only when it's ranked anew, so it's rendered once for that."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from minjoule.tracks import TrackRules
from server.boards import service
from server.boards.plot import loss_joules_plot
from server.boards.service import BoardPage
from server.boards.sheet import as_csv
from server.boards.sieve import ALL, Sieve, read_sieve
from server.db.session import ReadSession
from server.domain.errors import Inadmissible
from server.domain.participant import Participant
from server.domain.scoring import Status
from server.participants.service import OptionalParticipant, optional_participant
from server.templating import PAGES, page
from server.tracks import service as tracks
from server.tracks.service import BoardView

router = APIRouter(include_in_schema=False)
REMEMBER_S = 1.0


@router.get("/")
def home_page(session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """The tracks with their leaders."""
    return page("home.html", viewer, tracks=[leader_of(session, rules) for rules in tracks.list_tracks(session)])


def leader_of(session: Session, rules: TrackRules) -> dict[str, object]:
    """A track with the first of its first board."""
    boards = tracks.list_boards(session, rules.slug)
    first = service.read_board(session, rules.slug, boards[0].host_class, limit=1).entries if boards else []
    return {"rules": rules, "board": boards[0] if boards else None, "leader": first[0] if first and first[0].rank else None}


async def board_page(request: Request) -> Response:
    """A track's board. The same reader's next look within a moment costs neither a thread nor the database."""
    content = await run_in_threadpool(checked_page, request, asked_of(request))
    request.state.remember_s = REMEMBER_S
    return HTMLResponse(content, headers={"cache-control": "private, no-cache"})


async def board_csv(request: Request) -> Response:
    """The rows that the page of the same query shows."""
    content = await run_in_threadpool(csv_of, request, asked_of(request))
    return Response(content, media_type="text/csv; charset=utf-8")


router.add_route("/tracks/{slug}.csv", board_csv, methods=["GET"], include_in_schema=False)
router.add_route("/tracks/{slug}", board_page, methods=["GET"], include_in_schema=False)  # plain: the busiest page by far


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    slug: str
    board: str
    offset: int
    sieve: Sieve


def asked_of(request: Request) -> Asked:
    """Raises Inadmissible."""
    query = request.query_params
    offset = checked_offset(query.get("offset", "0"))
    return Asked(request.path_params["slug"], query.get("board", ""), offset, read_sieve(query) if query else ALL)


def checked_offset(asked: str) -> int:
    """Where the page begins. Raises Inadmissible."""
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 7):
        raise Inadmissible(f"offset is {asked[:20]!r}: a whole number from 0 to 9999999 is due", "follow the links below the board")
    return int(asked)


def checked_page(request: Request, asked: Asked) -> bytes:
    """The page as of now, in a transaction of its own."""
    viewer = optional_participant(request)
    with request.app.state.database.session(read_only=True) as session:
        return present_page(request, session, viewer, asked)


def csv_of(request: Request, asked: Asked) -> str:
    """In a transaction of its own."""
    with request.app.state.database.session(read_only=True) as session:
        boards = tracks.list_boards(session, asked.slug)
        chosen = tracks.find_board(session, asked.slug, asked.board or (boards[0].host_class if boards else ""))
        shown = service.read_board(session, asked.slug, chosen.host_class, offset=asked.offset, sieve=asked.sieve)
        return as_csv(shown.meters, shown.entries)


def present_page(request: Request, session: Session, viewer: Participant | None, asked: Asked) -> bytes:
    """Rendered, unless that was done since the board was ranked."""
    boards = tracks.list_boards(session, asked.slug)
    if not boards:
        return bytes(page("tracks/empty.html", viewer, rules=tracks.find_track(session, asked.slug)).body)
    chosen = tracks.find_board(session, asked.slug, asked.board or boards[0].host_class)
    # Every change of an entry makes its board stale, and every stale board is ranked: the instant names what is shown.
    seen_by = (viewer.name, viewer.role) if viewer else None
    key = (asked, chosen.host_class, chosen.ranked_at, chosen.stale, len(boards), seen_by)
    state = request.app.state
    pages: PageCache = state.board_pages if asked.sieve == ALL else state.sieved_pages  # no filter drives out the plain page
    plots: PageCache = state.board_plots

    def plot(shown: BoardPage) -> bytes:
        return plots.get((chosen.id, chosen.ranked_at), lambda: loss_joules_plot(shown, service.read_cloud(session, chosen)).encode())

    return pages.get(key, lambda: render(session, chosen, asked, boards, viewer, plot))


def render(
    session: Session,
    chosen: BoardView,
    asked: Asked,
    boards: list[BoardView],
    viewer: Participant | None,
    plot: Callable[[BoardPage], bytes],
) -> bytes:
    """The whole page."""
    shown = service.read_board(session, chosen.track, chosen.host_class, offset=asked.offset, sieve=asked.sieve)
    rules = tracks.find_track(session, chosen.track)
    values = {"board": shown, "boards": boards, "rules": rules, "plot": plot(shown).decode(), "viewer": viewer}
    values["seasons"] = tracks.seasons(session, chosen.track)
    statuses = [each.lower() for each in Status]
    return PAGES.get_template("tracks/board.html").render(**values, sieve=asked.sieve, statuses=statuses).encode()


class PageCache:
    """The last pages rendered, by what they were rendered from; a process's own, bounded."""

    def __init__(self, most: int = 256) -> None:
        self._pages: dict[tuple[object, ...], bytes] = {}
        self._most = most

    def get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """The page of that key, made if it's new."""
        found = self._pages.get(key)
        if found is None:
            found = make()
            while len(self._pages) >= self._most:
                self._pages.pop(next(iter(self._pages)))
            self._pages[key] = found
        return found
