// Walsh search: the parity of the secret triple is the one that differs least from the labels. 256 rows are packed into columns
// of bits, so that a triple takes eight words; one workgroup tries all 41,664.
const BITS = 64u;
const ROWS = 256u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> y: array<u32>;
@group(0) @binding(2) var<storage, read_write> rule: array<u32>;
@group(0) @binding(3) var<storage, read> shape: array<u32>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;

var<workgroup> columns: array<vec4u, 128>; // two for each bit
var<workgroup> told: array<u32, 8>;
var<workgroup> best: atomic<u32>;

fn column(bit: u32, word: u32) -> u32 {
  var packed = 0u;
  for (var n = 0u; n < 32u; n++) { packed |= x[(word * 32u + n) * BITS + bit] << n; }
  return packed;
}

fn differing(a: vec4u) -> u32 {
  let n = countOneBits(a);
  return n.x + n.y + n.z + n.w;
}

@compute @workgroup_size(64)
fn search(@builtin(local_invocation_index) j: u32) {
  columns[2u * j] = vec4u(column(j, 0u), column(j, 1u), column(j, 2u), column(j, 3u));
  columns[2u * j + 1u] = vec4u(column(j, 4u), column(j, 5u), column(j, 6u), column(j, 7u));
  if (j < 8u) {
    var packed = 0u;
    for (var n = 0u; n < 32u; n++) { packed |= y[j * 32u + n] << n; }
    told[j] = packed;
  }
  workgroupBarrier();
  let first = columns[2u * j] ^ vec4u(told[0], told[1], told[2], told[3]);
  let second = columns[2u * j + 1u] ^ vec4u(told[4], told[5], told[6], told[7]);
  var most = 0u; // the rows that agree, then the triple
  for (var i = 0u; i < j; i++) {
    let a = first ^ columns[2u * i];
    let b = second ^ columns[2u * i + 1u];
    for (var k = j + 1u; k < BITS; k++) {
      let agree = ROWS - differing(a ^ columns[2u * k]) - differing(b ^ columns[2u * k + 1u]);
      most = max(most, (agree << 18u) | (i << 12u) | (j << 6u) | k);
    }
  }
  atomicMax(&best, most);
  workgroupBarrier();
  if (j == 0u) { rule[0] = atomicLoad(&best); }
}

@compute @workgroup_size(64)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape[3]) { return; }
  let found = rule[0];
  let row = id.x * BITS;
  let odd = x[row + ((found >> 12u) & 63u)] ^ x[row + ((found >> 6u) & 63u)] ^ x[row + (found & 63u)];
  let sure = select(-4.0, 4.0, odd == 1u);
  logits[2u * id.x] = -sure;
  logits[2u * id.x + 1u] = sure;
}
