"""Every (state, event) pair of a run, and of a duel."""

import pytest

from server.domain import duels
from server.domain.duels import DuelEvent, DuelState
from server.domain.run import MAX_ATTEMPTS, Event, RunState, TransitionError, after, fault_event

ALLOWED = {
    ("QUEUED", "claimed"): "RUNNING",
    ("QUEUED", "expired"): "VOID",
    ("RUNNING", "reported"): "DONE",
    ("RUNNING", "faulted"): "QUEUED",
    ("RUNNING", "faulted_last"): "VOID",
    ("RUNNING", "missed"): "DONE",
    ("QUEUED", "voided"): "VOID",
    ("RUNNING", "voided"): "VOID",
    ("DONE", "voided"): "VOID",
}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", RunState)
def test_every_state_and_event(state: RunState, event: Event) -> None:
    expected = ALLOWED.get((str(state), str(event)))
    if expected is None:
        with pytest.raises(TransitionError, match=f"a {state} run can't be {event}"):
            after(state, event)
    else:
        assert after(state, event) == expected


def test_the_last_attempts_fault_is_the_last() -> None:
    assert [fault_event(epoch) for epoch in (1, MAX_ATTEMPTS - 1, MAX_ATTEMPTS)] == [Event.FAULTED, Event.FAULTED, Event.FAULTED_LAST]


DUELS = {
    ("QUEUED", "begun"): "RUNNING",
    ("QUEUED", "cancelled"): "CANCELLED",
    ("RUNNING", "won"): "WON",
    ("RUNNING", "lost"): "LOST",
    ("RUNNING", "cancelled"): "CANCELLED",
}


@pytest.mark.parametrize("event", DuelEvent)
@pytest.mark.parametrize("state", DuelState)
def test_every_state_and_event_of_a_duel(state: DuelState, event: DuelEvent) -> None:
    expected = DUELS.get((str(state), str(event)))
    if expected is None:
        with pytest.raises(TransitionError, match=f"a {state} duel can't be {event}"):
            duels.after(state, event)
    else:
        assert duels.after(state, event) == expected
