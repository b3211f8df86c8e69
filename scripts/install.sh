#!/bin/sh
# usage: scripts/install.sh FOLDER PYTHON run|dev [uncompiled]     uncompiled: quicker, and the first import of each module slower
# Makes a virtual environment with the locked dependencies, every file checked by its hash, and this checkout in it.
# uv does in seconds what takes pip half a minute (told to compile, as pip does); pip does it where uv has no build.
set -eu
venv=$1 python=$2 lock=requirements/$3.lock
compile=--compile-bytecode
[ "${4:-}" != uncompiled ] || compile=
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
if "$venv/bin/python" -m pip install --quiet --require-hashes -r requirements/uv.lock 2>/dev/null; then
    install="$venv/bin/uv pip install --quiet $compile --python $venv/bin/python"
else
    install="$venv/bin/python -m pip install --quiet"
fi
$install --require-hashes -r "$lock"
$install --no-deps --no-build-isolation -e starter_kit -e .
