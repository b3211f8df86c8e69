#!/bin/sh
# Prints a path for each supported Python that works on this machine, one a line: from the PATH, else from pyenv.
for version in 3.11 3.12 3.13; do
    for python in "$(command -v python$version)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/$version*/bin/python; do
        if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" >/dev/null 2>&1; then
            echo "$python"
            break
        fi
    done
done
