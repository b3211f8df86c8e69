"""Last night's backup comes back while hosts are at work on what it has never heard of."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy

from server.db.rows import AttemptRow, HostRow
from tests.chaos.following import end_of, reach, sent, tries_of
from tests.chaos.platform import Suffering, leftovers, suffering

pytestmark = [pytest.mark.chaos, pytest.mark.redis, pytest.mark.timeout(400)]
Held = list[tuple[int, int, str, str]]


@pytest.fixture(params=["sqlite", "postgres"])
def platform(request: pytest.FixtureRequest) -> Iterator[Suffering]:
    with suffering(kind=request.param) as platform:
        platform.start_workers()
        yield platform


def test_a_restored_backup_loses_what_came_after_it_and_no_run_of_its_own(platform: Suffering) -> None:
    ended = [end_of(platform, sent(platform, kind, number)) for number, kind in enumerate(("light", "wrong"))]
    under_way = [sent(platform, "long", number) for number in (10, 11)]
    for each in under_way:
        reach(platform, each, "train")
    queued = [sent(platform, "slow", number) for number in (20, 21)]
    platform.admin("backup", str(platform.stack.folder / "backup"))

    told = [end_of(platform, each) for each in (*under_way, *queued)]  # the restored database will know none of these reports
    later = [sent(platform, "long", number) for number in (30, 31)]
    for each in later:
        reach(platform, each, "train")
    workers = {name: platform.stack.process(name).handle for name in platform.environments}
    held = attempts(platform)
    for proxy in platform.proxies.values():
        proxy.cut()
    with platform.stopped("web", "tasks"):
        platform.database.close()
        platform.admin("restore", str(platform.stack.folder / "backup"), "--force")
    platform.wait("the server is back", lambda: platform.stack.get("/tracks"))

    refuses(platform, [each for each in held if each[0] not in {attempt for attempt, *_ in attempts(platform)}], {404})
    refuses(platform, [(attempt, epoch + 1, host, state) for attempt, epoch, host, state in attempts(platform)], {409})
    for proxy in platform.proxies.values():
        proxy.mend()
    assert [figures(run_of_id(platform, run["id"])) for run in ended] == [figures(run) for run in ended]
    for each in (*under_way, *queued):
        run = end_of(platform, each)
        assert (run["state"], tries_of(run).count("REPORTED"), tries_of(run)[-1]) == ("DONE", 1, "REPORTED"), run["attempts"]
    again = [end_of(platform, each) for each in (*under_way, *queued)]
    assert [figures(run) for run in again] == [figures(run) for run in told], "the same secret draws the same instances"
    for each in later:
        assert httpx.get(f"{platform.stack.url}/api/v1/submissions/{each['id']}", timeout=10).status_code == 404
    once_more = sent(platform, "long", 30)
    assert tries_of(end_of(platform, once_more)) == ["REPORTED"]
    assert {name: platform.stack.process(name).handle for name in platform.environments} == workers, "a worker gave up"
    platform.launcher.stop()
    assert leftovers(platform.stack.folder) == []


def attempts(platform: Suffering) -> Held:
    """Every attempt that the database knows: number, epoch, host, state."""
    with platform.database.session(read_only=True) as session:
        query = sqlalchemy.select(AttemptRow, HostRow.name).join(HostRow, HostRow.id == AttemptRow.host_id)
        return [(row.id, row.epoch, name, row.state) for row, name in session.execute(query.order_by(AttemptRow.id))]


def refuses(platform: Suffering, held: Held, expected: set[int]) -> None:
    """With each host's own token: its heartbeats and faults of such attempts are refused, and change nothing."""
    assert held
    before = attempts(platform)
    for attempt, epoch, host, _ in held:
        told = json.loads((platform.stack.folder / host / "host.json").read_text())
        headers, url = {"authorization": f"Bearer {told['token']}"}, f"{platform.stack.url}/api/v1/host/attempts/{attempt}"
        fault = {"epoch": epoch, "cause": "worker_error", "detail": "from before the restore"}
        beat = {"epoch": epoch, "phase": "train"}
        for path, content in (("fault", fault), ("heartbeat", beat)):
            answer = httpx.post(f"{url}/{path}", json=content, headers=headers, timeout=10)
            assert answer.status_code in expected, answer.text
    assert [(attempt, epoch) for attempt, epoch, *_ in attempts(platform)] == [(attempt, epoch) for attempt, epoch, *_ in before]


def run_of_id(platform: Suffering, run: str) -> dict[str, Any]:
    view: dict[str, Any] = platform.stack.get(f"/runs/{run}")
    return view


def figures(run: dict[str, Any]) -> tuple[Any, ...]:
    """What follows from instance and seed alone."""
    return run["id"], run["state"], run["outcome"], run["loss"]
