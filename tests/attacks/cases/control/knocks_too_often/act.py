"""Guess a password again and again."""


def act(arena):
    sent = {"name": "Alice", "password": "wrong"}
    answers = [arena.http.post("/tokens", json=sent) for _ in range(70)]
    assert answers[0].status_code == 401, answers[0].text
    assert answers[-1].status_code == 429, answers[-1].text
    return []
