"""The worker's settings, from the environment (prefix MINJOULE_WORKER_) and the credentials that enrolment left."""

import json
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """See docs/operations.md for each, and docs/measurement.md for those of meters and windows."""

    model_config = SettingsConfigDict(env_prefix="MINJOULE_WORKER_", extra="ignore")

    data_dir: Path = Path("var/worker")
    redis_url: str = "redis://127.0.0.1:6379/0"
    box: Literal["docker", "local"] = "docker"
    runtime: Literal["", "runsc"] = ""
    gpu: str = ""
    gpu_scrub: str = ""
    powercap_root: Path = Path("/sys/class/powercap")
    meters_file: Path | None = None
    promises_gpu: bool = False  # until 0010 a worker promised; whoever still has it set is told
    idle_s: float = Field(default=60.0, ge=0, le=3600)
    sample_s: float = Field(default=0.1, gt=0, le=1)
    tail_s: float = Field(default=60.0, ge=0, le=3600)
    control_s: float = Field(default=10.0, ge=0.1, le=600)
    control_every: int = Field(default=50, ge=0, le=100_000)
    rated_w: float | None = Field(default=None, gt=0, le=20_000)
    log_level: str = "info"

    @property
    def credentials_path(self) -> Path:
        """Where enrolment leaves the host's token, readable by its owner alone."""
        return self.data_dir / "host.json"

    @property
    def key_path(self) -> Path:
        """The key that this host signs its records with."""
        return self.data_dir / "host.key"

    @property
    def quarantine_path(self) -> Path:
        """Why this host may judge nothing until somebody has looked; missing while it may."""
        return self.data_dir / "quarantined"

    @property
    def calibration_path(self) -> Path:
        """The history of this host's calibrations, a JSON line each."""
        return self.data_dir / "calibrations.jsonl"


class Credentials(BaseModel):
    """What enrolment gave this host."""

    server: str
    host_class: str
    boundary: str
    unsandboxed: bool
    token: str
    promises_gpu: bool = False
    queue_user: str | None = None
    queue_password: str | None = None

    def queue_url(self, redis_url: str) -> str:
        """The queue's address as this host's own user; as configured where enrolment gave none."""
        if self.queue_user is None:
            return redis_url
        parts = urlsplit(redis_url)
        return parts._replace(netloc=f"{self.queue_user}:{self.queue_password}@{parts.netloc.rpartition('@')[2]}").geturl()


class NotEnrolledError(Exception):
    """This machine isn't a host yet."""


def load_credentials(settings: WorkerSettings) -> Credentials:
    """Raises NotEnrolledError."""
    try:
        return Credentials.model_validate(json.loads(settings.credentials_path.read_text()))
    except FileNotFoundError:
        how = "ask an organizer for a code and run `python -m worker enrol --server URL --code CODE --name NAME`"
        raise NotEnrolledError(f"no credentials in {settings.credentials_path}: {how}") from None


def store_credentials(settings: WorkerSettings, credentials: Credentials) -> None:
    """Write the token where only this user reads it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.credentials_path.touch(mode=0o600)
    settings.credentials_path.chmod(0o600)  # one that was there may be open to all
    settings.credentials_path.write_text(credentials.model_dump_json())
