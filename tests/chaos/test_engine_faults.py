"""dockerd and containerd killed while they hold a box: an engine of our own, so that nobody else's dies."""

import signal
from collections.abc import Iterator

import pytest

from sandbox import cgroups
from sandbox.lifetime import LABEL_FILE
from tests.chaos.engine import OwnEngine, own_engine
from tests.chaos.following import end_of, reach, sent, settles, tries_of
from tests.chaos.platform import Suffering, leftovers, suffering

pytestmark = [pytest.mark.chaos, pytest.mark.redis, pytest.mark.docker, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    with own_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def boxed(engine: OwnEngine) -> Iterator[Suffering]:
    with suffering("docker", names=("host-a",), docker_host=engine.url) as platform:
        platform.start_workers()
        end_of(platform, sent(platform, "light", 0))
        yield platform


@pytest.mark.parametrize("signalled", [("dockerd", signal.SIGKILL), ("dockerd", signal.SIGTERM)], ids=["killed", "stopped"])
@pytest.mark.parametrize(("phase", "kind"), [("train", "long"), ("score", "long to score")])
def test_an_engine_that_ends_in_mid_run_is_our_fault_and_the_run_is_tried_again(
    boxed: Suffering, engine: OwnEngine, phase: str, kind: str, signalled: tuple[str, signal.Signals]
) -> None:
    worker, number = boxed.stack.process("host-a").handle, 10 * signalled[1] + len(phase) * 1000
    under_way = sent(boxed, kind, number)
    reach(boxed, under_way, phase)
    engine.end(*signalled)
    engine.wait()
    run = end_of(boxed, under_way)
    assert (run["outcome"], tries_of(run)) == ("FINISHED", ["box_fault", "REPORTED"]), run["attempts"]
    goes_on(boxed, engine, number + 1)
    assert boxed.stack.process("host-a").handle is worker, "the worker is another process"


@pytest.mark.parametrize(("phase", "kind"), [("train", "long"), ("score", "long to score")])
def test_a_containerd_that_is_killed_in_mid_run_costs_an_attempt_at_most(
    boxed: Suffering, engine: OwnEngine, phase: str, kind: str
) -> None:
    under_way = sent(boxed, kind, number := 50_000 + len(phase))
    reach(boxed, under_way, phase)
    engine.end("containerd")
    settles(boxed, 5)  # meanwhile dockerd answers and starts nothing: a host that went on claiming would use up every run's attempts
    engine.wait()
    run = end_of(boxed, under_way)
    assert (run["outcome"], tries_of(run)[-1]) == ("FINISHED", "REPORTED")
    assert tries_of(run)[:-1] in ([], ["box_fault"]), run["attempts"]
    goes_on(boxed, engine, number + 10)


def goes_on(platform: Suffering, engine: OwnEngine, number: int) -> None:
    """The next entry is judged at once, and of containers and groups there's the pair that waits for the one after it."""
    run = end_of(platform, sent(platform, "light", number))
    assert (run["outcome"], tries_of(run)) == ("FINISHED", ["REPORTED"]), run["attempts"]
    platform.wait("a pair alone", lambda: len(engine.containers()) == 2)
    tokens = {name.rpartition("-")[2] for name in engine.containers()}
    assert {name.rpartition("/")[2] for name in cgroups.leftovers(label_of(platform))} <= tokens


def label_of(platform: Suffering) -> str:
    return (platform.stack.folder / "host-a" / LABEL_FILE).read_text()


def test_at_the_end_nothing_is_left(boxed: Suffering, engine: OwnEngine) -> None:
    end_of(boxed, under_way := sent(boxed, "light", 90_000))
    assert under_way
    boxed.launcher.stop()
    assert engine.containers() == []
    assert list(cgroups.leftovers(label_of(boxed))) == []
    assert leftovers(boxed.stack.folder) == []
