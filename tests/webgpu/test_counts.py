"""Counts against theory and against an interpreter; overflow; what's refused, and where."""

import pytest

from tests.webgpu import matmul
from tests.webgpu.lab import Lab
from tests.webgpu.programs import Program

pytestmark = pytest.mark.chromium
HEAD = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;\n"


@pytest.mark.parametrize("n", matmul.SIZES)
def test_a_tiled_product_counts_as_theory_says(lab: Lab, n: int) -> None:
    words = [0] * (n * n)
    made = lab.call("count", text=matmul.shader(n), entry="main", buffers={0: words, 1: words, 2: words}, workgroups=[n // 32, n // 32])
    assert {key: int(made["total"][key]) for key in matmul.theory(n)} == matmul.theory(n)


@pytest.mark.parametrize("seed", range(9))
def test_random_programs_count_as_the_interpreter_does(lab: Lab, seed: int) -> None:
    program = {"text": Program(seed).text, "entry": "main", "buffers": {0: list(range(1, 9))}, "workgroups": [2]}
    ours, oracle = lab.call("count", **program), lab.call("interpret", **program)
    assert ours["outputs"] == oracle["outputs"], program["text"]
    total = {key: int(ours["total"].get(f"i32 {key}", 0)) for key in ("add", "mul")}
    assert total == oracle["ops"], program["text"]


SWITCH = (
    HEAD
    + """@compute @workgroup_size(1)
fn main() {
  for (var i = 0u; i < 6u; i++) {
    switch (i) {
      case 0u, 4u: {
        if (out[0] > 100u) { break; }
        out[0] *= 2u;
      }
      case 1u: { continue; }
      default: { out[0] += 1u; }
    }
    out[0] *= 3u;
  }
}
"""
)


@pytest.mark.parametrize(
    ("start", "muls", "adds"),
    [
        (1, 2 + 5, 6 + 7 + 2 + 3),  # both visits of the first case multiply; i++, i < 6, the comparison, the default
        (50, 1 + 5, 6 + 7 + 2 + 3),  # at i = 4 it breaks
        (101, 0 + 5, 6 + 7 + 2 + 3),  # both break
    ],
)
def test_a_switch_in_a_loop_counts_by_its_cases(lab: Lab, start: int, muls: int, adds: int) -> None:
    made = lab.call("count", text=SWITCH, entry="main", buffers={0: [start]}, workgroups=[1])
    assert (made["total"]["i32 mul"], made["total"]["i32 add"]) == (str(muls), str(adds))


def test_counts_carry_into_a_second_word(lab: Lab) -> None:
    text = HEAD + "@compute @workgroup_size(4) fn main() { out[0] = 1u; }"
    made = lab.call("count", text=text, entry="main", buffers={0: [0]}, workgroups=[1], preset=[2**32 - 2, 0])
    assert made["counters"] == [str(2**32 + 2)]


def test_a_counter_that_would_wrap_is_told(lab: Lab) -> None:
    text = HEAD + "@compute @workgroup_size(1) fn main() { for (var i = 0u; i < 3u; i++) { out[0] += 1u; } }"
    made = lab.call("sticky", text=text, entry="main", start=2**31 - 2)
    assert made["overflowed"] == 1
    assert lab.call("sticky", text=text, entry="main", start=5)["overflowed"] == 0


@pytest.mark.parametrize(
    ("text", "key", "count"),
    [
        ("var a: array<u32, 4>; a[out[0]] = 1u;", "indexed", 4),
        ("var a: array<u32, 4>; a[2] = 1u;", "indexed", None),
        ("var v = vec3f(1.0, 2.0, 3.0); v.y = 2.0;", "register", 16),
        ("let m = mat2x2f(); let v = m * vec2f(f32(out[0]), 1.0);", "f32 mul", 4),
        ("let x = exp(f32(out[0]));", "other", 2),
        ("let d = dot(vec3f(f32(out[0])), vec3f(2.0));", "f32 mul", 3),
        ("let d = dot(vec3f(f32(out[0])), vec3f(2.0));", "f32 add", 2),
        ("out[0] = 2u * 3u + 4u;", "i32 mul", None),
        ("out[0] = out[1] / 3u;", "other", 1),
        ("out[0] = out[1] * 3u;", "storage", 8),
        ("let p = &out[1]; *p += 3u;", "storage", 8),
        ("var a: array<u32, 4>; let p = &a[out[0]]; *p = 3u;", "indexed", 4),
    ],
)
def test_a_statement_costs_what_it_moves_and_computes(lab: Lab, text: str, key: str, count: int | None) -> None:
    segments = lab.call("bill", text=f"{HEAD}@compute @workgroup_size(1) fn main() {{ {text} }}")
    assert segments[0]["bill"].get(key) == count


def test_atomics_read_and_write_where_they_point(lab: Lab) -> None:
    text = "var<workgroup> w: atomic<u32>;\n@compute @workgroup_size(1) fn main() { atomicAdd(&w, 1u); let x = atomicLoad(&w); }"
    assert lab.call("bill", text=text)[0]["bill"] == {"workgroup": 12, "i32 add": 1, "register": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fn main() {\n  let x = ;\n}", 'line 2, column 11: ";" stands where an expression is due'),
        ("fn main() {\n  let x = nothing(1);\n}", "line 2, column 11: the function nothing can't be priced"),
        ("enable f16;", "line 1, column 1: enable can't be priced"),
        ("fn f() {}\n\nfn atomicAdd() {}", "line 3, column 1: atomicAdd is WGSL's own name"),
        ("fn main() { var mj_c0 = 1; }", "line 1, column 17: the name mj_c0 is refused"),
        ("@group(1) @binding(0) var<storage> a: array<u32>;\nfn f() {}", "line 1, column 23: a must be in @group(0)"),
        ("@group(0) @binding(0) var t: texture;\nfn f() {}", "line 1, column 30: the type texture can't be priced"),
        ("fn f() {\n/* never", "line 2, column 1: this comment never ends"),
        ("fn f() " + "{" * 500, "nested deeper than 200"),
    ],
)
def test_what_cannot_be_priced_is_refused_with_its_place(lab: Lab, text: str, message: str) -> None:
    with pytest.raises(RuntimeError) as refused:
        lab.call("bill", text=text)
    assert message in str(refused.value)
