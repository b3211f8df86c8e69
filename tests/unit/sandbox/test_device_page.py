"""What a page sends is acknowledged by what its relay counts it for, or it would fall silent once it has sent many small messages."""

import base64
import re
from typing import Any

from sandbox.device import page as device_page
from sandbox.device.origin import Origin
from sandbox.device.page import PIECE_COSTS, Page

RELAY = (device_page.HERE / "relay.js").read_text()


class Asked:
    """A connection that keeps what it's asked."""

    gone = None

    def __init__(self) -> None:
        self.acknowledged = 0

    def ask(self, method: str, parameters: dict[str, Any], session: str = "") -> None:
        assert method == "Runtime.callFunctionOn"
        assert "minjouleTaken" in parameters["functionDeclaration"]
        self.acknowledged += parameters["arguments"][0]["value"]


def constant(name: str) -> int:
    """Of relay.js, as a product or a shift."""
    found = re.search(rf"\b{name} = (\d+)(?: << (\d+))?", RELAY)
    assert found is not None
    return int(found[1]) << int(found[2] or 0)


def test_the_relay_counts_a_piece_as_we_do() -> None:
    assert constant("PIECE_COSTS") == PIECE_COSTS
    assert "ahead += piece.length + PIECE_COSTS;" in RELAY


def test_more_small_messages_than_go_ahead_are_all_acknowledged() -> None:
    asked = Asked()
    page, said = Page(asked, Origin(), own_context=True), b"\x07x"  # type: ignore[arg-type]
    messages = constant("AHEAD") // PIECE_COSTS + 1000
    owed = 0
    for _ in range(messages):
        page._inbox.put("." + base64.b64encode(said).decode())
        assert page.receive() == (7, b"x")
        owed += len(said) + PIECE_COSTS
        assert owed - asked.acknowledged <= device_page.ACKNOWLEDGED_BYTES
    assert owed > constant("AHEAD")
