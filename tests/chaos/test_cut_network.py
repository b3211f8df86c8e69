"""The link between a host and the server is pulled, in a network namespace: nothing is refused, everything is just silent."""

from collections.abc import Iterator

import pytest

from tests.chaos.following import end_of, reach, sent, settles, tries_of
from tests.chaos.network import Namespace, namespace
from tests.chaos.platform import Suffering, leftovers, suffering

pytestmark = [pytest.mark.chaos, pytest.mark.redis, pytest.mark.timeout(300)]
BLINK_S, LONG_S = 3.0, 16.0  # the lease is 10 s, a request's patience too


@pytest.fixture
def network() -> Iterator[Namespace]:
    with namespace() as network:
        yield network


@pytest.fixture
def afar(network: Namespace) -> Iterator[Suffering]:
    with suffering(names=()) as platform:
        platform.enrol_beyond(network, "host-a")
        platform.start_workers()
        end_of(platform, sent(platform, "light", 0))
        yield platform


def test_a_link_that_blinks_costs_nothing_and_a_long_silence_one_attempt(afar: Suffering, network: Namespace) -> None:
    worker = afar.stack.process("host-a").handle
    blinked = sent(afar, "long", 1)
    reach(afar, blinked, "train")
    network.cut()
    settles(afar, BLINK_S)
    network.mend()
    run = end_of(afar, blinked)
    assert (run["outcome"], tries_of(run)) == ("FINISHED", ["REPORTED"]), run["attempts"]

    silent = sent(afar, "long", 2)
    reach(afar, silent, "train")
    network.cut()
    settles(afar, LONG_S)
    network.mend()
    run = end_of(afar, silent)
    assert (run["outcome"], tries_of(run)) == ("FINISHED", ["host_lost", "REPORTED"]), run["attempts"]

    assert tries_of(end_of(afar, sent(afar, "light", 3))) == ["REPORTED"]
    assert afar.stack.process("host-a").handle is worker, "the worker is another process"
    afar.launcher.stop()
    assert leftovers(afar.stack.folder) == []
