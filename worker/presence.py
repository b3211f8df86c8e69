"""An idle host says now and then that it's here, so that nobody is told to wait for a host that is only waiting too."""

import threading

from worker.logs import get_logger
from worker.ports import LostLeaseError, RefusedError, Reporter, ServerFault

log = get_logger()
EVERY_S = 10.0


def keep_present(reporter: Reporter, ended: threading.Event, every_s: float = EVERY_S) -> None:
    """Until ``ended``. A server that's away is told of once, not at every beat."""
    away = False
    while not ended.wait(every_s):
        try:
            reporter.presence()
        except (ServerFault, RefusedError, LostLeaseError) as error:  # also a token that was revoked: the judge says what follows
            if not away:
                log.warning("server_away", reason=str(error)[:300])
            away = True
        else:
            away = False


def start(reporter: Reporter) -> threading.Event:
    """On a thread of its own; the event ends it."""
    ended = threading.Event()
    threading.Thread(target=keep_present, args=(reporter, ended), name="presence", daemon=True).start()
    return ended
