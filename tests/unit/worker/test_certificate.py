"""Calibration certificates: signed by somebody who's believed, of this device, and of today."""

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from minjoule.meter import Channel, MeterFault, Reason
from worker.meters.certificate import Body, canonical, load_gain

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
DAY = dt.date(2026, 6, 1)


def certificate(folder: Path, **changes: object) -> Path:
    content: dict[str, object] = {
        "meter": "shelly",
        "device": "A8032AB12345",
        "factor": "1.085",
        "expanded_ppm": 10_000,
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "laboratory": "PTB",
    }
    body = Body.model_validate(content | changes)
    file = folder / "certificate.json"
    file.write_text(json.dumps({"body": body.model_dump(mode="json"), "key": PUBLIC, "signature": KEY.sign(canonical(body)).hex()}))
    return file


def test_a_good_certificate_corrects_the_gain_and_states_its_doubt(tmp_path: Path) -> None:
    gain = load_gain(certificate(tmp_path), "shelly", "A8032AB12345", [PUBLIC], DAY)
    assert (gain.factor, gain.ppm) == (Fraction("1.085"), 5000)
    assert "PTB" in gain.basis
    channel = gain.of(Channel("shelly/wall", 1000, 1))
    assert (Fraction(channel.uj_numerator, channel.uj_denominator), channel.gain_ppm) == (1085, 5000)


def forged(file: Path) -> None:
    file.write_text(file.read_text().replace("1.085", "0.500"))


def unsigned(file: Path) -> None:
    content = json.loads(file.read_text())
    del content["signature"]
    file.write_text(json.dumps(content))


CASES = {
    "out of date": ({"valid_until": "2026-05-31"}, None, "today is 2026-06-01", Reason.MISCONFIGURED),
    "not yet good": ({"valid_from": "2026-06-02"}, None, "good from 2026-06-02", Reason.MISCONFIGURED),
    "another device's": ({"device": "B"}, None, "is of shelly 'B'", Reason.OTHER_DEVICE),
    "another meter's": ({"meter": "tasmota"}, None, "is of tasmota", Reason.OTHER_DEVICE),
    "forged": ({}, forged, "doesn't match what it says", Reason.MISCONFIGURED),
    "unsigned": ({}, unsigned, "no calibration certificate", Reason.MISCONFIGURED),
    "gone": ({}, Path.unlink, "no calibration certificate", Reason.MISCONFIGURED),
}


@pytest.mark.parametrize(("changes", "spoil", "said", "reason"), CASES.values(), ids=CASES.keys())
def test_another_certificate_is_refused(tmp_path: Path, changes: dict[str, object], spoil: object, said: str, reason: Reason) -> None:
    file = certificate(tmp_path, **changes)
    if callable(spoil):
        spoil(file)
    with pytest.raises(MeterFault, match=said) as caught:
        load_gain(file, "shelly", "A8032AB12345", [PUBLIC], DAY)
    assert caught.value.reason is reason


def test_a_strangers_signature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeterFault, match="doesn't name under certificate_keys"):
        load_gain(certificate(tmp_path), "shelly", "A8032AB12345", ["00" * 32], DAY)
