"""What the submission's page shows beside the service's view."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from minjoule.bundle import read_zip
from server.blobs import Blobs
from server.submissions import repository


@dataclass(frozen=True, slots=True)
class FileView:
    """A source file."""

    path: str
    text: str


def files_for(session: Session, blobs: Blobs, digest: str, participant_id: int | None) -> list[FileView] | None:
    """The source, for its owner alone; None for everybody else."""
    row = repository.by_digest(session, digest)
    if row is None or row.participant_id != participant_id:
        return None
    return [FileView(path, content.decode()) for path, content in read_zip(blobs.get(row.bundle_sha256)).files.items()]
