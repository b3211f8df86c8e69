"""A good signature under other figures."""

from tests.attacks.hostile_host import HostileHost


def act(arena):
    with HostileHost(arena) as host:
        claimed = host.claim()
        honest = host.signed(claimed)
        cheaper = honest | {"train": honest["train"] | {"energy_uj": 1}}
        assert host.report(claimed, cheaper).status_code == 422
        assert host.report(claimed, honest | {"signature": "00" * 64}).status_code == 422
        assert host.report(claimed, honest).status_code == 200
    return [arena.final(claimed["run_id"])]
