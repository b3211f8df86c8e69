"""The hosts page."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from server import clock
from server.db.session import ReadSession
from server.hosts import service
from server.participants.service import OptionalParticipant
from server.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/hosts")
def hosts_page(session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """The machines that judge."""
    hosts = service.list_hosts(session)
    return page("hosts/hosts.html", viewer, hosts=hosts, alive={host.name: host.alive(clock.now()) for host in hosts})
