// Counts of n-grams of up to five bytes. Training counts them all in a great table, then keeps those that occur often enough
// in a small one: a slot has ten bits of fingerprint and six of the count's logarithm, and of two that meet the greater stays.
// Prediction interpolates from the shortest context to the longest by absolute discounts.
const ORDER = 5u;
const GREAT = 8388608u;
const SLOTS = 186000u;
const STEPS_AN_OCTAVE = 3.0;
const DISCOUNT = 0.75;
const KINDS = 128u; // more symbols than the text has
const STRIDE = 131072u; // 1024 workgroups of 128

@group(0) @binding(0) var<storage, read> symbols: array<u32>;
@group(0) @binding(1) var<storage, read> shape: array<u32>;
@group(0) @binding(2) var<storage, read_write> great: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> slots: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> seen: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> table: array<u32>; // two slots a word
@group(0) @binding(6) var<storage, read_write> names: array<u32>; // how many symbols occur, then which
@group(0) @binding(7) var<storage, read> asked: array<u32>;
@group(0) @binding(8) var<storage, read_write> before: array<u32>; // three older symbols of each stream
@group(0) @binding(9) var<storage, read_write> logits: array<f32>;

fn mixed(given: u32) -> u32 {
  var v = given;
  v ^= v >> 16u;
  v *= 0x7feb352du;
  v ^= v >> 15u;
  v *= 0x846ca68bu;
  return v ^ (v >> 16u);
}

// A context one symbol longer, or a context with the symbol that follows it.
fn longer(hash: u32, symbol: u32) -> u32 {
  return mixed(hash * 31u + symbol + 1u);
}

fn slot_of(hash: u32) -> u32 {
  return hash % SLOTS;
}

// ---- training

@compute @workgroup_size(128)
fn count(@builtin(global_invocation_id) id: vec3u) {
  let all = shape[0];
  for (var at = id.x; at < all; at += STRIDE) {
    let symbol = symbols[at];
    let most = min(ORDER, at + 1u);
    var context = 0u;
    for (var n = 1u; n <= most; n++) {
      atomicAdd(&great[longer(context, symbol) % GREAT], 1u);
      if (n < most) { context = longer(context, symbols[at - n]); }
    }
  }
}

@compute @workgroup_size(128)
fn keep(@builtin(global_invocation_id) id: vec3u) {
  let all = shape[0];
  for (var at = id.x; at < all; at += STRIDE) {
    let symbol = symbols[at];
    atomicStore(&seen[symbol], 1u);
    let most = min(ORDER, at + 1u);
    var context = 0u;
    for (var n = 1u; n <= most; n++) {
      let hash = longer(context, symbol);
      let times = atomicLoad(&great[hash % GREAT]);
      if (times + 2u >= max(n, 3u)) { // once; four bytes twice, five three times
        let again = mixed(hash ^ 0x51ed270bu);
        let size = min(u32(log2(f32(times)) * STEPS_AN_OCTAVE + 1.5), 63u);
        atomicMax(&slots[slot_of(again)], (size << 10u) | (again >> 22u));
      }
      if (n < most) { context = longer(context, symbols[at - n]); }
    }
  }
}

@compute @workgroup_size(64)
fn pack(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= SLOTS / 2u) { return; }
  table[id.x] = atomicLoad(&slots[2u * id.x]) | (atomicLoad(&slots[2u * id.x + 1u]) << 16u);
}

// ---- loading

@compute @workgroup_size(1)
fn name() {
  var found = 0u;
  for (var symbol = 0u; symbol < 256u; symbol++) {
    if (atomicLoad(&seen[symbol]) == 1u && found < KINDS) {
      found++;
      names[found] = symbol;
    }
  }
  names[0] = found;
}

// What never occurs is never likely.
@compute @workgroup_size(64)
fn blank(@builtin(global_invocation_id) id: vec3u) {
  logits[id.x] = -25.0;
}

// ---- prediction

fn times_of(hash: u32) -> f32 {
  let again = mixed(hash ^ 0x51ed270bu);
  let place = slot_of(again);
  let slot = (table[place / 2u] >> (16u * (place % 2u))) & 0xffffu;
  if ((slot & 1023u) != again >> 22u || slot < 1024u) { return 0.0; }
  return exp2((f32(slot >> 10u) - 1.0) / STEPS_AN_OCTAVE);
}

// One invocation a stream.
@compute @workgroup_size(32)
fn answer(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape[3]) { return; }
  let kinds = names[0];
  let last = vec4u(asked[id.x], before[3u * id.x], before[3u * id.x + 1u], before[3u * id.x + 2u]);
  var which: array<u32, KINDS>;
  var share: array<f32, KINDS>;
  var kept: array<f32, KINDS>;
  for (var j = 0u; j < kinds; j++) {
    which[j] = names[j + 1u];
    share[j] = 1.0 / f32(kinds);
  }
  var context = 0u; // of the last n - 1 symbols
  var shorter = 0u; // the same without the last
  for (var n = 1u; n <= ORDER; n++) {
    var total = 0.0;
    for (var j = 0u; j < kinds; j++) {
      let times = times_of(longer(context, which[j]));
      kept[j] = max(times - DISCOUNT, 0.0);
      total += times;
    }
    if (total == 0.0) { break; } // no longer context was kept either
    if (n > 1u) { total = max(total, times_of(longer(shorter, last.x))); }
    var rest = 1.0;
    for (var j = 0u; j < kinds; j++) { rest -= kept[j] / total; }
    rest = max(rest, 1e-6); // what rounding may take away
    for (var j = 0u; j < kinds; j++) { share[j] = kept[j] / total + rest * share[j]; }
    if (n > 1u) { shorter = longer(shorter, last[n - 1u]); }
    context = longer(context, last[min(n, 4u) - 1u]);
  }
  for (var j = 0u; j < kinds; j++) { logits[256u * id.x + which[j]] = log(share[j]); }
  before[3u * id.x] = last.x;
  before[3u * id.x + 1u] = last.y;
  before[3u * id.x + 2u] = last.z;
}
