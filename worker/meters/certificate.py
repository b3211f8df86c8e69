"""Calibration certificates: what somebody with a better meter found out about this one, signed, and good until a day.

A JSON file: {"body": {...}, "key": HEX, "signature": HEX}, ed25519 over the body's canonical JSON (sorted keys, no blanks).
The meters' file names the keys that are believed.
"""

import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from minjoule.meter import Channel, MeterFault, Reason

RENEW = "Have the meter calibrated again, or take `certificate` out of the meters' file: then it's uncalibrated"


class Body(BaseModel):
    """What a certificate certifies. ``factor`` turns the meter's joules into true ones; ``expanded_ppm`` is its U (k=2), millionths."""

    model_config = ConfigDict(extra="forbid")

    meter: str
    device: str
    factor: str = Field(pattern=r"^\d+(\.\d+)?$")
    expanded_ppm: int = Field(gt=0, lt=1_000_000)
    valid_from: dt.date
    valid_until: dt.date
    laboratory: str


class Certificate(BaseModel):
    """A body with its signature."""

    model_config = ConfigDict(extra="forbid")

    body: Body
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Gain:
    """What is known of a meter's gain: the factor to correct it by, its relative standard uncertainty (ppm), and on whose word."""

    factor: Fraction = Fraction(1)
    ppm: int | None = None
    basis: str = "uncalibrated"

    @property
    def relative(self) -> float | None:
        """Its standard uncertainty as a fraction; None where nobody knows."""
        return None if self.ppm is None else self.ppm / 1e6

    def of(self, channel: Channel) -> Channel:
        """A channel corrected by it."""
        ratio = Fraction(channel.uj_numerator, channel.uj_denominator) * self.factor
        return replace(channel, uj_numerator=ratio.numerator, uj_denominator=ratio.denominator, gain_ppm=self.ppm)


def canonical(body: Body) -> bytes:
    """The bytes that are signed."""
    return json.dumps(body.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()


def today() -> dt.date:
    """This host's day, UTC."""
    return dt.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), dt.UTC).date()


def load_gain(file: Path, meter: str, device: str, keys: Sequence[str], day: dt.date | None = None) -> Gain:
    """The gain that a certificate gives. Raises MeterFault: unreadable, unsigned, by a stranger, of another device, out of date."""
    try:
        certificate = Certificate.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        detail = f"{file} is no calibration certificate: {str(error)[:300]}"
        raise MeterFault(detail, Reason.MISCONFIGURED, RENEW) from None
    body = certificate.body
    if certificate.key not in keys:
        detail = f"{file} is signed by the key {certificate.key[:16]}..., which the meters' file doesn't name under certificate_keys"
        raise MeterFault(detail, Reason.MISCONFIGURED, RENEW)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(certificate.key)).verify(bytes.fromhex(certificate.signature), canonical(body))
    except (InvalidSignature, ValueError):
        raise MeterFault(f"the signature of {file} doesn't match what it says", Reason.MISCONFIGURED, RENEW) from None
    if (body.meter, body.device) != (meter, device):
        detail = f"{file} is of {body.meter} {body.device!r}, this is {meter} {device!r}"
        raise MeterFault(detail, Reason.OTHER_DEVICE, RENEW)
    day = day or today()
    if not body.valid_from <= day <= body.valid_until:
        detail = f"{file} is good from {body.valid_from} to {body.valid_until}, today is {day}"
        raise MeterFault(detail, Reason.MISCONFIGURED, RENEW)
    basis = f"certificate of {body.laboratory}, {body.valid_from} to {body.valid_until}, U = {body.expanded_ppm} ppm"
    return Gain(Fraction(body.factor), body.expanded_ppm // 2 + body.expanded_ppm % 2, basis)
