"""The sweep goes on after a step that fails, and still says that it failed."""

import pytest

from server.celery_app import each_alone


def test_what_fails_holds_up_nothing_else_and_is_raised_at_the_end() -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("a damaged row")

    with pytest.raises(ValueError, match="a damaged row"):
        each_alone({"first": lambda: done.append("first"), "broken": fail, "last": lambda: done.append("last")})
    assert done == ["first", "last"]


def test_where_nothing_fails_nothing_is_raised() -> None:
    each_alone({"one": lambda: None})
