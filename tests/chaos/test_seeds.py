"""Short seeds: one for every day, and one on Docker boxes whose engine dies too. The long ones are `make chaos`."""

import pytest

from tests.chaos.driver import Dose, play
from tests.chaos.tally import tally


@pytest.mark.redis
@pytest.mark.timeout(240)
def test_a_short_one_for_every_day() -> None:
    played = play(113, 12, hosts=("host-a",), dose=Dose(1.0, most=2))
    assert (played.lost, played.doubled, played.left) == ([], [], [])
    assert (len(played.board), played.faults.total()) == (12, 2)


@pytest.mark.chaos
@pytest.mark.docker
@pytest.mark.redis
@pytest.mark.timeout(900)
def test_in_docker_boxes_too_nothing_is_lost_doubled_or_left() -> None:
    found = tally(5, 30, "docker")
    print(*found.told, *found.faults.items(), *found.void, sep="\n  ")
    assert (found.lost, found.doubled, found.left, found.submissions) == ([], [], [], 30)
    assert any(fault.startswith(("SIGKILL dockerd", "SIGKILL containerd")) for fault in found.faults), "its seed draws one"
