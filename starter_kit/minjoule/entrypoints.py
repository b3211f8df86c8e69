"""Which entrypoint a track's image runs, and on which boundaries it may compete. Server and ``minjoule try`` ask the same rules."""

WEBGPU = "webgpu"
SCHEDULE = "schedule.json"
UNPAID_JAVASCRIPT = "modelled-wgsl"


def refusal(image: str, entrypoint: str) -> str | None:
    """Why an image can't run an entrypoint, with what to do; None where it can."""
    python = entrypoint.endswith(".py")
    if image == WEBGPU and python:
        return (
            f"entry.toml names the entrypoint {entrypoint}, and this track runs in a browser: "
            f"give a JavaScript module such as entry.js, or {SCHEDULE} (`minjoule init --webgpu` makes one)"
        )
    if image != WEBGPU and not python:
        return f"entry.toml names the entrypoint {entrypoint}, and this track runs Python: give a file such as entry.py"
    return None


def competes(entrypoint: str, boundary: str) -> bool:
    """Whether the boundary bills all that the entry does: JavaScript would be free where only WGSL is counted."""
    return boundary != UNPAID_JAVASCRIPT or entrypoint == SCHEDULE
