"""Where this platform says that it is: as set, or where ``up`` last served."""

from pathlib import Path

from server.settings import Settings

ADDRESS, EVERY_INTERFACE = "address", ("0.0.0.0", "::")  # noqa: S104 - compared, never bound


def note_address(data_dir: Path, host: str, port: int) -> str:
    """Where `up` serves, kept for `host code`; an address of every interface is told as loopback."""
    url = f"http://{'127.0.0.1' if host in EVERY_INTERFACE else host}:{port}"
    (data_dir / ADDRESS).write_text(url)
    return url


def public_url(settings: Settings) -> str:
    """MINJOULE_PUBLIC_URL, or where `up` last served, or the default."""
    noted = settings.data_dir / ADDRESS
    return noted.read_text() if "public_url" not in settings.model_fields_set and noted.is_file() else settings.public_url
