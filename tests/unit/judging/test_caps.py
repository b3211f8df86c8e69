"""Caps a symbol hold beside those of the whole scoring phase."""

import pytest

from minjoule.box import LOAD_S, BoxLimits, TrialCaps
from minjoule.tracks import TrackError, parse_track, shipped

LIMITS = BoxLimits(300, 200, 1, 1, 1, 1)


def test_a_cap_a_symbol_shortens_the_phase_and_never_lengthens_it() -> None:
    caps = TrialCaps(LIMITS, LIMITS, 1, symbol_wall_s=0.01, symbol_cpu_s=0.02)
    short, long = caps.score_of(1000), caps.score_of(1_000_000)
    assert (short.wall_s, short.cpu_s) == (LOAD_S + 10, LOAD_S + 20)
    assert (long.wall_s, long.cpu_s) == (300, 200)


def test_without_one_the_phases_caps_hold() -> None:
    assert TrialCaps(LIMITS, LIMITS, 1).score_of(5) == LIMITS


def test_a_caps_value_of_nothing_is_refused() -> None:
    with pytest.raises(TrackError, match=r"symbol_wall_s is 0"):
        parse_track(shipped()["digits"].replace("symbol_wall_s = 0.02", "symbol_wall_s = 0"))


@pytest.mark.parametrize(
    ("line", "bad", "said"),
    [
        ("sigma = 0.034", "sigma = 0", "sigma is 0"),
        ("sigma = 0.034", "sigma = nan", "sigma is nan"),
        ("sigma = 0.034", 'sigma = 0.034\nsource_public = "never"', "source_public is 'never'"),
        ("sigma = 0.034\n", "", "sigma"),
    ],
)
def test_rules_without_a_sound_sigma_are_refused(line: str, bad: str, said: str) -> None:
    with pytest.raises(TrackError, match=said):
        parse_track(shipped()["digits"].replace(line, bad))
