"""Live runs: one poller a process looks at the runs that somebody watches, and tells whoever watches when one changes.

A stream holds no database session.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

POLL_S = 0.25
Look = Callable[[str], tuple[str, bool]]


class LiveRuns:
    """Subscribers by run. ``look`` gives a run's JSON and whether it's final; it runs in a thread."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._watchers: dict[str, set[asyncio.Queue[tuple[str, bool]]]] = defaultdict(set)
        self._last: dict[str, str] = {}
        self._poller: asyncio.Task[None] | None = None

    async def follow(self, run_id: str) -> AsyncIterator[str]:
        """The run's JSON now, then at every change, until it's final."""
        seen, final = await run_in_threadpool(self._look, run_id)
        yield seen
        if final:
            return
        queue: asyncio.Queue[tuple[str, bool]] = asyncio.Queue(maxsize=100)
        self._watchers[run_id].add(queue)
        self._last.setdefault(run_id, seen)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            while True:
                text, final = await queue.get()
                yield text
                if final:
                    return
        finally:
            self._watchers[run_id].discard(queue)
            if not self._watchers[run_id]:
                del self._watchers[run_id]
                self._last.pop(run_id, None)

    async def _poll(self) -> None:
        while self._watchers:
            for run_id in list(self._watchers):
                text, final = await run_in_threadpool(self._look, run_id)
                if text != self._last.get(run_id):
                    self._last[run_id] = text
                    for queue in self._watchers.get(run_id, ()):
                        with contextlib.suppress(asyncio.QueueFull):  # a reader that lags gets the next state instead
                            queue.put_nowait((text, final))
            await asyncio.sleep(POLL_S)


def without_clock(view: dict[str, object]) -> str:
    """Stable JSON of a view."""
    return json.dumps(view, sort_keys=True, default=str)
