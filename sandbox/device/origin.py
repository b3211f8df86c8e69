"""What the entry's origin holds: our page, the runner's library, and the bundle once it may be seen. Pure: nobody is asked here.

The origin doesn't exist: each request for it is answered over the DevTools Protocol, and each request for another place fails.
"""

import base64
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import minjoule
from minjoule.browser_harness.loopback import POLICY, TYPES

OURS = re.compile(r"minjoule-[0-9a-f]{16}\.invalid")
"""RFC 2606: nothing below ``invalid`` is ever registered. Each is a site of its own: no cookie can be set for all of them."""
PACKAGE = Path(minjoule.__path__[0])
PAGE = "/page/index.html"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request gets."""

    status: int
    content_type: str
    body: bytes


def new_origin() -> str:
    """An origin that nothing was ever stored under: even where a browser has no contexts, storage is fresh."""
    return f"https://minjoule-{secrets.token_hex(8)}.invalid"


def policy_of(origin: str) -> str:
    """The page's content policy: the box's, but "self" would let a WebSocket to the same host through."""
    return POLICY.replace("connect-src 'self'", f"connect-src {origin}")


def of_ours(url: str) -> bool:
    """Whether an address is one of the origins made here."""
    return OURS.fullmatch(urlsplit(url).hostname or "") is not None


class Origin:
    """One box's origin. ``show`` makes the bundle appear."""

    def __init__(self) -> None:
        self.address = new_origin()
        self._roots = {"page": PACKAGE / "browser_harness" / "page", "webgpu": PACKAGE / "webgpu"}

    def show(self, bundle: Path) -> None:
        """The bundle's files are there now."""
        self._roots["bundle"] = bundle.resolve()

    def answer(self, url: str, method: str) -> Answer | None:
        """What a request gets; None for one that must fail, for it asks for another place."""
        try:
            parts = urlsplit(url)
            if f"{parts.scheme}://{parts.netloc}" != self.address:
                return None
        except ValueError:
            return None
        if method != "GET":
            return Answer(405, "text/plain", b"")
        if parts.path == "/texts":
            return Answer(200, "application/json", json.dumps(self._texts()).encode())
        target = self._file(unquote(parts.path))
        if target is None:
            return Answer(404, "text/plain", b"")
        return Answer(200, TYPES.get(target.suffix, "text/plain"), target.read_bytes())

    def _file(self, path: str) -> Path | None:
        root, _, rest = path.lstrip("/").partition("/")
        base = self._roots.get(root)
        if base is None:
            return None
        try:
            target = (base / rest).resolve()
            return target if target.is_relative_to(base.resolve()) and target.is_file() else None
        except (OSError, ValueError):  # a name that no file can have: too long, or with a zero
            return None

    def _texts(self) -> dict[str, str]:
        root = self._roots.get("bundle")
        if root is None:
            return {}
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def fulfilment(request: str, answer: Answer, origin: str) -> dict[str, Any]:
    """Parameters of ``Fetch.fulfillRequest``."""
    headers = {
        "Content-Type": f"{answer.content_type}; charset=utf-8",
        "Content-Security-Policy": policy_of(origin),
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cache-Control": "no-store",
    }
    return {
        "requestId": request,
        "responseCode": answer.status,
        "responseHeaders": [{"name": name, "value": value} for name, value in headers.items()],
        "body": base64.b64encode(answer.body).decode(),
    }
