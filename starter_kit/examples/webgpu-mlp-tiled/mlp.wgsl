// The twin of webgpu-mlp: the same sums in the same order, but a workgroup brings what its 32x32 results need into
// workgroup memory once, and each of its 8x8 invocations makes 4x4 of the results in registers.
const SIDE = 32u;
const FEATURES = 64u;
const HIDDEN = 64u;
const CLASSES = 10u;
const BATCH = 64u;
const STEPS = 500.0;
const RATE = 0.2;
const MOMENTUM = 0.9;
const DECAY = 1e-3;
const SCALE = 3.0;
const SEEN = 512u; // rows that the mean is taken of

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
@group(0) @binding(13) var<storage, read_write> centre: array<f32>;
@group(0) @binding(14) var<storage, read_write> raw: array<f32>;

var<workgroup> left: array<f32, 2048>; // 32 rows, for each of the 64 that are summed over
var<workgroup> right: array<f32, 2048>; // 32 columns likewise
var<workgroup> second: array<f32, 650>;

fn scrambled(n: u32) -> u32 {
  var v = n * 747796405u + 2891336453u;
  v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
  return (v >> 22u) ^ v;
}

fn uniform01(n: u32) -> f32 {
  return f32(scrambled(n ^ scrambled(seed[0] + scrambled(seed[1]))) >> 8u) / 16777216.0;
}

// Where this step's batch begins in the training data, and how many rows there are: rows come in turn, they're shuffled already.
fn batch() -> vec2u {
  return vec2u(turn[0] * BATCH, shape[0]);
}

fn row(given: vec2u, place: u32) -> u32 {
  return (given.x + place) % given.y;
}

fn rate() -> f32 {
  return RATE * 0.5 * (1.0 + cos(3.14159265 * f32(turn[0]) / STEPS));
}

// Inputs are centred and stretched before training: half the steps do then.
@compute @workgroup_size(64)
fn means(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var n = 0u; n < SEEN; n++) { sum += x[n * FEATURES + id.x]; }
  centre[id.x] = sum / f32(SEEN);
}

@compute @workgroup_size(64)
fn centred(@builtin(local_invocation_index) feature: u32, @builtin(workgroup_id) group: vec3u) {
  let middle = centre[feature];
  let end = min(shape[0], group.x * 64u + 64u);
  for (var n = group.x * 64u; n < end; n++) { raw[n * FEATURES + feature] = (raw[n * FEATURES + feature] - middle) * SCALE; }
}

// The same in the weights, once they're trained: held-out inputs stay as they come.
@compute @workgroup_size(64)
fn folded(@builtin(global_invocation_id) id: vec3u) {
  var bias = w1[FEATURES * HIDDEN + id.x];
  for (var k = 0u; k < FEATURES; k++) {
    let weight = w1[k * HIDDEN + id.x] * SCALE;
    w1[k * HIDDEN + id.x] = weight;
    bias -= weight * centre[k];
  }
  w1[FEATURES * HIDDEN + id.x] = bias;
}

// Weights from a sum of four uniform numbers (variance 1/3), scaled to a variance of 2 / inputs. The last row is the bias.
@compute @workgroup_size(64)
fn init(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let sum = uniform01(4u * i) + uniform01(4u * i + 1u) + uniform01(4u * i + 2u) + uniform01(4u * i + 3u) - 2.0;
  if (i < FEATURES * HIDDEN) { w1[i] = sum * sqrt(3.0 * 2.0 / 64.0); }
  if (i < HIDDEN * CLASSES) { w2[i] = sum * sqrt(3.0 * 2.0 / 64.0); }
}

// 4x4 results of an invocation: a column of the matrix for each of its four rows.
fn products(length: u32, at: vec3u, start: vec4f) -> mat4x4f {
  var a = start;
  var b = start;
  var c = start;
  var d = start;
  var l = at.y * 4u;
  var r = at.x * 4u;
  for (var k = 0u; k < length; k++) {
    let across = vec4f(right[r], right[r + 1u], right[r + 2u], right[r + 3u]);
    a += left[l] * across;
    b += left[l + 1u] * across;
    c += left[l + 2u] * across;
    d += left[l + 3u] * across;
    l += SIDE;
    r += SIDE;
  }
  return mat4x4f(a, b, c, d);
}

fn biases(unit: u32) -> vec4f {
  let b = FEATURES * HIDDEN + unit;
  return vec4f(w1[b], w1[b + 1u], w1[b + 2u], w1[b + 3u]);
}

fn light(first: u32, sums: mat4x4f) {
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { hidden[first + i * HIDDEN + j] = max(sums[i][j], 0.0); }
  }
}

// An invocation brings one of the 64 features of all rows, and one row of the weights.
@compute @workgroup_size(8, 8)
fn forward(@builtin(local_invocation_id) at: vec3u, @builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let given = batch();
  let k = at.y * 8u + at.x;
  for (var i = 0u; i < SIDE; i++) {
    left[k * SIDE + i] = x[row(given, group.y * SIDE + i) * FEATURES + k];
    right[k * SIDE + i] = w1[k * HIDDEN + group.x * SIDE + i];
  }
  workgroupBarrier();
  light(id.y * 4u * HIDDEN + id.x * 4u, products(FEATURES, at, biases(id.x * 4u)));
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
  let wanted = y[row(batch(), place)];
  for (var c = 0u; c < CLASSES; c++) {
    error[place * CLASSES + c] = (sums[c] / total - select(0.0, 1.0, c == wanted)) / f32(BATCH);
  }
}

@compute @workgroup_size(8, 8)
fn backward(@builtin(local_invocation_id) at: vec3u, @builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let c = at.y * 8u + at.x;
  if (c < CLASSES) {
    for (var i = 0u; i < SIDE; i++) {
      left[c * SIDE + i] = error[(group.y * SIDE + i) * CLASSES + c];
      right[c * SIDE + i] = w2[(group.x * SIDE + i) * CLASSES + c];
    }
  }
  workgroupBarrier();
  let made = products(CLASSES, at, vec4f());
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      let to = (id.y * 4u + i) * HIDDEN + id.x * 4u + j;
      back[to] = select(0.0, made[i][j], hidden[to] > 0.0);
    }
  }
}

fn moved1(place: u32, slope: f32, rated: f32) {
  let old = w1[place];
  let moved = MOMENTUM * speed1[place] - rated * (slope + DECAY * old);
  speed1[place] = moved;
  w1[place] = old + moved;
}

// An invocation brings one of the 64 images of the batch: its features and what came back for it.
@compute @workgroup_size(8, 8)
fn update1(@builtin(local_invocation_id) at: vec3u, @builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let n = at.y * 8u + at.x;
  let begin = row(batch(), n) * FEATURES + group.y * SIDE;
  for (var i = 0u; i < SIDE; i++) {
    left[n * SIDE + i] = x[begin + i];
    right[n * SIDE + i] = back[n * HIDDEN + group.x * SIDE + i];
  }
  workgroupBarrier();
  let rated = rate();
  let slopes = products(BATCH, at, vec4f());
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { moved1((id.y * 4u + i) * HIDDEN + id.x * 4u + j, slopes[i][j], rated); }
  }
  if (group.y > 0u || n >= SIDE) { return; }
  var bias = 0.0; // the row after the last feature, whose input is 1
  for (var i = 0u; i < BATCH; i++) { bias += right[i * SIDE + n]; }
  moved1(FEATURES * HIDDEN + group.x * SIDE + n, bias, rated);
}

fn moved2(place: u32, slope: f32, rated: f32) {
  let old = w2[place];
  let moved = MOMENTUM * speed2[place] - rated * (slope + DECAY * old);
  speed2[place] = moved;
  w2[place] = old + moved;
}

// One workgroup; an invocation reads its unit's activities once and makes the slopes of all its classes.
@compute @workgroup_size(64)
fn update2(@builtin(local_invocation_index) unit: u32) {
  for (var i = unit; i < BATCH * CLASSES; i += 64u) { second[i] = error[i]; }
  workgroupBarrier();
  let rated = rate();
  var slopes: array<f32, CLASSES>;
  for (var n = 0u; n < BATCH; n++) {
    let lit = hidden[n * HIDDEN + unit];
    for (var c = 0u; c < CLASSES; c++) { slopes[c] += lit * second[n * CLASSES + c]; }
  }
  for (var c = 0u; c < CLASSES; c++) { moved2(unit * CLASSES + c, slopes[c], rated); }
  if (unit >= CLASSES) { return; }
  var bias = 0.0;
  for (var n = 0u; n < BATCH; n++) { bias += second[n * CLASSES + unit]; }
  moved2(HIDDEN * CLASSES + unit, bias, rated);
}

@compute @workgroup_size(1)
fn advance() {
  turn[0] += 1u;
}

// ---- prediction: x holds the held-out rows

@compute @workgroup_size(8, 8)
fn features(@builtin(local_invocation_id) at: vec3u, @builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let k = at.y * 8u + at.x;
  for (var i = 0u; i < SIDE; i++) {
    left[k * SIDE + i] = x[(group.y * SIDE + i) * FEATURES + k];
    right[k * SIDE + i] = w1[k * HIDDEN + group.x * SIDE + i];
  }
  workgroupBarrier();
  light(id.y * 4u * HIDDEN + id.x * 4u, products(FEATURES, at, biases(id.x * 4u)));
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
