"""How figures look in a terminal. No meaning is decided here."""

from datetime import UTC, datetime, timedelta
from typing import Any


def joules(value: float | None) -> str:
    """Three significant digits with a unit."""
    if value is None:
        return "-"
    for factor, unit in ((1e6, "MJ"), (1e3, "kJ"), (1, "J"), (1e-3, "mJ"), (1e-6, "uJ")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}" if value / factor < 999.5 else f"{value / factor:.0f} {unit}"
    return f"{value:.3g} J"


def bill(item: dict[str, Any]) -> str:
    """Joules of a run or an entry, with U where there's one, and what must be said of a model's."""
    value = item.get("energy_j")
    if value is None:
        return "-"
    if item["modelled"]:
        return f"{joules(value)} MODELLED"
    return joules(value) + doubt(item)


def doubt(item: dict[str, Any]) -> str:
    """U (k=2) of a measured figure: absolute, or on its host where the meter is uncalibrated; empty where there's none."""
    absolute, on_host = (in_joules(item, name) for name in ("expanded", "on_host"))
    if absolute is not None:
        return f" +- {joules(absolute)}"
    return "" if on_host is None else f" +- {joules(on_host)} on this host"


def in_joules(item: dict[str, Any], name: str) -> float | None:
    """A figure that a run has in microjoules and an entry in joules."""
    in_uj, in_j = item.get(f"{name}_uj"), item.get(f"{name}_j")
    return float(in_j) if in_j is not None else None if in_uj is None else in_uj / 1e6


def loss(value: float | None) -> str:
    """Four decimals."""
    return "-" if value is None else f"{value:.4f}"


def beside(entry: dict[str, Any]) -> list[str]:
    """An entry's other meters: never ranked."""
    said = []
    for each in entry["meters"]:
        where, mark = "a part of the bill" if each["billed"] else "beside the bill", " MODELLED" if each["modelled"] else ""
        said.append(f"{each['meter']} {joules(each['energy_j'])}{mark} ({where}, mean of {each['runs']} runs, not ranked)")
    return said


def flags(entry: dict[str, Any]) -> list[str]:
    """Why an entry's figures aren't vouched for."""
    said = []
    for each in entry["flags"]:
        runs = f" (runs {', '.join(run['label'] for run in each['runs'])})" if each["runs"] else ""
        said.append(f"FLAGGED{runs}: {each['reason']}")
    return said


def boundary(item: dict[str, Any]) -> str:
    """What the joules cover, and what must be said with them."""
    marks = [item["boundary"]]
    if item["modelled"]:
        marks.append("MODELLED, not measured")
    if item["unsandboxed"]:
        marks.append("UNSANDBOXED")
    return ", ".join(marks)


def run_line(run: dict[str, Any]) -> str:
    """Where a run stands, in a line."""
    if run["state"] == "QUEUED":
        return f"run {run['index'] + 1}: queued, {run['reason']}"
    if run["state"] == "RUNNING":
        at = run["attempt"] or {}
        so_far = joules(at["energy_uj"] / 1e6) if at.get("energy_uj") else "-"
        share = f" {at['progress']:.0%}" if at.get("progress") is not None else ""
        mark = " MODELLED" if run["modelled"] else ""
        return f"run {run['index'] + 1}: {at.get('phase', 'starting')}{share} on {at.get('host', '?')}, {so_far}{mark} so far"
    if run["state"] == "VOID":
        return f"run {run['index'] + 1}: void: {run['message']}"
    said = f" ({run['message']})" if run["message"] else ""
    return f"run {run['index'] + 1}: {run['outcome']}, loss {loss(run['loss'])} {run['unit']}, {bill(run)}{said}"


def quota_line(whose: str, quota: dict[str, Any]) -> str:
    """What was used of a quota, and until when it's spent."""
    runs, spent = (
        f"{quota['runs_used']} of {quota['runs_limit']} runs",
        f"{joules(quota['joules_used'])} of {joules(quota['joules_limit'])}",
    )
    line = f"quota: {whose} used {runs} and {spent} within 24 hours"
    if quota["next_allowed_at"] is None:
        return line
    at = datetime.fromisoformat(quota["next_allowed_at"]) + timedelta(microseconds=999_999)  # never a moment too early
    return f"{line}: spent; the next run is allowed at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
