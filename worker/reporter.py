"""The Reporter over HTTP, with the host's token, on one kept-alive connection a thread of use."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from worker.ports import Claim, LostLeaseError, RefusedError, ServerFault
from worker.settings import Credentials

REPORT_FOR_S = 600.0
LOST = {401, 403, 404, 409, 410}  # revoked, or not ours (any more): a server restored from its backup doesn't know the attempt
LATER = {408, 425, 429}
STOPPING_S = 1.0
LOOK_S = 0.1
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class HttpReporter:
    """See ``worker.ports.Reporter``. Once ``stopping`` is set, nothing is tried again for longer than STOPPING_S."""

    def __init__(
        self, credentials: Credentials, transport: httpx.BaseTransport | None = None, stopping: threading.Event | None = None
    ) -> None:
        self._stopping = stopping or threading.Event()
        headers = {"authorization": f"Bearer {credentials.token}"}
        base_url = f"{credentials.server.rstrip('/')}/api/v1/host"
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=10, transport=transport)

    def claim(self) -> Claim | None:
        """One try: the next hint brings another."""
        try:
            response = self._once("POST", "/claims")
        except (LostLeaseError, RefusedError) as error:
            raise ServerFault(f"the server lets this host claim nothing: {error}") from error
        return None if response.status_code == 204 else Claim.model_validate(response.json())

    def presence(self) -> None:
        """One try: the next follows soon."""
        self._once("POST", "/presence")

    def bundle(self, claim: Claim) -> bytes:
        """See Reporter."""
        return self._patiently(lambda: self._once("GET", f"/attempts/{claim.attempt_id}/bundle"), 5.0).content

    def heartbeat(self, claim: Claim, beat: dict[str, Any]) -> None:
        """One try: the next beat follows in a second."""
        self._once("POST", f"/attempts/{claim.attempt_id}/heartbeat", json={"epoch": claim.epoch} | beat)

    def report(self, claim: Claim, content: dict[str, Any]) -> None:
        """See Reporter."""
        path, body = f"/attempts/{claim.attempt_id}/report", {"epoch": claim.epoch} | content
        self._patiently(lambda: self._once("POST", path, json=body), REPORT_FOR_S)

    def control(self, said: str, *, passed: bool, idle_w: float | None = None, rated_w: float | None = None) -> None:
        """See Reporter."""
        content = {"passed": passed, "said": said[:500], "idle_w": idle_w, "rated_w": rated_w}
        self._patiently(lambda: self._once("POST", "/controls", json=content), 30.0)

    def fault(self, claim: Claim, cause: str, detail: str) -> None:
        """See Reporter."""
        path, body = f"/attempts/{claim.attempt_id}/fault", {"epoch": claim.epoch, "cause": cause, "detail": detail[:4000]}
        self._patiently(lambda: self._once("POST", path, json=body), 30.0)

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise ServerFault(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.status_code in LOST:
            raise LostLeaseError(f"{response.status_code}: {response.text[:500]}")
        if 400 <= response.status_code < 500 and response.status_code not in LATER:
            raise RefusedError(f"{method} {path}: {response.status_code}: {response.text[:500]}")
        if response.status_code >= 400:
            raise ServerFault(f"{method} {path}: {response.status_code}: {response.text[:500]}")
        return response

    def _patiently(self, call: Callable[[], httpx.Response], for_s: float) -> httpx.Response:
        deadline, tries, hurried = time.monotonic() + for_s, 0, False
        while True:
            try:
                return call()
            except RefusedError:
                raise
            except ServerFault:
                wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
                if time.monotonic() + wait_s > deadline:
                    raise
                self._sleep(wait_s)
                if self._stopping.is_set() and not hurried:
                    deadline, hurried = min(deadline, time.monotonic() + STOPPING_S), True
                tries += 1

    def _sleep(self, wait_s: float) -> None:
        """Cut short by stopping; no Event.wait, for a signal handler sets the event on this very thread."""
        until = time.monotonic() + wait_s
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_S, left_s))
            if self._stopping.is_set():
                return
