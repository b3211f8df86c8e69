"""The command's entry: subcommands, and which error ends with which exit code."""

import contextlib
import os
import sys

import typer

from minjoule.box import BoxFault
from minjoule.bundle import BundleError
from minjoule.cli import account, entry, look, verify
from minjoule.client import AddressError, CredentialsError, RefusedError, UnreachableError
from minjoule.manifest import ManifestError
from minjoule.meter import MeterFault
from minjoule.tracks import TrackError

DONE, ENTRY, USAGE, OURS = 0, 1, 2, 3
app = typer.Typer(help="Train a model with the least energy.", no_args_is_help=True, pretty_exceptions_enable=False)
for module in (entry, account, look, verify):
    for command in module.COMMANDS:
        app.command(name=command.__name__.rstrip("_"))(command)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed_version

    typer.echo(f"minjoule {installed_version('minjoule')}")


def main() -> None:
    """Run the command and be gone: whoever tries an entry needn't wait until Python has put numpy away."""
    try:
        run()
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        with contextlib.suppress(BrokenPipeError):  # a reader that had enough, such as head
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(end.code)


def run() -> None:
    """Every error that we know ends with a sentence and its exit code."""
    try:
        app()
    except (BundleError, ManifestError) as error:
        leave(str(error), ENTRY)
    except RefusedError as error:
        leave(str(error), ENTRY if error.status in (413, 422) else USAGE)
    except (AddressError, CredentialsError, TrackError) as error:
        leave(str(error), USAGE)
    except (UnreachableError, BoxFault, MeterFault) as error:
        leave(str(error), OURS)
    except Exception as error:
        from minjoule.problems.datasets import DatasetError  # here, for it imports numpy

        if not isinstance(error, DatasetError):
            raise
        leave(str(error), OURS)


def leave(message: str, code: int) -> None:
    """Say it on standard error and leave."""
    typer.echo(f"minjoule: {message}", err=True)
    sys.exit(code)
