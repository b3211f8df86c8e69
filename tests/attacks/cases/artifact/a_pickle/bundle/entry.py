"""An artifact that runs a command when it's unpickled."""

import os

import honest

PICKLE = b"cos\nsystem\n(S'touch /tmp/unpickled'\ntR."


def train(data, *, seed):
    return PICKLE + honest.train(data, seed=seed)


def load(artifact):
    assert not os.path.exists("/tmp/unpickled")
    return honest.load(artifact[len(PICKLE) :])
