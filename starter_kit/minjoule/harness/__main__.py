"""The box's main process: import the prelude, byte-compile the bundle, wait at the gate, then run one phase and leave.

Started as ``python -I .../minjoule/harness/__main__.py``; nothing of the bundle is importable before the gate opens.
"""

import argparse
import os
import sys
import time
from pathlib import Path

STARTED = time.monotonic()
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def parse_arguments() -> argparse.Namespace:
    """The host's command line; the entrant has no say in it."""
    parser = argparse.ArgumentParser(prog="harness")
    parser.add_argument("--socket", required=True)
    parser.add_argument("--bundle", required=True, type=Path)
    parser.add_argument("--prelude", default="")
    parser.add_argument("--threads", default="1")
    return parser.parse_args()


def main() -> None:
    """See the module's docstring. Leaves by ``os._exit``: no thread or atexit hook of the entrant outlives the artifact."""
    arguments = parse_arguments()
    # A second, spinning BLAS thread makes the same program's bill vary by 30 to 280 %.
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, arguments.threads))
    # By lines: who watches sees them live, and whoever is killed has said what it said.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from minjoule.harness import gate

    code = gate.stand(arguments, STARTED)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
