"""The same report twice counts once; a changed one is refused."""

from tests.attacks.hostile_host import HostileHost


def act(arena):
    with HostileHost(arena) as host:
        claimed = host.claim()
        honest = host.signed(claimed)
        assert [host.report(claimed, honest).status_code for _ in range(3)] == [200, 200, 200]
        changed = host.report(claimed, host.signed(claimed, energy_uj=1_000_001))
        assert changed.status_code == 409, changed.text
    run = arena.final(claimed["run_id"])
    assert run["energy_uj"] == honest["train"]["energy_uj"] + honest["score"]["energy_uj"]
    return [run]
