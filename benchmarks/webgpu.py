"""WebGPU, modelled: how exact the counters are, and what they cost on the software adapter."""

from benchmarks.result import Figure
from tests.webgpu import matmul
from tests.webgpu.lab import Lab

TIMED = 256
ROUNDS = 15


def measure_count_error(lab: Lab) -> float:
    """The largest relative error against theory, of all counts and sizes of a tiled matrix product."""
    errors = []
    for n in matmul.SIZES:
        words = [0] * (n * n)
        made = lab.call("count", text=matmul.shader(n), entry="main", buffers={0: words, 1: words, 2: words}, workgroups=[n // 32, n // 32])
        errors += [abs(int(made["total"][key]) - due) / due for key, due in matmul.theory(n).items()]
    return max(errors)


def measure_slowdown(lab: Lab) -> float:
    """Least time with counters over least time without, less one; by turns, so that the machine's load hits both."""
    shader, size = matmul.shader(TIMED), [TIMED**2] * 3
    least = lab.call("slowdown", text=shader, entry="main", words=size, workgroups=[TIMED // 32, TIMED // 32], rounds=ROUNDS)
    return float(least["counted"] / least["plain"] - 1)


def measure() -> list[Figure]:
    """Every figure."""
    with Lab() as lab:
        return [
            Figure("wgsl_count_error", measure_count_error(lab), "fraction", "<= 0"),
            Figure("wgsl_counter_slowdown", measure_slowdown(lab), "fraction", "<= 0.25"),
        ]
