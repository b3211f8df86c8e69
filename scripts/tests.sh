#!/bin/sh
# usage: scripts/tests.sh PYTHON     Every test: side by side, one process a core, four at most (with more, tests of meters starve), then the attacks.
set -eu
place=$(mktemp -d /tmp/mj.XXXXXX) # short: a box's socket has a path below it, and such a path has at most 107 characters
trap 'rm -rf "$place"' EXIT
"$1" -m pytest -n "$(($(nproc) < 4 ? $(nproc) : 4))" --dist loadfile --no-loadscope-reorder --basetemp "$place/t" --ignore tests/attacks
"$1" -m pytest -n 2 --dist worksteal --basetemp "$place/a" tests/attacks # two platforms, each under its half of the attacks
