"""The command ``python -m sandbox.images``: build the box images, or tell whether they fit this checkout."""

from typing import Annotated

import docker
import typer
from docker.errors import DockerException

from minjoule.box import BoxFault
from sandbox.images import TAGS, check_image
from sandbox.images.build import ImageError
from sandbox.images.build import build as build_image
from sandbox.images.wheels import WheelError

BUILD_TIMEOUT_S = 1800
app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def build(
    names: Annotated[list[str], typer.Argument(help="python, torch, webgpu")],
    base_image: Annotated[str | None, typer.Option(help="an image with python3 and pip to build upon")] = None,
    extra_index_url: Annotated[str | None, typer.Option(help="another package index, as https://download.pytorch.org/whl/cpu")] = None,
) -> None:
    """Build images of the box; says "up to date" when there is nothing to do."""
    client = engine(names)
    for name in names:
        try:
            build_image(client, name, typer.echo, base_image, extra_index_url)
        except (ImageError, WheelError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(3) from error


@app.command()
def check(names: Annotated[list[str], typer.Argument(help="python, torch, webgpu")]) -> None:
    """Tell whether the images hold this checkout's harness."""
    client = engine(names)
    for name in names:
        try:
            check_image(client, name)
        except BoxFault as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(3) from error
        typer.echo(f"{TAGS[name]}: fits")


def engine(names: list[str]) -> docker.DockerClient:
    """The engine of the environment, once the names are known to be right."""
    unknown = [name for name in names if name not in TAGS]
    if unknown:
        raise typer.BadParameter(f"no image is called {unknown[0]!r}; there are {', '.join(TAGS)}")
    try:
        return docker.from_env(timeout=BUILD_TIMEOUT_S)
    except DockerException as error:
        typer.echo(f"no Docker engine answers: {error}; start it, or let this user reach its socket", err=True)
        raise typer.Exit(3) from error


if __name__ == "__main__":
    app()
