import pytest

from server import recent
from server.recent import RecentAnswers, key_of

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"x"}


def scope(method: str = "GET", **headers: str) -> dict[str, object]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"method": method, "path": "/tracks/parity", "query_string": b"", "headers": raw}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(recent.time, "monotonic", lambda: now[0])
    return now


def test_same_reader_gets_the_same_answer_within_its_moment(clock: list[float]) -> None:
    answers, key = RecentAnswers(), key_of(scope(cookie="mj=1"))
    assert key is not None
    answers.keep(key, 1.0, START, BODY)
    assert answers.find(key) == (START, BODY)
    assert answers.find(key_of(scope(cookie="mj=2"))) is None
    assert answers.find(key_of(scope())) is None


def test_after_its_moment_one_reader_renews_and_the_others_need_not_wait(clock: list[float]) -> None:
    answers, key = RecentAnswers(), key_of(scope())
    assert key is not None
    answers.keep(key, 1.0, START, BODY)
    clock[0] = 101.1
    assert answers.find(key) is None
    assert answers.find(key) == (START, BODY)
    clock[0] = 102.0
    assert answers.find(key) is None
    assert answers.find(key) is None


def test_what_is_long_over_is_answered_to_nobody(clock: list[float]) -> None:
    answers, key = RecentAnswers(), key_of(scope())
    assert key is not None
    answers.keep(key, 1.0, START, BODY)
    clock[0] = 110.0
    assert answers.find(key) is None
    assert answers.find(key) is None


@pytest.mark.parametrize("request_scope", [scope("POST"), scope(authorization="Bearer x")])
def test_forms_and_tokens_are_never_answered_from_memory(request_scope: dict[str, object]) -> None:
    assert key_of(request_scope) is None
    assert RecentAnswers().find(None) is None


def test_the_oldest_answer_makes_room(clock: list[float]) -> None:
    answers = RecentAnswers(most=2)
    keys = [("/a", b"", b""), ("/b", b"", b""), ("/c", b"", b"")]
    for key in keys:
        answers.keep(key, 1.0, START, BODY)
    assert [answers.find(key) is not None for key in keys] == [False, True, True]
