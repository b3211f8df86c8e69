"""The kernel's 32-bit door (int 0x80): a filter for 64 bits that doesn't look at it is no filter."""

import ctypes
import mmap
import os
import platform

from honest import load
from honest import train as honest_train

CODE = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20 (getpid); int 0x80; ret


def train(data, *, seed):
    if platform.machine() == "x86_64":
        child = os.fork()
        if child == 0:
            memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            memory.write(CODE)
            entry = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            got = ctypes.CFUNCTYPE(ctypes.c_int)(entry)()
            os._exit(7 if got == os.getpid() else 8)
        _, status = os.waitpid(child, 0)
        assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) != 7, "ALLOWED a 32-bit call"
        print(f"32 bits: ended with status {status}")
    return honest_train(data, seed=seed)
