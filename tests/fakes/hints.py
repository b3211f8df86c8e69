"""Hints that are remembered instead of sent."""


class FakeHints:
    """Stateful stand-in for ``server.queue.CeleryHints``."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.boards = 0

    def run_waits(self, host_class: str) -> None:
        self.classes.append(host_class)

    def board_stale(self) -> None:
        self.boards += 1
