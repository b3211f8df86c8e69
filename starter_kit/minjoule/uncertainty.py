"""The uncertainty of a measurement, term by term, in exact rationals: what U (k=2) is made of.

Every term is a variance in square microjoules, after the GUM: a bound +-a of which no more is known has the variance a^2/3.
No square root is taken before the end, and that one is an integer's, so replaying a trace gives the same U bit for bit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import isqrt

COVERAGE = 2
"""k: the interval +-U holds the truth in about 95 of 100 cases."""


class Term(StrEnum):
    """Where doubt comes from.

    QUANTISATION: the energy between the ticks around a border isn't spread as evenly as interpolation takes it to be.
    RESOLUTION: the smallest step of the raw value.
    SAMPLING: of sampled power, what happened between the samples.
    CLOCK: when exactly a tick or a sample was.
    GAIN: the instrument's class or certificate; common to all runs on a host.
    """

    QUANTISATION = "quantisation"
    RESOLUTION = "resolution"
    SAMPLING = "sampling"
    CLOCK = "clock"
    GAIN = "gain"


@dataclass(frozen=True, slots=True)
class Part:
    """Energy of one channel over a window, microjoules, and its variances without the gain's, square microjoules."""

    energy_uj: Fraction
    variances: Mapping[Term, Fraction]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One term of an uncertainty: its standard uncertainty (k=1), microjoules, rounded up."""

    term: Term
    standard_uj: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be said of a sum of parts.

    Attributes:
        expanded_uj: U (k=2) with the gain's doubt; None where a gain is uncalibrated.
        on_host_uj: U (k=2) without it: for comparing entries on one host, whose gain is common.
        doubts: every term that isn't nothing.
    """

    expanded_uj: int | None
    on_host_uj: int
    doubts: tuple[Doubt, ...]


def budget(parts: Iterable[tuple[str, int | None, Part]]) -> Budget:
    """Add up the doubts of (meter, its gain's standard uncertainty in ppm, part).

    Terms of different parts are independent and add up in squares; the gain of one meter is common to its parts, so there they add up
    before they're squared.
    """
    parts = list(parts)
    sums: dict[Term, Fraction] = defaultdict(Fraction)
    gains: dict[str, Fraction] = defaultdict(Fraction)
    for meter, gain_ppm, part in parts:
        for term, variance in part.variances.items():
            sums[term] += variance
        gains[meter] += abs(part.energy_uj) * Fraction(gain_ppm or 0, 1_000_000)
    on_host = sum(sums.values(), Fraction(0))
    sums[Term.GAIN] = sum((each * each for each in gains.values()), Fraction(0))
    calibrated = all(gain_ppm is not None for _, gain_ppm, _ in parts)
    return Budget(
        expanded_uj=expanded(on_host + sums[Term.GAIN]) if calibrated else None,
        on_host_uj=expanded(on_host),
        doubts=tuple(Doubt(term, root_up(sums[term])) for term in Term if sums.get(term)),
    )


@dataclass(frozen=True, slots=True)
class Doubts:
    """U (k=2) of a bill: with the gain's doubt, and without it; None where there's none to give."""

    expanded_uj: int | None
    on_host_uj: int | None


def together(windows: Iterable[tuple[int | None, int | None]]) -> Doubts:
    """U of several windows on one meter, of each one's (absolute, on this host): the gain is common to them, all else isn't."""
    windows = list(windows)
    on_host = [each for _, each in windows if each is not None]
    if not windows or len(on_host) < len(windows):
        return Doubts(None, None)
    own = sum(each * each for each in on_host)
    absolute = [each for each, _ in windows if each is not None]
    if len(absolute) < len(windows):
        return Doubts(None, root_up(Fraction(own)))
    gain = sum(root_up(Fraction(max(whole * whole - part * part, 0))) for whole, part in zip(absolute, on_host, strict=True))
    return Doubts(root_up(Fraction(own + gain * gain)), root_up(Fraction(own)))


def bound(half_width: Fraction) -> Fraction:
    """Variance of something that lies within +-``half_width`` of its estimate."""
    return half_width * half_width / 3


def expanded(variance: Fraction) -> int:
    """U for a variance: k standard uncertainties, rounded up."""
    return root_up(COVERAGE * COVERAGE * variance)


def root_up(square: Fraction) -> int:
    """The least whole number whose square isn't below ``square``."""
    root = isqrt(square.numerator // square.denominator)
    return root if root * root * square.denominator >= square.numerator else root + 1
