// One hidden layer of rectifiers, back-propagation, mini-batches with momentum. One invocation a number, everything in storage.
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

@compute @workgroup_size(8, 8)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x;
  let begin = row(batch(), id.y) * FEATURES;
  var sum = w1[FEATURES * HIDDEN + unit];
  for (var k = 0u; k < FEATURES; k++) { sum += x[begin + k] * w1[k * HIDDEN + unit]; }
  hidden[id.y * HIDDEN + unit] = max(sum, 0.0);
}

@compute @workgroup_size(64)
fn output(@builtin(global_invocation_id) id: vec3u) {
  let place = id.x;
  var sums: array<f32, CLASSES>;
  for (var c = 0u; c < CLASSES; c++) {
    var sum = w2[HIDDEN * CLASSES + c];
    for (var k = 0u; k < HIDDEN; k++) { sum += hidden[place * HIDDEN + k] * w2[k * CLASSES + c]; }
    sums[c] = sum;
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
fn backward(@builtin(global_invocation_id) id: vec3u) {
  let at = id.y * HIDDEN + id.x;
  var sum = 0.0;
  if (hidden[at] > 0.0) {
    for (var c = 0u; c < CLASSES; c++) { sum += error[id.y * CLASSES + c] * w2[id.x * CLASSES + c]; }
  }
  back[at] = sum;
}

@compute @workgroup_size(8, 8)
fn update1(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x;
  let feature = id.y;
  if (feature > FEATURES) { return; }
  let given = batch();
  var slope = 0.0;
  for (var n = 0u; n < BATCH; n++) {
    var input = 1.0;
    if (feature < FEATURES) { input = x[row(given, n) * FEATURES + feature]; }
    slope += input * back[n * HIDDEN + unit];
  }
  let at = feature * HIDDEN + unit;
  let old = w1[at];
  let moved = MOMENTUM * speed1[at] - rate() * (slope + DECAY * old);
  speed1[at] = moved;
  w1[at] = old + moved;
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

@compute @workgroup_size(8, 8)
fn features(@builtin(global_invocation_id) id: vec3u) {
  if (id.y >= shape[3]) { return; }
  var sum = w1[FEATURES * HIDDEN + id.x];
  for (var k = 0u; k < FEATURES; k++) { sum += x[id.y * FEATURES + k] * w1[k * HIDDEN + id.x]; }
  hidden[id.y * HIDDEN + id.x] = max(sum, 0.0);
}

@compute @workgroup_size(64)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x / CLASSES;
  let c = id.x % CLASSES;
  if (n >= shape[3]) { return; }
  var sum = w2[HIDDEN * CLASSES + c];
  for (var k = 0u; k < HIDDEN; k++) { sum += hidden[n * HIDDEN + k] * w2[k * CLASSES + c]; }
  logits[id.x] = sum;
}
