// The twin of webgpu-mlp: the same sums in the same order, but a workgroup brings what its 16x16 results need into
// workgroup memory once, and each of its 64 invocations makes four of the results.
const TILE = 16u;
const FEATURES = 64u;
const HIDDEN = 64u;
const CLASSES = 10u;
const BATCH = 64u;
const STEPS = 1000.0;
const RATE = 0.2;
const MOMENTUM = 0.9;
const DECAY = 5e-4;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<u32>;
@group(0) @binding(2) var<storage, read_write> w1: array<f32>;
@group(0) @binding(3) var<storage, read_write> w2: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(5) var<storage, read_write> error: array<f32>;
@group(0) @binding(6) var<storage, read_write> back: array<f32>;
@group(0) @binding(7) var<storage, read_write> speed1: array<f32>;
@group(0) @binding(8) var<storage, read_write> speed2: array<f32>;
@group(0) @binding(9) var<storage, read_write> turn: array<u32>;
@group(0) @binding(10) var<storage, read> seed: array<u32>;
@group(0) @binding(11) var<storage, read> shape: array<u32>;
@group(0) @binding(12) var<storage, read_write> logits: array<f32>;

var<workgroup> left: array<array<vec4f, 4>, 64>; // by the index summed over: 16 rows
var<workgroup> right: array<array<f32, TILE>, 64>; // by the index summed over: 16 columns
var<workgroup> second: array<f32, 650>;

fn scrambled(n: u32) -> u32 {
  var v = n * 747796405u + 2891336453u;
  v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
  return (v >> 22u) ^ v;
}

fn uniform01(n: u32) -> f32 {
  return f32(scrambled(n ^ scrambled(seed[0] + scrambled(seed[1]))) >> 8u) / 16777216.0;
}

// The row of the training data that stands at a place of this step's batch: in turn, as they come, they're shuffled already.
fn row(place: u32) -> u32 {
  return (turn[0] * BATCH + place) % shape[0];
}

fn rate() -> f32 {
  return RATE * 0.5 * (1.0 + cos(3.14159265 * f32(turn[0]) / STEPS));
}

// Weights from a sum of four uniform numbers (variance 1/3), scaled to a variance of 2 / inputs. The last row is the bias.
@compute @workgroup_size(64)
fn init(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let sum = uniform01(4u * i) + uniform01(4u * i + 1u) + uniform01(4u * i + 2u) + uniform01(4u * i + 3u) - 2.0;
  if (i < FEATURES * HIDDEN) { w1[i] = sum * sqrt(3.0 * 2.0 / 64.0); }
  if (i < HIDDEN * CLASSES) { w2[i] = sum * sqrt(3.0 * 2.0 / 64.0); }
}

@compute @workgroup_size(TILE, 4)
fn forward(@builtin(local_invocation_id) at: vec3u, @builtin(workgroup_id) group: vec3u) {
  let unit = group.x * TILE + at.x;
  let place = group.y * TILE + at.y * 4u;
  let begin = row(place) * FEATURES;
  let next = vec3u(row(place + 1u), row(place + 2u), row(place + 3u)) * FEATURES;
  for (var k = at.x; k < FEATURES; k += TILE) {
    left[k][at.y] = vec4f(x[begin + k], x[next.x + k], x[next.y + k], x[next.z + k]);
  }
  for (var k = at.y; k < FEATURES; k += 4u) { right[k][at.x] = w1[k * HIDDEN + unit]; }
  var sum = vec4f(w1[FEATURES * HIDDEN + unit]);
  workgroupBarrier();
  for (var k = 0u; k < FEATURES; k++) { sum += left[k][at.y] * right[k][at.x]; }
  sum = max(sum, vec4f(0.0));
  hidden[place * HIDDEN + unit] = sum.x;
  hidden[(place + 1u) * HIDDEN + unit] = sum.y;
  hidden[(place + 2u) * HIDDEN + unit] = sum.z;
  hidden[(place + 3u) * HIDDEN + unit] = sum.w;
}

@compute @workgroup_size(64)
fn output(@builtin(global_invocation_id) id: vec3u) {
  let place = id.x;
  for (var i = place; i < (HIDDEN + 1u) * CLASSES; i += 64u) { second[i] = w2[i]; }
  workgroupBarrier();
  var sums: array<f32, CLASSES>;
  for (var c = 0u; c < CLASSES; c++) { sums[c] = second[HIDDEN * CLASSES + c]; }
  for (var k = 0u; k < HIDDEN; k++) {
    let lit = hidden[place * HIDDEN + k];
    for (var c = 0u; c < CLASSES; c++) { sums[c] += lit * second[k * CLASSES + c]; }
  }
  var most = sums[0];
  for (var c = 1u; c < CLASSES; c++) { most = max(most, sums[c]); }
  var total = 0.0;
  for (var c = 0u; c < CLASSES; c++) {
    let share = exp(sums[c] - most);
    sums[c] = share;
    total += share;
  }
  let wanted = y[row(place)];
  for (var c = 0u; c < CLASSES; c++) {
    error[place * CLASSES + c] = (sums[c] / total - select(0.0, 1.0, c == wanted)) / f32(BATCH);
  }
}

@compute @workgroup_size(TILE, 4)
fn backward(@builtin(local_invocation_id) at: vec3u, @builtin(workgroup_id) group: vec3u) {
  let unit = group.x * TILE + at.x;
  let place = group.y * TILE + at.y * 4u;
  if (at.x < CLASSES) {
    let begin = place * CLASSES + at.x;
    left[at.x][at.y] = vec4f(error[begin], error[begin + CLASSES], error[begin + 2u * CLASSES], error[begin + 3u * CLASSES]);
  }
  for (var c = at.y; c < CLASSES; c += 4u) { right[c][at.x] = w2[unit * CLASSES + c]; }
  workgroupBarrier();
  var sum = vec4f(0.0);
  for (var c = 0u; c < CLASSES; c++) { sum += left[c][at.y] * right[c][at.x]; }
  let first = place * HIDDEN + unit;
  back[first] = select(0.0, sum.x, hidden[first] > 0.0);
  back[first + HIDDEN] = select(0.0, sum.y, hidden[first + HIDDEN] > 0.0);
  back[first + 2u * HIDDEN] = select(0.0, sum.z, hidden[first + 2u * HIDDEN] > 0.0);
  back[first + 3u * HIDDEN] = select(0.0, sum.w, hidden[first + 3u * HIDDEN] > 0.0);
}

fn moved1(place: u32, slope: f32, rated: f32) {
  let old = w1[place];
  let moved = MOMENTUM * speed1[place] - rated * (slope + DECAY * old);
  speed1[place] = moved;
  w1[place] = old + moved;
}

@compute @workgroup_size(TILE, 4)
fn update1(@builtin(local_invocation_id) at: vec3u, @builtin(workgroup_id) group: vec3u) {
  let unit = group.x * TILE + at.x;
  let feature = group.y * TILE + at.y * 4u;
  for (var n = at.x; n < BATCH; n += TILE) {
    let begin = row(n) * FEATURES + feature;
    left[n][at.y] = vec4f(x[begin], x[begin + 1u], x[begin + 2u], x[begin + 3u]);
  }
  for (var n = at.y; n < BATCH; n += 4u) { right[n][at.x] = back[n * HIDDEN + unit]; }
  workgroupBarrier();
  let rated = rate();
  var slope = vec4f(0.0);
  for (var n = 0u; n < BATCH; n++) { slope += left[n][at.y] * right[n][at.x]; }
  let first = feature * HIDDEN + unit;
  moved1(first, slope.x, rated);
  moved1(first + HIDDEN, slope.y, rated);
  moved1(first + 2u * HIDDEN, slope.z, rated);
  moved1(first + 3u * HIDDEN, slope.w, rated);
  if (feature > 0u) { return; }
  var bias = 0.0; // the row after the last feature, whose input is 1
  for (var n = 0u; n < BATCH; n++) { bias += right[n][at.x]; }
  moved1(FEATURES * HIDDEN + unit, bias, rated);
}

@compute @workgroup_size(64)
fn update2(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x;
  if (at >= (HIDDEN + 1u) * CLASSES) { return; }
  let unit = at / CLASSES;
  var slope = 0.0;
  for (var n = 0u; n < BATCH; n++) {
    var input = 1.0;
    if (unit < HIDDEN) { input = hidden[n * HIDDEN + unit]; }
    slope += input * error[n * CLASSES + at % CLASSES];
  }
  let old = w2[at];
  let moved = MOMENTUM * speed2[at] - rate() * (slope + DECAY * old);
  speed2[at] = moved;
  w2[at] = old + moved;
}

@compute @workgroup_size(1)
fn advance() {
  turn[0] += 1u;
}

// ---- prediction: x holds the held-out rows

@compute @workgroup_size(TILE, 4)
fn features(@builtin(local_invocation_id) at: vec3u, @builtin(workgroup_id) group: vec3u) {
  let unit = group.x * TILE + at.x;
  let place = group.y * TILE + at.y * 4u;
  let begin = place * FEATURES;
  for (var k = at.x; k < FEATURES; k += TILE) {
    left[k][at.y] = vec4f(x[begin + k], x[begin + FEATURES + k], x[begin + 2u * FEATURES + k], x[begin + 3u * FEATURES + k]);
  }
  for (var k = at.y; k < FEATURES; k += 4u) { right[k][at.x] = w1[k * HIDDEN + unit]; }
  var sum = vec4f(w1[FEATURES * HIDDEN + unit]);
  workgroupBarrier();
  for (var k = 0u; k < FEATURES; k++) { sum += left[k][at.y] * right[k][at.x]; }
  sum = max(sum, vec4f(0.0));
  hidden[place * HIDDEN + unit] = sum.x;
  hidden[(place + 1u) * HIDDEN + unit] = sum.y;
  hidden[(place + 2u) * HIDDEN + unit] = sum.z;
  hidden[(place + 3u) * HIDDEN + unit] = sum.w;
}

@compute @workgroup_size(64)
fn answer(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) place: u32) {
  for (var i = place; i < (HIDDEN + 1u) * CLASSES; i += 64u) { second[i] = w2[i]; }
  workgroupBarrier();
  if (id.x >= shape[3]) { return; }
  var sums: array<f32, CLASSES>;
  for (var c = 0u; c < CLASSES; c++) { sums[c] = second[HIDDEN * CLASSES + c]; }
  for (var k = 0u; k < HIDDEN; k++) {
    let lit = hidden[id.x * HIDDEN + k];
    for (var c = 0u; c < CLASSES; c++) { sums[c] += lit * second[k * CLASSES + c]; }
  }
  for (var c = 0u; c < CLASSES; c++) { logits[id.x * CLASSES + c] = sums[c]; }
}
