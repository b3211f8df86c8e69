"""A thief holds the host's token but not its key: what it reports isn't taken, and the run is judged again."""

from tests.attacks.hostile_host import HostileHost


def act(arena):
    with HostileHost(arena) as thief:
        claimed = thief.claim()
        refused = thief.report(claimed, thief.signed(claimed, thief.another_key))
        assert refused.status_code == 422, refused.text
        assert "isn't signed by the key" in refused.json()["error"]["message"]
        assert thief.report(claimed, thief.signed(claimed)).status_code == 200
    return [arena.final(claimed["run_id"])]
