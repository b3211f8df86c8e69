"""Attempts that aren't this host's, or aren't at all."""


def act(arena):
    for attempt in (0, -1, 10**9, 2**31 - 1):
        for verb, sent in (("heartbeat", {"epoch": 1, "phase": "train"}), ("fault", {"epoch": 1, "cause": "box_fault", "detail": ""})):
            answer = arena.http.post(f"/host/attempts/{attempt}/{verb}", json=sent, headers=arena.host)
            assert answer.status_code in (404, 422), answer.text
    return []
