"""What a hint does: carry out whatever waits, one attempt at a time on this machine."""

import threading
from pathlib import Path

from minjoule.box import BoxFault
from worker.host import host_lock
from worker.judge import Bench, judge_all
from worker.logs import get_logger
from worker.ports import Reporter, ServerFault

log = get_logger()


def on_hint(reporter: Reporter, bench: Bench, lock: Path, stopping: threading.Event) -> None:
    """The message says nothing but "look"; a server that's away is looked for again at the next hint."""
    try:
        with host_lock(lock):
            judge_all(reporter, bench, stopping)
    except BoxFault as error:
        log.error("host_unfit", reason=str(error)[:500])
    except ServerFault as error:
        log.warning("claim_failed", reason=str(error)[:300])
