"""Pages: the Jinja environment, how figures look, and the error page."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.domain.quota import up_to_second

UNAUTHORIZED = 401
HOME_PATH = "/me"
ROOT = Path(__file__).parents[1]
FORMULA = ("=", "+", "-", "@", "\t")
UNITS = ((1e6, "MJ"), (1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"))


def joules(value: float | None) -> str:
    """Three significant digits with an SI unit."""
    if value is None:
        return "–"
    for factor, unit in UNITS:
        if value >= factor:
            shown = value / factor
            return f"{shown:.0f} {unit}" if shown >= 99.95 else f"{shown:.3g} {unit}"
    return "0 J" if value == 0 else f"{value:.2g} J"


def bits(value: float | None) -> str:
    """A loss."""
    return "–" if value is None else f"{value:.4f}"


def instant(value: dt.datetime | None) -> str:
    """UTC to the second."""
    return "–" if value is None else f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def later(value: dt.datetime) -> str:
    """UTC, up to the next second: whoever waits until what they read isn't a moment too early."""
    return instant(up_to_second(value))


def csv_table(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A line a row. A text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = [row[name] for name in names]
        writer.writerow(f"'{each}" if isinstance(each, str) and each[:1] in FORMULA else each for each in values)
    return out.getvalue()


def share(part: float | None, whole: float | None) -> int:
    """Percent, whole."""
    return round(100 * part / whole) if part is not None and whole else 0


def seconds(value: float | None) -> str:
    """A length of time, three significant digits."""
    return "–" if value is None else f"{value:.0f} s" if value >= 100 else f"{value:.3g} s"


def safe_next(asked: str) -> str:
    """Where a reader returns to after signing in: a path of this site, or the own page. Whatever could lead elsewhere is dropped."""
    own = asked.startswith("/") and not asked.startswith(("//", "/sign-")) and "\\" not in asked
    return asked if own and len(asked) <= 300 and asked.isascii() and asked.isprintable() and " " not in asked else HOME_PATH


def sign_in_address(asked: str) -> str:
    """The sign-in page that leads back to ``asked``."""
    back = safe_next(asked)
    return "/sign-in" if back == HOME_PATH else f"/sign-in?next={quote(back, safe='/')}"


def environment() -> Environment:
    """Autoescape on, undefined names are errors."""
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"joules": joules, "bits": bits, "instant": instant, "later": later, "seconds": seconds}
    made.globals |= {"share": share}
    return made


PAGES = environment()


def page(template: str, viewer: Any, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A rendered page for whoever looks (``viewer``: a Participant or None)."""
    return HTMLResponse(PAGES.get_template(template).render(viewer=viewer, **values), status)


def error_page(request: Request, status: int, message: str, hint: str) -> Response:
    """What went wrong, and what to do; who only has to sign in is sent there."""
    if status == UNAUTHORIZED and request.method == "GET" and "authorization" not in request.headers:
        return RedirectResponse(sign_in_address(request.url.path), 303)
    return page("error.html", None, status, code=status, message=message, hint=hint)
