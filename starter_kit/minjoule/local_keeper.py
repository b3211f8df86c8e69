"""Keeper of a local box: a process of its own that adopts every orphan of the harness, kills on demand, and accounts.

Started as ``python -I -S local_keeper.py REPORT_FD DATA_BYTES command...``. SIGTERM, or the end of standard input,
kills whatever is left. When no descendant is
alive it writes one JSON line to REPORT_FD and leaves. Linux only (child subreaper).
It imports little: whoever tries an entry waits for it.
"""

import _thread
import ctypes
import os
import resource
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36
AGAIN_S = 0.005
SIGNALS = (signal.SIGTERM, signal.SIGALRM, signal.SIGINT)


def descendants(root: int) -> list[int]:
    """Every living descendant of ``root``, by the kernel's children lists."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
            lists = [read(f"/proc/{parent}/task/{task}/children") for task in tasks]
        except OSError:  # it left while we looked
            continue
        children = [int(pid) for text in lists for pid in text.split()]
        found += children
        waiting += children
    return found


def read(path: str) -> str:
    """A small file of the kernel's. Raises OSError."""
    with open(path) as file:
        return file.read()


def kill_all(*_: object) -> None:
    """SIGKILL to every descendant, and again in a moment: a fork that raced the scan dies at the next.

    The timer is set anew when a scan is through: on a busy machine one that ticks by itself would interrupt every scan by another.
    """
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    signal.setitimer(signal.ITIMER_REAL, AGAIN_S)


def end_with_the_host() -> None:
    """Standard input is a pipe that the host holds: its end means that the host is gone.

    (PR_SET_PDEATHSIG would follow the thread that started us, not the process.)
    Signals are the main thread's: one that landed here wouldn't wake it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the command, reap everything, report."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report = int(sys.argv[1])

    signal.signal(signal.SIGTERM, kill_all)
    signal.signal(signal.SIGALRM, kill_all)
    resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]),) * 2)
    os.set_inheritable(report, False)
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    harness = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ, file_actions=[nothing], setsid=True, setsigdef=SIGNALS)
    _thread.start_new_thread(end_with_the_host, ())
    status = 0
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            break
        if pid == harness:
            status = ended
    signal.signal(signal.SIGALRM, signal.SIG_IGN)  # a tick after this would kill us before we have said it
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_ns = round((usage.ru_utime + usage.ru_stime) * 1e9)
    os.write(report, f'{{"exit_code": {os.waitstatus_to_exitcode(status)}, "cpu_ns": {cpu_ns}}}\n'.encode())


if __name__ == "__main__":
    main()
