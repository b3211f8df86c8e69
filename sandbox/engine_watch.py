"""Whether the engine has been there without a break: one long connection to it, which ends when its process does.

An engine that is killed and comes back kills the boxes that it finds, and then tells of an exit code as if the entrant had
ended. Nothing in a box can reach this connection, so whoever's box saw a break knows that the end was none of the entrant's.
"""

import contextlib
import threading
from collections.abc import Callable

import docker
import requests
from docker.errors import DockerException

AGAIN_S = 0.2
NOTHING = {"event": ["minjoule-none"]}  # the connection is what counts, so no event is asked for


class EngineWatch:
    """Counts how often the engine went away. A thread of its own, until ``close``; ``reach`` makes a new connection."""

    def __init__(self, client: docker.DockerClient, reach: Callable[[], docker.DockerClient] = docker.from_env) -> None:
        self._client, self._reach = client, reach
        self.breaks = 0
        self._closed = threading.Event()
        self._stream = client.events(filters=NOTHING)  # raises where no engine answers, as whoever comes next would
        threading.Thread(target=self._watch, name="engine-watch", daemon=True).start()

    def answers_anew(self) -> bool:
        """Whether a new connection is served: an engine that is being stopped ends its boxes first, and its connections last."""
        try:
            with contextlib.closing(self._reach()) as fresh:
                return bool(fresh.ping())
        except (DockerException, requests.RequestException, OSError):
            return False

    def close(self) -> None:
        """Look no more. Idempotent."""
        self._closed.set()
        with contextlib.suppress(DockerException, OSError, AttributeError):
            self._stream.close()

    def _watch(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(DockerException, requests.RequestException, OSError):
                for _ in self._stream:
                    pass
            if not self._closed.is_set():
                self.breaks += 1
                self._reconnect()

    def _reconnect(self) -> None:
        while not self._closed.wait(AGAIN_S):
            with contextlib.suppress(DockerException, requests.RequestException, OSError):
                self._stream = self._client.events(filters=NOTHING)
                return
