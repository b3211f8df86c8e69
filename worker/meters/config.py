"""The meters' file: which instruments this host has, where they answer and what they stand behind. TOML, a ``[[meter]]`` each.

Without a file a host has what its own hardware brings: NVML and RAPL. Whatever the file names must be there: a meter that's
configured and absent stops the worker, it doesn't fall back to another.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from minjoule.meter import MeterFault, Reason

HOW = "See docs/measurement.md for the meters' file"
Wall = Literal["node-wall", "device-wall"]


class MeterConfig(BaseModel):
    """What every kind may say."""

    model_config = ConfigDict(extra="forbid")

    certificate: Path | None = None


class NvmlConfig(MeterConfig):
    """GPU boards; ``gpus`` are UUIDs, none for all."""

    kind: Literal["nvml"] = "nvml"
    gpus: tuple[str, ...] = ()


class AmdsmiConfig(MeterConfig):
    """AMD's boards; ``gpus`` are UUIDs, none for all."""

    kind: Literal["amdsmi"] = "amdsmi"
    gpus: tuple[str, ...] = ()


class RaplConfig(MeterConfig):
    """CPU packages."""

    kind: Literal["rapl"] = "rapl"


class PlugConfig(MeterConfig):
    """A plug over HTTP. ``device`` is its MAC address; ``password_file`` holds its password alone."""

    kind: Literal["shelly", "tasmota"]
    boundary: Wall
    address: HttpUrl
    device: str
    outlet: int = Field(default=0, ge=0)
    user: str = "admin"
    password_file: Path | None = None


class SnmpConfig(MeterConfig):
    """An outlet of a rack PDU. ``device`` is the PDU's sysName."""

    kind: Literal["snmp"]
    boundary: Wall
    host: str
    outlet: int = Field(ge=0)
    device: str
    port: int = Field(default=161, ge=1, le=65535)
    community: str = "public"
    oid: str | None = Field(default=None, pattern=r"^\d+(\.\d+)+$")


class CsvConfig(MeterConfig):
    """A lab meter's growing record."""

    kind: Literal["csv"]
    boundary: Wall
    file: Path
    offset_s: float = 0.0
    delta_s: float = Field(default=0.0, ge=0)


class ReplayConfig(MeterConfig):
    """A stored trace, shown beside the bill to rehearse; never billed."""

    kind: Literal["replay"]
    file: Path
    window: str = "train"


AnyConfig = NvmlConfig | AmdsmiConfig | RaplConfig | PlugConfig | SnmpConfig | CsvConfig | ReplayConfig


class MetersFile(BaseModel):
    """The file. ``certificate_keys`` are the laboratories' public keys (ed25519, hex) that are believed."""

    model_config = ConfigDict(extra="forbid")

    certificate_keys: tuple[str, ...] = ()
    meter: tuple[Annotated[AnyConfig, Field(discriminator="kind")], ...] = ()


def load_meters(file: Path | None) -> MetersFile:
    """The file as a value; an empty one where there's none. Raises MeterFault (MISCONFIGURED)."""
    if file is None:
        return MetersFile()
    try:
        return MetersFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        detail = f"{file}: {where}: {first['msg']} (and {error.error_count() - 1} more)"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        detail = f"{file} can't be read as TOML: {error}"
    raise MeterFault(detail, Reason.MISCONFIGURED, HOW)


def read_password(file: Path | None) -> str:
    """The password in a file, without the line's end. Raises MeterFault."""
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MeterFault(f"the password file {file} can't be read: {error}", Reason.MISCONFIGURED, HOW) from None
