"""A network namespace with one link to this machine, which can be pulled: what is sent then is lost, and nobody is told."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.conftest import lacking


def ip(*words: str) -> None:
    """iproute2. Fails as it does."""
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@dataclass(frozen=True)
class Namespace:
    """``address`` is this machine's end of the link, ``into`` what a command begins with that runs on the other side."""

    name: str
    link: str
    address: str

    @property
    def into(self) -> list[str]:
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Pull the link."""
        ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Put it back."""
        ip("link", "set", self.link, "up")


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A fresh one. Skips, or fails where it's required, if this machine can't."""
    token = secrets.token_hex(3)
    made = Namespace(f"mj-{token}", f"mj{token}a", f"10.231.{int(token[:2], 16)}.{4 * (int(token[2:4], 16) // 4) + 1}")
    if os.geteuid() != 0 or shutil.which("ip") is None:
        lacking("root", "a network namespace needs root and iproute2")
    far, subnet = f"mj{token}b", made.address.rpartition(".")[0]
    other = f"{subnet}.{int(made.address.rpartition('.')[2]) + 1}"
    try:
        ip("netns", "add", made.name)
    except subprocess.CalledProcessError as error:
        lacking("root", f"no network namespace here: {error.stderr.strip()}")
    try:
        ip("link", "add", made.link, "type", "veth", "peer", "name", far)
        ip("link", "set", far, "netns", made.name)
        ip("address", "add", f"{made.address}/30", "dev", made.link)
        ip("link", "set", made.link, "up")
        for words in (["address", "add", f"{other}/30", "dev", far], ["link", "set", far, "up"], ["link", "set", "lo", "up"]):
            ip("-n", made.name, *words)
        yield made
    finally:
        ip("netns", "del", made.name)
        subprocess.run(["ip", "link", "del", made.link], check=False, capture_output=True)  # it goes with its peer, some time later
