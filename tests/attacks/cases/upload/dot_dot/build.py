"""A path that climbs out."""

from tests.attacks.grounds import PYTHON


def build():
    return PYTHON.zipped({"entry.py": b"", "../../etc/cron.d/x": b"x"}, "Names")
