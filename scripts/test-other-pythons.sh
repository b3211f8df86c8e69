#!/bin/sh
# usage: scripts/test-other-pythons.sh PYTHON     Tests what depends on the Python on every supported one but PYTHON.
# Sandboxes, browser, attacks and whole stacks are tested once: a box has its image's Python anyway.
set -eu
main=$("$1" -c "import sys; print('%d.%d' % sys.version_info[:2])")
tested=$main
processes=$(($(nproc) * 2 < 8 ? $(nproc) * 2 : 8)) # half of their time these tests wait
for python in $(sh scripts/pythons.sh); do
    version=$("$python" -c "import sys; print('%d.%d' % sys.version_info[:2])")
    [ "$version" = "$main" ] && continue
    echo "testing on Python $version"
    sh scripts/install.sh ".venv-$version" "$python" dev uncompiled
    # SQLite alone: what PostgreSQL makes of a statement doesn't depend on the Python.
    ".venv-$version/bin/python" -m pytest -q -n "$processes" --dist loadfile -k "not postgres" tests/unit tests/integration/api tests/integration/pages \
        tests/integration/queue tests/integration/trial tests/integration/test_migrations.py
    tested="$tested $version"
done
echo "tested on Python $tested; supported are 3.11 3.12 3.13 (missing ones: pyenv install, or your distribution's packages)"
