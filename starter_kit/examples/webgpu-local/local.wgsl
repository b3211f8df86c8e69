// No back-propagation: the hidden layer learns by a local rule alone (each unit a winner's step towards the input it answers,
// k-means online), stays fixed afterwards, and the readout learns by the delta rule, from what stands at its own synapse.
const FEATURES = 64u;
const UNITS = 128u;
const CLASSES = 10u;
const BATCH = 16u;
const STEPS = 1100.0;
const RATE = 3.0;
const SHARP = 2.2;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<u32>;
@group(0) @binding(2) var<storage, read_write> prototypes: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> lit: array<f32>;
@group(0) @binding(5) var<storage, read_write> error: array<f32>;
@group(0) @binding(6) var<storage, read_write> turn: array<u32>;
@group(0) @binding(7) var<storage, read> seed: array<u32>;
@group(0) @binding(8) var<storage, read> shape: array<u32>;
@group(0) @binding(9) var<storage, read_write> logits: array<f32>;

var<workgroup> asked: array<f32, FEATURES>;
var<workgroup> closeness: array<f32, UNITS>;

fn scrambled(n: u32) -> u32 {
  var v = n * 747796405u + 2891336453u;
  v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
  return (v >> 22u) ^ v;
}

fn row(place: u32) -> u32 {
  return (turn[0] * BATCH + place) % shape[0];
}

// A prototype begins as a training image that the seed draws: Hebb's rule after one look.
@compute @workgroup_size(64)
fn init(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x / FEATURES;
  prototypes[id.x] = x[(scrambled(unit ^ scrambled(seed[0] ^ scrambled(seed[1]))) % shape[0]) * FEATURES + id.x % FEATURES];
}

// Each unit answers by its closeness to the input; a workgroup is one image.
fn answer_of(begin: u32, unit: u32) -> f32 {
  if (unit < FEATURES) { asked[unit] = x[begin + unit]; }
  workgroupBarrier();
  var apart = 0.0;
  for (var k = 0u; k < FEATURES; k++) {
    let d = asked[k] - prototypes[unit * FEATURES + k];
    apart += d * d;
  }
  closeness[unit] = exp(-SHARP * apart);
  workgroupBarrier();
  var total = 1e-9;
  for (var i = 0u; i < UNITS; i++) { total += closeness[i]; }
  return closeness[unit] / total;
}

@compute @workgroup_size(UNITS)
fn light(@builtin(local_invocation_index) unit: u32, @builtin(workgroup_id) group: vec3u) {
  lit[group.x * UNITS + unit] = answer_of(row(group.x) * FEATURES, unit);
}

@compute @workgroup_size(UNITS)
fn light_asked(@builtin(local_invocation_index) unit: u32, @builtin(workgroup_id) group: vec3u) {
  if (group.x >= shape[3]) { return; }
  lit[group.x * UNITS + unit] = answer_of(group.x * FEATURES, unit);
}

// A unit moves towards what it answered, by how much it answered: nothing but its own input and output.
@compute @workgroup_size(64)
fn hebb(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x / FEATURES;
  var p = prototypes[id.x];
  for (var n = 0u; n < BATCH; n++) { p += 0.1 * lit[n * UNITS + unit] * (x[row(n) * FEATURES + id.x % FEATURES] - p); }
  prototypes[id.x] = p;
}

fn readout(begin: u32, c: u32) -> f32 {
  var sum = weights[UNITS * CLASSES + c];
  for (var u = 0u; u < UNITS; u++) { sum += lit[begin + u] * weights[u * CLASSES + c]; }
  return sum;
}

@compute @workgroup_size(BATCH)
fn judge(@builtin(local_invocation_index) n: u32) {
  var sums: array<f32, CLASSES>;
  var total = 0.0;
  for (var c = 0u; c < CLASSES; c++) {
    sums[c] = exp(clamp(readout(n * UNITS, c), -60.0, 60.0));
    total += sums[c];
  }
  let wanted = y[row(n)];
  for (var c = 0u; c < CLASSES; c++) { error[n * CLASSES + c] = select(0.0, 1.0, c == wanted) - sums[c] / total; }
}

@compute @workgroup_size(64)
fn delta(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= (UNITS + 1u) * CLASSES) { return; }
  let unit = id.x / CLASSES;
  var slope = 0.0;
  for (var n = 0u; n < BATCH; n++) {
    var input = 0.05;
    if (unit < UNITS) { input = lit[n * UNITS + unit]; }
    slope += input * error[n * CLASSES + id.x % CLASSES];
  }
  weights[id.x] += RATE * (1.0 - f32(turn[0]) / STEPS) * slope;
}

@compute @workgroup_size(1)
fn advance() {
  turn[0] += 1u;
}

@compute @workgroup_size(64)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  if (id.x / CLASSES >= shape[3]) { return; }
  logits[id.x] = readout(id.x / CLASSES * UNITS, id.x % CLASSES);
}
