"""The platform's API as a typed client: credentials, uploads, and following a run live."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

FINAL = ("DONE", "VOID")
POLL_S = 0.5


class RefusedError(Exception):
    """The server said no: ``status`` is HTTP's, the message the server's own with its hint."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnreachableError(Exception):
    """The server can't be reached, or failed."""


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


def server_url() -> str:
    """MINJOULE_SERVER, or where the user logged in, or this machine."""
    if url := os.environ.get("MINJOULE_SERVER"):
        return url
    try:
        return load_credentials().server
    except CredentialsError:
        return "http://127.0.0.1:8000"


def load_credentials() -> Credentials:
    """From MINJOULE_SERVER and MINJOULE_TOKEN, or the file that login left. Raises CredentialsError."""
    if token := os.environ.get("MINJOULE_TOKEN"):
        return Credentials(os.environ.get("MINJOULE_SERVER", "http://127.0.0.1:8000"), token)
    path = credentials_path()
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        raise CredentialsError("you aren't logged in: run `minjoule login`, or set MINJOULE_TOKEN") from None
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
        self._patience = httpx.Timeout(30, connect=5)
        self._http = httpx.Client(base_url=f"{self.server}/api/v1", headers=headers, timeout=self._patience)

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a resource."""
        return self._json("GET", path, params=query)

    def get_bytes(self, path: str) -> bytes:
        """A resource as it came."""
        return self._asked("GET", path).content

    def create_token(self, name: str, password: str, label: str) -> str:
        """Log in by name and password."""
        return str(self._json("POST", "/tokens", json={"name": name, "password": password, "label": label})["token"])

    def submit(self, bundle_zip: bytes, on_sent: Callable[[int], None]) -> dict[str, Any]:
        """Upload a bundle; ``on_sent`` hears of bytes as they leave."""

        def pieces() -> Iterator[bytes]:
            for begin in range(0, len(bundle_zip), 16_384):
                piece = bundle_zip[begin : begin + 16_384]
                yield piece
                on_sent(len(piece))

        headers = {"content-type": "application/zip", "content-length": str(len(bundle_zip))}
        answer: dict[str, Any] = self._json("PUT", "/submissions", content=pieces(), headers=headers)
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

    def follow(self, run_id: str) -> Iterator[dict[str, Any]]:
        """The run now and at each change until it's final: by server-sent events, by polling where they fail."""
        last: dict[str, Any] = {}
        try:
            for last in self._events(run_id):
                yield last
                if last["state"] in FINAL:
                    return
        except self._failed:
            pass
        while last.get("state") not in FINAL:
            time.sleep(POLL_S)
            fresh = self.get(f"/runs/{run_id}")
            if fresh != last:
                last = fresh
                yield last

    def _events(self, run_id: str) -> Iterator[dict[str, Any]]:
        with self._http.stream("GET", f"/runs/{run_id}/events", timeout=self._patience) as response:
            if response.status_code != 200:
                response.read()
                self._refuse(response)
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
