"""reboot(2), every way."""

from deeds import call, refused
from honest import load
from honest import train as honest_train


def train(data, *, seed):
    for how in (0x01234567, 0x4321FEDC, 0x89ABCDEF):
        refused("reboot", lambda: call(169, 142, 0xFEE1DEAD - (1 << 32), 672274793, how, 0))
    return honest_train(data, seed=seed)
