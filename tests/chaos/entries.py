"""Tiny entries whose outcome and loss follow from instance and seed alone, so that an undisturbed replay must give the same."""

import random
from dataclasses import asdict, dataclass

from minjoule.bundle import Bundle

SLUG = "chaos"
TRACK = """
slug = "chaos"
title = "Chaos"
summary = "Entries for fault injection."
description = "One run an entry; nothing to learn."
problem = "parity"
unit = "bits per label"
target_loss = 1.05
sigma = 0.005
runs = 1
rules_version = 1
boundaries = ["modelled-cpu-time"]
image = "python"
prelude = []
source_xz_bytes = 3000
tutorial = true

[caps]
wall_s = 30
cpu_s = 30
score_wall_s = 30
score_cpu_s = 30
memory_bytes = 536870912
tmp_bytes = 16777216
pids = 64
log_bytes = 4096
artifact_bytes = 1000
"""
CODE = """
import time
import numpy as np


def train(data, *, seed):
    until = time.process_time() + {burn_s}
    while time.process_time() < until:
        pass
    time.sleep({sleep_s})
    print("entry {number}")
    {last}


class Model:
    def __init__(self, bias):
        self.bias = bias

    def reset(self, streams):
        pass

    def predict(self, inputs):
        time.sleep({score_sleep_s})
        return np.tile(np.array([0.0, self.bias], np.float32), (len(inputs), 1))


def load(artifact):
    time.sleep({load_sleep_s})
    return Model(float(artifact))
"""
MANIFEST = 'name = "{kind} {number}"\ntrack = "chaos"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "{kind}"\n'


@dataclass(frozen=True)
class Kind:
    """What an entry of this kind does. ``share`` is how many of 100 are of it."""

    share: int
    last: str
    burn_s: float = 0.0
    sleep_s: float = 0.0
    score_sleep_s: float = 0.0
    load_sleep_s: float = 0.0


KINDS = {
    "light": Kind(50, 'return b"%.9f" % (seed % 1000 / 4000)'),
    "heavy": Kind(8, 'return b"%.9f" % (seed % 1000 / 4000)', burn_s=0.25),
    "slow": Kind(12, 'return b"%.9f" % (seed % 1000 / 4000)', sleep_s=0.6),
    "slow to score": Kind(8, 'return b"%.9f" % (seed % 1000 / 4000)', score_sleep_s=0.4),
    "wrong": Kind(14, 'return b"%.9f" % (3 + seed % 1000 / 1000)'),
    "crash": Kind(4, 'raise RuntimeError("on purpose")'),
    "no artifact": Kind(4, "return None"),
    # never drawn: for a fault whose place matters, in a phase that lasts some heartbeats
    "long": Kind(0, 'return b"%.9f" % (seed % 1000 / 4000)', sleep_s=4.0),
    "long to score": Kind(0, 'return b"%.9f" % (seed % 1000 / 4000)', load_sleep_s=4.0),
}


def entry(kind: str, number: int, *, salt: int = 0) -> Bundle:
    """One entry; number and salt make it a submission of its own."""
    what = KINDS[kind]
    code = CODE.format(**asdict(what), number=f"{number} of {salt}")
    files = {"entry.toml": MANIFEST.format(kind=kind, number=number), "entry.py": code}
    return Bundle({path: text.encode() for path, text in files.items()})


def entries(seed: int, count: int) -> list[tuple[str, Bundle]]:
    """``count`` of them, with their kinds, drawn by ``seed``."""
    draw = random.Random(seed)
    kinds = draw.choices(list(KINDS), [kind.share for kind in KINDS.values()], k=count)
    return [(kind, entry(kind, number, salt=seed)) for number, kind in enumerate(kinds)]
