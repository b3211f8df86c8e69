"""The browser box's main process: Chromium up, page, adapter and device there, wait at the gate, relay one phase, leave.

Started as ``python -I .../minjoule/browser_harness/__main__.py``; no byte of the bundle is imported before the gate opens.
"""

import argparse
import os
import sys
import time
from pathlib import Path

STARTED = time.monotonic()


def parse_arguments() -> argparse.Namespace:
    """The host's command line; the entrant has no say in it. ``--prelude`` and ``--threads`` are the Python harness's."""
    parser = argparse.ArgumentParser(prog="browser-harness")
    parser.add_argument("--socket", required=True)
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument("--prelude", default="")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--browser", default="/usr/lib/chromium/chromium")
    return parser.parse_args()


def main() -> None:
    """See the module's docstring. Leaves by ``os._exit``; whoever started the box ends what is left of the browser."""
    arguments = parse_arguments()
    sys.stdout.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from minjoule.browser_harness import gate

    code = gate.stand(arguments, STARTED)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
