"""Each host's own Redis user: its class's queue, no other, and gone with the host."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from server.launcher import Launcher, LaunchError, start_redis
from server.queue_users import keep_users, queue_user
from tests.conftest import lacking

pytestmark = pytest.mark.redis
ONE, TWO = (queue_user(b"secret", number, "hash", f"class-{number}") for number in (1, 2))


@pytest.fixture
def queue_url(tmp_path: Path) -> Iterator[str]:
    launcher = Launcher(tmp_path, print)
    try:
        yield start_redis(launcher, tmp_path / "redis")
    except LaunchError as error:
        lacking("redis", str(error))
    finally:
        launcher.stop()


def refused(queue: "Redis", *words: str) -> bool:
    try:
        queue.execute_command(*words)
    except NoPermissionError:
        return True
    return False


def test_a_host_reaches_its_own_queue_and_nothing_else(queue_url: str) -> None:
    assert keep_users(queue_url, [ONE, TWO])
    with Redis.from_url(queue_url, username=ONE.name, password=ONE.password) as queue:
        queue.lpush("host.class-1", "hint")
        assert queue.brpop(["host.class-1"], 1)
        forbidden = ["lpush host.class-2 x", "llen server", "flushall", "keys *", "config get *", "acl whoami", "shutdown", "publish x y"]
        assert [line for line in forbidden if not refused(queue, *line.split())] == []


def test_a_revoked_hosts_user_is_dropped_and_a_lost_one_is_made_again(queue_url: str) -> None:
    keep_users(queue_url, [ONE, TWO])
    keep_users(queue_url, [TWO])
    with Redis.from_url(queue_url, username=ONE.name, password=ONE.password) as queue, pytest.raises(AuthenticationError):
        queue.ping()
    keep_users(queue_url, [ONE, TWO])
    with Redis.from_url(queue_url, username=ONE.name, password=ONE.password) as queue:
        assert queue.ping()


def test_a_redis_that_is_away_is_said_and_stops_nothing() -> None:
    assert keep_users("redis://127.0.0.1:1/0", [ONE]) is False
