"""An exception whose text raises."""


class Mute(Exception):
    def __str__(self):
        raise SystemExit(0)


def train(data, *, seed):
    raise Mute
