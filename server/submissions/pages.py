"""The submission page and the submit form."""

import io
import zipfile
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from minjoule.bundle import MAX_FILES, MAX_TOTAL_BYTES, MAX_ZIP_BYTES, BundleError, check_path, check_text
from server import clock
from server.db.session import ReadSession, WriteSession
from server.domain.errors import Inadmissible, ParticipantError, TooLarge
from server.domain.participant import Participant
from server.organizers import service as organizers
from server.participants import service as participants
from server.participants.service import CurrentParticipant, OptionalParticipant, client_address
from server.play import service as play
from server.runs import quota
from server.submissions import service, views
from server.templating import page, sign_in_address
from server.tracks import service as tracks

router = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=4000)]


@router.get("/submissions/{digest}")
def submission_page(request: Request, digest: str, session: ReadSession, viewer: OptionalParticipant) -> HTMLResponse:
    """One submission; its source for its owner."""
    view = service.find(session, digest)
    files = views.files_for(session, request.app.state.blobs, view.id, viewer.id if viewer else None)
    boards = {board.host_class: board for board in tracks.list_boards(session, view.track)}
    values = {"decisions": organizers.decisions(session, view.id), "appeals": organizers.appeals(session, view.id)}
    values |= {"mine": viewer is not None and organizers.may_act(session, viewer, view.id), "builds": service.builds_on(session, view.id)}
    values["plays"] = play.address_of(session, tracks.find_track(session, view.track), view.id)
    return page("submissions/submission.html", viewer, view=view, files=files, boards=boards, **values)


@router.post("/submissions/{digest}/appeal")
def appeal(digest: str, form_token: Field, host_class: Field, text: Text, viewer: CurrentParticipant, session: WriteSession) -> Response:
    """Object to what stands against one's entry."""
    participants.check_form_token(viewer, form_token)
    organizers.appeal(session, viewer, digest, host_class, text, clock.now())
    return RedirectResponse(f"/submissions/{digest}", 303)


@router.post("/submissions/{digest}/withdraw")
def withdraw(digest: str, form_token: Field, viewer: CurrentParticipant, session: WriteSession, reason: Text = "") -> Response:
    """Take one's submission out of every board."""
    participants.check_form_token(viewer, form_token)
    organizers.withdraw(session, viewer, digest, reason, clock.now())
    return RedirectResponse(f"/submissions/{digest}", 303)


@router.get("/submit")
def submit_page(request: Request, session: ReadSession, viewer: OptionalParticipant) -> Response:
    """The form; whoever isn't signed in is sent to sign in."""
    return form(request, session, viewer, None) if viewer else RedirectResponse(sign_in_address("/submit"), 303)


def form(request: Request, session: Session, viewer: Participant, error: ParticipantError | None, name: str = "") -> HTMLResponse:
    """The form, with what was wrong and the name chosen."""
    accounts = quota.accounts_of(session, viewer.id, request.app.state.settings.limits, clock.now())
    values = {"error": error, "accounts": accounts, "in_name": name, "max_files": MAX_FILES, "max_bytes": MAX_TOTAL_BYTES}
    shown = page("submissions/form.html", viewer, error.status if error else 200, tracks=views.doors(session, clock.now()), **values)
    shown.headers.update(error.headers if error else {})
    return shown


@router.post("/submit")
async def submit(request: Request, viewer: CurrentParticipant) -> Response:
    """Take a zip, or the files one by one; in one's own name or a team's."""
    team = ""
    try:
        request.app.state.rate_limits.hit("upload", client_address(request))
        async with request.form(max_files=MAX_FILES, max_fields=5, max_part_size=200) as sent:
            participants.check_form_token(viewer, str(sent.get("form_token", "")))
            team = str(sent.get("team", ""))
            uploads = [each for each in sent.getlist("files") if isinstance(each, UploadFile) and each.filename]
            content = await as_zip(uploads)
        view, _ = await run_in_threadpool(service.take, request.app.state, viewer, content, team)
    except ParticipantError as error:
        return await run_in_threadpool(refused, request, viewer, error, team)
    first = view.runs[0].id if view.runs else ""
    return RedirectResponse(f"/runs/{first}" if first else f"/submissions/{view.id}", 303)


def refused(request: Request, viewer: Participant, error: ParticipantError, name: str) -> HTMLResponse:
    """The form again."""
    with request.app.state.database.session(read_only=True) as session:
        return form(request, session, viewer, error, name)


async def as_zip(uploads: list[UploadFile]) -> bytes:
    """One zip as it is; else the files, packed. Raises Inadmissible, TooLarge."""
    if not uploads:
        raise Inadmissible("no file was chosen", "choose a zip, or entry.toml with your source files")
    contents = [await each.read(MAX_ZIP_BYTES + 1) for each in uploads]
    if sum(map(len, contents)) > MAX_ZIP_BYTES:
        raise TooLarge(f"the files have more than {MAX_ZIP_BYTES} bytes in all, the limit", "bundles hold source text only")
    if len(uploads) == 1 and contents[0][:2] == b"PK":
        return contents[0]
    refuse_faulty([(each.filename or "unnamed", content) for each, content in zip(uploads, contents, strict=True)])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in zip(uploads, contents, strict=True):
            archive.writestr(zipfile.ZipInfo(each.filename or "unnamed"), content)
    return out.getvalue()


def refuse_faulty(files: list[tuple[str, bytes]]) -> None:
    """Name every file that can't be taken, with its line; not the first alone. Raises Inadmissible."""
    said = [f"{path} was sent twice: each file once" for path, count in Counter(path for path, _ in files).items() if count > 1]
    for path, content in files:
        try:
            check_path(path)
            check_text(path, content)
        except BundleError as error:
            said.append(str(error))
    if said:
        more = f" (and {len(said) - 10} more)" if len(said) > 10 else ""
        raise Inadmissible("; ".join(said[:10]) + more, "nothing was stored; mend the files named and send them all again")
