"""A host token that nobody was given, one of another secret, one of a participant."""


def act(arena):
    kind, own, number, _ = arena.credentials.token.split("_", 3)
    forged = f"{kind}_{own}_{number}_" + "A" * 43
    for token in (forged, "mj_host_999_x", "none", arena.stack.token, "' or 1=1"):
        answer = arena.http.post("/host/claims", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, answer.text
    return []
