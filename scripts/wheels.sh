#!/bin/sh
# Fills deploy/wheels with the locked dependencies, for an image build that reaches no index.
# usage: scripts/wheels.sh [PYTHON]      PYTHON has the image's version (Debian bookworm: 3.11).
set -eu
python=${1:-$(sh scripts/pythons.sh | head -n 1)}
rm -f deploy/wheels/*.whl
lock=$(mktemp)
trap 'rm -f "$lock"' EXIT
sed "s/ ; python_full_version < '3\.11\.[0-9]*'//" requirements/run.lock >"$lock" # Debian's 3.11.2 needs what a later 3.11 doesn't
"$python" -m pip wheel --quiet --disable-pip-version-check --require-hashes --no-deps --wheel-dir deploy/wheels -r "$lock"
echo "deploy/wheels: $(ls deploy/wheels/*.whl | wc -l) wheels"
