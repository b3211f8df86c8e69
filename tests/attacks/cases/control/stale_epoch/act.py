"""Heartbeat, report and fault of an epoch that isn't the attempt's."""

from tests.attacks.hostile_host import HostileHost


def act(arena):
    with HostileHost(arena) as host:
        claimed = host.claim()
        stale = claimed | {"epoch": claimed["epoch"] + 1}
        assert host.report(stale, host.signed(stale)).status_code == 409
        assert host.post(claimed, "heartbeat", {"epoch": stale["epoch"], "phase": "train"}).status_code == 409
        assert host.post(claimed, "fault", {"epoch": stale["epoch"], "cause": "box_fault", "detail": ""}).status_code == 409
        assert host.report(claimed, host.signed(claimed)).status_code == 200
    return [arena.final(claimed["run_id"])]
