"""The ``minjoule`` command. Exit codes: 0 done, 1 your entry's fault, 2 usage, 3 ours."""

from minjoule.cli.main import main

__all__ = ["main"]
