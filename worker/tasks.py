"""What a hint does: carry out whatever waits, one attempt at a time on this machine."""

import threading
from pathlib import Path

from minjoule.box import BoxFault, BoxStuck
from worker.host import host_lock
from worker.judge import Bench, judge_all
from worker.logs import get_logger
from worker.ports import LostLeaseError, RefusedError, Reporter, ServerFault

log = get_logger()


def on_hint(reporter: Reporter, bench: Bench, lock: Path, quarantine: Path, stopping: threading.Event) -> None:
    """The message says nothing but "look"; a server that's away is looked for again at the next hint.

    Where a kill hangs, the host quarantines itself: it claims nothing, not after a restart either, until somebody has looked.
    """
    if quarantine.exists():
        log.error("host_quarantined", reason=quarantine.read_text().strip(), remedy=f"look at the engine, then remove {quarantine}")
        return
    try:
        with host_lock(lock):
            judge_all(reporter, bench, stopping)
    except BoxStuck as error:
        quarantine.write_text(f"{error}\n")
        log.error("host_quarantined", reason=str(error), remedy=f"look at the engine, then remove {quarantine}")
    except BoxFault as error:
        log.error("host_unfit", reason=str(error)[:500])
    except (ServerFault, RefusedError, LostLeaseError) as error:
        log.warning("claim_failed", reason=str(error)[:300])
