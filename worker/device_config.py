"""Which device this host judges on, if any: ``device.toml`` in the worker's data folder, left by ``enrol --device`` or written by hand.

url = "http://127.0.0.1:9222"   # the browser's DevTools endpoint, from here
battery = "watched"             # or "none": it's taken out or bypassed, on the organizer's word
adb = ""                        # the phone's serial number for adb, which then tells of the battery; empty without adb
"""

import hashlib
import json
import tempfile
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from minjoule.box import BoxFault

FILE = "device.toml"
LOCK = "host.lock"
HOW = "See docs/device-host.md for this file"


class DeviceConfig(BaseModel):
    """See the module's docstring. ``adb_program`` is how adb is started."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^https?://[^/\s]+/?$")
    battery: Literal["watched", "none"] = "watched"
    adb: str = Field(default="", pattern=r"^[A-Za-z0-9._:-]*$")
    adb_program: str = "adb"

    @field_validator("url")
    @classmethod
    def leads_somewhere(cls, url: str) -> str:
        """Raises ValueError without a host, or where the port isn't one."""
        parts = urlsplit(url)
        if not parts.hostname or parts.port == 0:
            raise ValueError("HOST:PORT is due")
        return url


def load_device(data_dir: Path) -> DeviceConfig | None:
    """The host's device; None where it judges on its own machine. Raises BoxFault where the file is damaged."""
    file = data_dir / FILE
    try:
        return DeviceConfig.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        detail = f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        detail = f"{file} can't be read as TOML: {error}"
    raise BoxFault(f"{detail}. {HOW}")


def device_config(url: str, battery: str, adb: str) -> DeviceConfig:
    """Of a command line's words. Raises BoxFault with what is due."""
    try:
        return DeviceConfig.model_validate({"url": url, "battery": battery, "adb": adb})
    except ValidationError as error:
        first = error.errors()[0]
        due = {
            "url": "http://HOST:PORT, the browser's DevTools endpoint",
            "battery": "watched or none",
            "adb": "a serial number of `adb devices`",
        }
        name = str(first["loc"][0])
        raise BoxFault(f"--{'device' if name == 'url' else name} {str(first['input'])[:100]!r}: {due[name]} is due") from None


def lock_path(data_dir: Path, config: DeviceConfig | None) -> Path:
    """The lock that lets one process at a time use what judges here: this machine's part, or a device, whoever's data folder names it."""
    if config is None:
        return data_dir / LOCK
    name = hashlib.sha256(config.url.rstrip("/").encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"minjoule-device-{name}.lock"


def store_device(data_dir: Path, config: DeviceConfig) -> None:
    """Write the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in config.model_dump(exclude_defaults=True).items())
    (data_dir / FILE).write_text("".join(lines), encoding="utf-8")
