"""The server's settings, from the environment (prefix MINJOULE_) or their defaults; the only place that reads it."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.domain.quota import Limits

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Settings(BaseSettings):
    """See docs/operations.md for each."""

    model_config = SettingsConfigDict(env_prefix="MINJOULE_", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:6379/0"
    public_url: str = "http://127.0.0.1:8000"
    bind: str = "127.0.0.1"
    secret_key: str = Field(default="", repr=False)
    session_days: int = 14
    token_days: int = 90
    quota_runs_per_day: int = Field(default=300, ge=1)
    quota_joules_per_day: float = Field(default=3_600_000.0, gt=0, le=1e9, allow_inf_nan=False)
    lineage_runs_per_day: int = Field(default=300, ge=1)
    sign_ups_per_hour: int = Field(default=20, ge=1)
    sign_ins_per_minute: int = Field(default=20, ge=1)
    password_guesses_per_hour: int = Field(default=30, ge=1)
    uploads_per_minute: int = Field(default=60, ge=1)
    body_s: float = Field(default=60.0, gt=0, le=3600)
    log_level: str = "info"

    @property
    def database(self) -> str:
        """SQLAlchemy's URL; SQLite in the data folder unless one is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'minjoule.db'}"

    @property
    def limits(self) -> Limits:
        """Of one person, and of one team, a day."""
        return Limits(self.quota_runs_per_day, round(self.quota_joules_per_day * 1e6))

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine reaches us, by the public address and by what we listen at: else no unsandboxed host may judge."""
        return (urlsplit(self.public_url).hostname or "") in LOOPBACK and self.bind in LOOPBACK

    @property
    def https(self) -> bool:
        """Whether browsers reach us by HTTPS: then cookies are Secure."""
        return self.public_url.startswith("https://")

    def instance_secret(self) -> bytes:
        """The secret that draws instances; made once and kept in the data folder unless it's set."""
        if self.secret_key:
            return self.secret_key.encode()
        return kept(self.data_dir / "secret.key").encode()

    def signing_key(self) -> bytes:
        """The private ed25519 key under every run's receipt, 32 bytes; made once and kept in the data folder."""
        return bytes.fromhex(kept(self.data_dir / "signing.key"))


def kept(path: Path) -> str:
    """64 random hexadecimal digits, made once and readable by this user alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(fresh)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def load_settings() -> Settings:
    """Settings from the environment."""
    return Settings()
