"""A path that climbs out."""

from tests.attacks.corpus import zip_of


def build():
    return zip_of({"entry.py": b"", "../../etc/cron.d/x": b"x"}, "Names")
