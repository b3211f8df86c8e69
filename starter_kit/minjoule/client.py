"""The platform's API as a typed client: credentials, uploads, and following a run live."""

import json
import os
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

FINAL = ("DONE", "VOID")
POLL_S = 0.5
AWAY_S = 30.0
DEFAULT_SERVER = "http://127.0.0.1:8000"


class RefusedError(Exception):
    """The server said no: ``status`` is HTTP's, the message the server's own with its hint."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnreachableError(Exception):
    """The server can't be reached, or failed."""


class AddressError(Exception):
    """What was given as the server's address is none."""


class CredentialsError(Exception):
    """Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where to, and who."""

    server: str
    token: str


def credentials_path() -> Path:
    """``minjoule/credentials.json`` in the user's configuration folder."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "minjoule" / "credentials.json"


def resolve() -> tuple[str, str | None]:
    """The server, and the token that was made for it or None: of the environment and what login left, decided once for all commands."""
    url, token = os.environ.get("MINJOULE_SERVER"), os.environ.get("MINJOULE_TOKEN") or None
    if url and token:
        return url, token
    try:
        stored = _stored()
    except CredentialsError:
        if not url:
            raise
        stored = None
    if token or stored is None:
        return url or (stored.server if stored else DEFAULT_SERVER), token
    if url and url.rstrip("/") != stored.server.rstrip("/"):
        return url, None  # a stored token is never sent to another server
    return stored.server, stored.token


def server_url() -> str:
    """Where to, for what needs no login. A damaged file of credentials counts as none."""
    try:
        return resolve()[0]
    except CredentialsError:
        return DEFAULT_SERVER


def load_credentials() -> Credentials:
    """Where to, and who. Raises CredentialsError."""
    server, token = resolve()
    if token:
        return Credentials(server, token)
    if os.environ.get("MINJOULE_SERVER"):
        raise CredentialsError(f"you aren't logged in to {server}: run `minjoule login --server {server}`, or set MINJOULE_TOKEN")
    raise CredentialsError("you aren't logged in: run `minjoule login`, or set MINJOULE_TOKEN")


def _stored() -> Credentials | None:
    path = credentials_path()
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise CredentialsError(f"{path} is damaged: run `minjoule login` again") from None


def store_credentials(credentials: Credentials) -> Path:
    """Write them where only this user reads them."""
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(asdict(credentials)))
    return path


class Client:
    """One server, with or without a token. Every call may raise RefusedError or UnreachableError."""

    def __init__(self, server: str, token: str | None = None) -> None:
        self.server = server.rstrip("/")
        import httpx  # here, for `minjoule try` and `--help` needn't wait for it

        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._failed = httpx.HTTPError
        self._heard = False  # a server that never answered isn't waited for
        try:
            httpx.URL(self.server)
        except httpx.InvalidURL as error:
            raise AddressError(f"{server!r} isn't an address ({error}): it looks like https://minjoule.example") from None
        self._patience = httpx.Timeout(30, connect=5)
        self._http = httpx.Client(base_url=f"{self.server}/api/v1", headers=headers, timeout=self._patience)
        weakref.finalize(self, self._http.close)  # nobody closes a client: the command is over by then

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a resource."""
        return self._json("GET", path, params=query)

    def get_bytes(self, path: str) -> bytes:
        """A resource as it came."""
        return self._asked("GET", path).content

    def create_token(self, name: str, password: str, label: str) -> str:
        """Log in by name and password."""
        return str(self._json("POST", "/tokens", json={"name": name, "password": password, "label": label})["token"])

    def submit(self, bundle_zip: bytes, on_sent: Callable[[int], None], team: str = "") -> dict[str, Any]:
        """Upload a bundle, in a team's name if one is given; ``on_sent`` hears of bytes as they leave."""

        def pieces() -> Iterator[bytes]:
            for begin in range(0, len(bundle_zip), 16_384):
                piece = bundle_zip[begin : begin + 16_384]
                yield piece
                on_sent(len(piece))

        headers = {"content-type": "application/zip", "content-length": str(len(bundle_zip))}
        query = {"team": team} if team else {}
        answer: dict[str, Any] = self._json("PUT", "/submissions", content=pieces(), headers=headers, params=query)
        return answer

    def replicate(self, digest: str, host_class: str) -> list[str]:
        """Have a listed submission run again; the ids of the runs."""
        return list(self._json("POST", f"/submissions/{digest}/replications", json={"host_class": host_class})["runs"])

    def withdraw(self, digest: str, reason: str) -> int:
        """Take a submission out of every board; how many entries left theirs."""
        return int(self._json("POST", f"/submissions/{digest}/withdrawal", json={"reason": reason})["entries"])

    def appeal(self, digest: str, host_class: str, text: str) -> None:
        """Object to what stands against an entry."""
        self._json("POST", f"/submissions/{digest}/appeals", json={"host_class": host_class, "text": text})

    def follow(self, run_id: str, on_away: Callable[[str], None] = lambda said: None) -> Iterator[dict[str, Any]]:
        """The run now and at each change until it's final: by server-sent events, by polling where they fail.

        A server that is away for less than AWAY_S is waited for; ``on_away`` hears of it once an absence.
        """
        last: dict[str, Any] = {}
        try:
            for last in self._events(run_id):
                yield last
                if last["state"] in FINAL:
                    return
        except (self._failed, UnreachableError):
            pass
        while last.get("state") not in FINAL:
            time.sleep(POLL_S)
            fresh = self._get_patiently(f"/runs/{run_id}", on_away)
            if fresh != last:
                last = fresh
                yield last

    def _get_patiently(self, path: str, on_away: Callable[[str], None]) -> Any:
        deadline, wait_s = time.monotonic() + AWAY_S, POLL_S
        while True:
            try:
                return self.get(path)
            except UnreachableError:
                if not self._heard or time.monotonic() + wait_s > deadline:
                    raise
                if wait_s == POLL_S:
                    on_away(f"{self.server} is away: waiting up to {AWAY_S:.0f} s for it; the run goes on without you")
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, 4.0)

    def _events(self, run_id: str) -> Iterator[dict[str, Any]]:
        with self._http.stream("GET", f"/runs/{run_id}/events", timeout=self._patience) as response:
            if response.status_code != 200:
                response.read()
                self._refuse(response)
            self._heard = True
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def _json(self, method: str, path: str, **options: Any) -> Any:
        return self._asked(method, path, **options).json()

    def _asked(self, method: str, path: str, **options: Any) -> "httpx.Response":
        try:
            response = self._http.request(method, path, **options)
        except self._failed as error:
            raise UnreachableError(f"{self.server} can't be reached ({error}): is the address right, and the server up?") from error
        if response.status_code >= 400:
            self._refuse(response)
        self._heard = True
        return response

    def _refuse(self, response: "httpx.Response") -> None:
        try:
            error = response.json()["error"]
            message = f"{error['message']}\n{error['hint']}".strip()
        except (ValueError, KeyError, TypeError):
            message = f"{self.server} answered {response.status_code}, and it isn't minjoule's way to: is the address right?"
        if response.status_code >= 500:
            raise UnreachableError(message)
        raise RefusedError(response.status_code, message)
