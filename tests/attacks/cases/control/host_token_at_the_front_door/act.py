"""A host's token opens nothing but the host's own routes."""

from tests.attacks.grounds import PYTHON


def act(arena):
    before = arena.counts()
    assert arena.http.put("/submissions", content=PYTHON.honest("by a host"), headers=arena.host).status_code == 401
    assert arena.http.get("/me", headers=arena.host).status_code == 401
    assert arena.counts() == before
    return []
