"""The life of a run: a table over (state, event). No clock, no database; the rows follow what it says."""

from enum import StrEnum

MAX_ATTEMPTS = 3
LEASE_S = 10
QUEUE_DEADLINE_DAYS = 7
MOST_REPLACED = 2
"""A run that we made void is replaced so often, on its instance."""


class RunState(StrEnum):
    """Where a run stands. DONE and VOID are final, but a DONE run may turn out void by our fault."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    VOID = "VOID"


class Event(StrEnum):
    """What may happen to a run."""

    CLAIMED = "claimed"
    REPORTED = "reported"
    FAULTED = "faulted"
    FAULTED_LAST = "faulted_last"
    EXPIRED = "expired"
    VOIDED = "voided"
    MISSED = "missed"


class Purpose(StrEnum):
    """What a run is for; ``COUNTING`` says what makes an entry's figures."""

    LISTING = "listing"
    SEPARATION = "separation"
    DUEL = "duel"
    VERIFICATION = "verification"
    REPLICATION = "replication"
    SEASON_CLOSE = "season_close"
    CONTROL = "control"
    REPEAT = "repeat"


COUNTING = (Purpose.LISTING, Purpose.SEPARATION, Purpose.REPEAT)
"""What makes an entry's figures, unless it's superseded. A repeat is, until organizers adopt it in the place of what it repeats."""


class Cause(StrEnum):
    """Why an attempt failed by our fault: typed, and shown."""

    HOST_LOST = "host_lost"
    HOST_RESTARTED = "host_restarted"
    HOST_REVOKED = "host_revoked"
    BOX_FAULT = "box_fault"
    METER_FAULT = "meter_fault"
    UNQUIET = "unquiet"  # the machine stayed busy after the window, or ran on its battery inside it: once ours, twice a miss
    BUNDLE_FAULT = "bundle_fault"
    WORKER_ERROR = "worker_error"
    VOIDED = "voided"
    REPORT_REFUSED = "report_refused"


class TransitionError(Exception):
    """The event is impossible in that state."""


TABLE: dict[tuple[RunState, Event], RunState] = {
    (RunState.QUEUED, Event.CLAIMED): RunState.RUNNING,
    (RunState.QUEUED, Event.EXPIRED): RunState.VOID,
    (RunState.RUNNING, Event.REPORTED): RunState.DONE,
    (RunState.RUNNING, Event.FAULTED): RunState.QUEUED,
    (RunState.RUNNING, Event.FAULTED_LAST): RunState.VOID,
    (RunState.RUNNING, Event.MISSED): RunState.DONE,
    (RunState.QUEUED, Event.VOIDED): RunState.VOID,
    (RunState.RUNNING, Event.VOIDED): RunState.VOID,
    (RunState.DONE, Event.VOIDED): RunState.VOID,
}


def after(state: RunState, event: Event) -> RunState:
    """The next state. Raises TransitionError."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise TransitionError(f"a {state} run can't be {event}") from None


def fault_event(epoch: int) -> Event:
    """Whether the fault of attempt number ``epoch`` is the last that we allow ourselves."""
    return Event.FAULTED_LAST if epoch >= MAX_ATTEMPTS else Event.FAULTED
