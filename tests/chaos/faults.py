"""What is done to the platform while it works. Each fault takes the platform and the draw, and lets go of what it broke."""

import contextlib
import datetime as dt
import json
import random
import time
from collections.abc import Callable

import httpx
import redis
import sqlalchemy

from server.db.rows import AttemptRow, RunRow
from server.domain.hints import JUDGE, RANK, SWEEP, host_queue
from server.queue import CeleryHints
from tests.chaos.engine import OwnEngine
from tests.chaos.platform import HOST_CLASS, Suffering

Fault = Callable[[Suffering, random.Random], str]
JUNK = ["", "not json", "{}", '{"body": "!", "headers": 3}', json.dumps({"body": "e30=", "headers": {"task": "os.system", "id": "1"}})]
FORGED = 20


def kill(name: str) -> Fault:
    """SIGKILL of one process."""

    def act(platform: Suffering, draw: random.Random) -> str:
        platform.kill(name)
        return f"SIGKILL {name}"

    return act


def kill_worker(platform: Suffering, draw: random.Random) -> str:
    """SIGKILL of some host's worker, in whatever phase it is."""
    name = draw.choice(list(platform.environments))
    platform.kill(name)
    return f"SIGKILL worker of {name}"


def kill_engine(engine: OwnEngine) -> Fault:
    """SIGKILL of dockerd, or of containerd below it; it's back after a while."""

    def act(platform: Suffering, draw: random.Random) -> str:
        name = draw.choice(["dockerd", "dockerd", "containerd"])
        engine.end(name)
        stand(platform, 1.5)
        engine.wait()
        return f"SIGKILL {name}"

    return act


def stand(platform: Suffering, seconds: float) -> None:
    """The rest goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        platform.launcher.tend()
        time.sleep(0.05)


def flush(platform: Suffering, draw: random.Random) -> str:
    """FLUSHALL: every hint is gone."""
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(platform.stack.redis_url) as queue:
        queue.flushall()
    return "FLUSHALL"


def cut(seconds: float) -> Fault:
    """No connection between one host and the server for a while."""

    def act(platform: Suffering, draw: random.Random) -> str:
        name = draw.choice(list(platform.proxies))
        platform.proxies[name].cut()
        stand(platform, seconds)
        platform.proxies[name].mend()
        return f"{name} cut off for {seconds:g} s"

    return act


def forge(platform: Suffering, draw: random.Random) -> str:
    """Hints twenty times over, and messages that nobody of ours would send."""
    hints = CeleryHints(platform.stack.redis_url)
    for _ in range(FORGED):
        hints.run_waits(HOST_CLASS)
        hints.board_stale()
    with contextlib.suppress(redis.RedisError, OSError, Exception), redis.Redis.from_url(platform.stack.redis_url) as queue:
        hints._app.send_task(draw.choice([JUDGE, RANK, SWEEP]), args=[1, {"run": "x"}], queue=host_queue(HOST_CLASS))
        hints._app.send_task("posix.system", args=["true"], queue=draw.choice(["server", host_queue(HOST_CLASS)]))
        queue.ping()
    return "forged and doubled messages"


def junk(platform: Suffering, draw: random.Random) -> str:
    """Bytes in the queues that are no messages at all."""
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(platform.stack.redis_url) as queue:
        for name in ("server", host_queue(HOST_CLASS)):
            queue.lpush(name, draw.choice(JUNK))
    return "junk in the queues"


def lie(platform: Suffering, draw: random.Random) -> str:
    """With a host's own token: faults and reports of attempts that have ended, or are another's."""
    name = draw.choice(list(platform.environments))
    told = json.loads((platform.stack.folder / name / "host.json").read_text())
    headers = {"authorization": f"Bearer {told['token']}"}
    with contextlib.suppress(httpx.HTTPError), platform.database.session(read_only=True) as session:
        ended = sqlalchemy.select(AttemptRow.id, AttemptRow.epoch).where(AttemptRow.state != "CLAIMED").limit(5)
        for attempt, epoch in session.execute(ended).all():
            content = {"epoch": epoch, "cause": "host_lost", "detail": "forged"}
            httpx.post(f"{platform.stack.url}/api/v1/host/attempts/{attempt}/fault", json=content, headers=headers, timeout=10)
    return f"stale faults by {name}"


def jump_by(hours: int) -> Fault:
    """The server's clock jumps: the same as every stored instant of what is open moving the other way."""

    def act(platform: Suffering, draw: random.Random) -> str:
        by = dt.timedelta(hours=-hours)
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError), platform.database.session() as session:
            for run in session.scalars(sqlalchemy.select(RunRow).where(RunRow.state.in_(["QUEUED", "RUNNING"]))):
                run.deadline_at = run.deadline_at + by if run.deadline_at else None
                run.hinted_at = run.hinted_at + by if run.hinted_at else None
            for attempt in session.scalars(sqlalchemy.select(AttemptRow).where(AttemptRow.state == "CLAIMED")):
                attempt.heartbeat_at, attempt.claimed_at = attempt.heartbeat_at + by, attempt.claimed_at + by
        return f"the clock jumps by {hours:+d} h"

    return act


def jump(platform: Suffering, draw: random.Random) -> str:
    """By an hour, either way."""
    return jump_by(draw.choice([-1, 1]))(platform, draw)


FAULTS: list[tuple[int, Fault]] = [
    (8, kill_worker),
    (4, kill("web")),
    (4, kill("tasks")),
    (3, kill("redis")),
    (4, flush),
    (3, cut(1.5)),
    (1, cut(12)),
    (3, forge),
    (2, junk),
    (2, lie),
    (2, jump),
]
"""Weight and fault; PostgreSQL and an engine of our own join where they're there."""


def drawn(draw: random.Random, also: list[tuple[int, Fault]]) -> Fault:
    """The next one."""
    there = FAULTS + also
    return draw.choices([fault for _, fault in there], [weight for weight, _ in there])[0]
