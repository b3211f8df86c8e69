"""How figures look in a terminal. No meaning is decided here."""

from typing import Any


def joules(value: float | None) -> str:
    """Three significant digits with a unit."""
    if value is None:
        return "-"
    for factor, unit in ((1e6, "MJ"), (1e3, "kJ"), (1, "J"), (1e-3, "mJ"), (1e-6, "uJ")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}" if value / factor < 999.5 else f"{value / factor:.0f} {unit}"
    return f"{value:.3g} J"


def loss(value: float | None) -> str:
    """Four decimals."""
    return "-" if value is None else f"{value:.4f}"


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
        return f"run {run['index'] + 1}: {at.get('phase', 'starting')}{share} on {at.get('host', '?')}, {so_far} so far"
    if run["state"] == "VOID":
        return f"run {run['index'] + 1}: void: {run['message']}"
    said = f" ({run['message']})" if run["message"] else ""
    return f"run {run['index'] + 1}: {run['outcome']}, loss {loss(run['loss'])} {run['unit']}, {joules(run['energy_j'])}{said}"
