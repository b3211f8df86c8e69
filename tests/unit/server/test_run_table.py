"""Every (state, event) pair of a run."""

import pytest

from server.domain.run import MAX_ATTEMPTS, Event, RunState, TransitionError, after, fault_event

ALLOWED = {
    ("QUEUED", "claimed"): "RUNNING",
    ("QUEUED", "expired"): "VOID",
    ("RUNNING", "reported"): "DONE",
    ("RUNNING", "faulted"): "QUEUED",
    ("RUNNING", "faulted_last"): "VOID",
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
