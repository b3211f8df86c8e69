"""A hundred submissions at once, on an account with a quota of 12 runs a day."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.attacks.grounds import PYTHON


def act(arena):
    crowd = arena.stranger()
    bundles = [PYTHON.honest(f"crowd {number}") for number in range(100)]
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda bundle: arena.http.put("/submissions", content=bundle, headers=crowd), bundles))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {201, 429}, statuses
    assert statuses[201] == 12, statuses
    return [arena.final(run["id"], 120) for answer in answers if answer.status_code == 201 for run in answer.json()["runs"]]
