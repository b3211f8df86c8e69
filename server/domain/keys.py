"""Instance keys and secrets: what names a draw, and how tokens are made and kept."""

import hashlib
import hmac
import secrets


def instance_key(secret: bytes, submission_digest: str, host_class: str, index: int, purpose: str = "listing") -> bytes:
    """The 32 bytes that draw a run's instance. A replaced attempt or run keeps it; it's published when the run is done.

    Listing runs leave the purpose out: their keys are older than purposes.
    """
    named = f"{submission_digest}:{host_class}:{index}" if purpose == "listing" else f"{submission_digest}:{host_class}:{purpose}:{index}"
    return hmac.new(secret, named.encode(), hashlib.sha256).digest()


def new_seed() -> int:
    """What ``train(seed=...)`` gets: 63 random bits, unrelated to the instance."""
    return secrets.randbits(63)


def new_token(kind: str, identity: str) -> tuple[str, str]:
    """``mj_<kind>_<id>_<secret>`` and the sha256 of the secret, which is all that is stored."""
    secret = secrets.token_urlsafe(24).replace("_", "-")
    return f"mj_{kind}_{identity}_{secret}", hashed(secret)


def read_token(token: str, kind: str) -> tuple[str, str] | None:
    """Identity and hashed secret of a token of ``kind``; None for anything else."""
    parts = token.split("_")
    if len(parts) != 4 or parts[0] != "mj" or parts[1] != kind or len(token) > 200:
        return None
    return parts[2], hashed(parts[3])


def hashed(secret: str) -> str:
    """sha256, hex; enough for secrets with 192 bits of chance."""
    return hashlib.sha256(secret.encode()).hexdigest()
