"""The app's own routes, as (method, path) pairs."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every route; HEAD and OPTIONS follow from GET. A mount counts as one."""
    yield from walk(app.routes)


def walk(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield "GET", f"{route.path}/{{path}}"
        elif hasattr(route, "original_router"):  # FastAPI includes routers lazily
            yield from walk(route.original_router.routes, prefix + route.include_context.prefix)
        elif hasattr(route, "methods") and hasattr(route, "path"):
            for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                yield method, prefix + getattr(route, "path_format", route.path)
        else:
            raise TypeError(f"a kind of route that this walk doesn't know: {route!r}")
