"""A tiled matrix product, and what theory says it moves and computes."""

SHADER = """
const N = {n}u;
const QUARTER = {quarter}u;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
var<workgroup> left: array<array<f32, 32>, 32>;
var<workgroup> right: array<array<vec4f, 8>, 32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) at: vec3u) {{
  let row = group.y * 32u + at.y * 4u;
  let column = group.x * 8u + at.x;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var t = 0u; t < QUARTER; t += 8u) {{
    for (var i = 0u; i < 4u; i++) {{
      let v = a[(row + i) * QUARTER + t + at.x];
      left[at.y * 4u + i][at.x * 4u] = v.x;
      left[at.y * 4u + i][at.x * 4u + 1u] = v.y;
      left[at.y * 4u + i][at.x * 4u + 2u] = v.z;
      left[at.y * 4u + i][at.x * 4u + 3u] = v.w;
      right[at.y * 4u + i][at.x] = b[(t * 4u + at.y * 4u + i) * QUARTER + column];
    }}
    workgroupBarrier();
    for (var k = 0u; k < 32u; k++) {{
      let q = right[k][at.x];
      s0 += left[at.y * 4u][k] * q;
      s1 += left[at.y * 4u + 1u][k] * q;
      s2 += left[at.y * 4u + 2u][k] * q;
      s3 += left[at.y * 4u + 3u][k] * q;
    }}
    workgroupBarrier();
  }}
  c[row * QUARTER + column] = s0;
  c[(row + 1u) * QUARTER + column] = s1;
  c[(row + 2u) * QUARTER + column] = s2;
  c[(row + 3u) * QUARTER + column] = s3;
}}
"""
SIZES = (32, 256, 512)


def shader(n: int) -> str:
    """The product of two n x n matrices in tiles of 32; n is a multiple of 32."""
    return SHADER.format(n=n, quarter=n // 4)


def theory(n: int) -> dict[str, int]:
    """By hand: n^3 products and sums; both matrices read n / 32 times, the result written once; what's in workgroup memory.

    There, each tile is written once for every time it's read from storage, and each of n^3 / 16 inner turns of an invocation
    reads four words of the left tile and four of the right.
    """
    tiled = 2 * n * n * 4 * (n // 32)
    return {"f32 mul": n**3, "f32 add": n**3, "storage": tiled + 4 * n * n, "workgroup": tiled + n**3 // 16 * 32}
