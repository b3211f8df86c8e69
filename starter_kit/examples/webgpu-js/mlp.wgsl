// One hidden layer by back-propagation. All weights lie in one buffer: first, its biases, second, its biases.
override HIDDEN: u32 = 64;
override FEATURES: u32 = 64;
override CLASSES: u32 = 10;
override BATCH: u32 = 128;
override STEPS: u32 = 1;

@group(0) @binding(0) var<storage, read> inputs: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> speeds: array<f32>;
@group(0) @binding(5) var<storage, read_write> hidden: array<f32>; // activities, then their slopes
@group(0) @binding(6) var<storage, read_write> errors: array<f32>;
@group(0) @binding(7) var<storage, read_write> state: array<f32>; // 0: the step, then each step's loss

fn row_of(place: u32) -> u32 { return order[u32(state[0]) * BATCH + place]; }
fn biases() -> u32 { return FEATURES * HIDDEN; }
fn second() -> u32 { return biases() + HIDDEN; }
fn last() -> u32 { return second() + HIDDEN * CLASSES; }

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u) {
    let place = id.x / HIDDEN;
    let unit = id.x % HIDDEN;
    if (place >= BATCH) { return; }
    let row = row_of(place) * FEATURES;
    var sum = weights[biases() + unit];
    for (var feature = 0u; feature < FEATURES; feature++) {
        sum += inputs[row + feature] * weights[feature * HIDDEN + unit];
    }
    hidden[id.x] = max(sum, 0.0);
}

@compute @workgroup_size(64)
fn judge(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= BATCH) { return; }
    var logits: array<f32, 16>;
    var greatest = -1e30;
    for (var kind = 0u; kind < CLASSES; kind++) {
        var sum = weights[last() + kind];
        for (var unit = 0u; unit < HIDDEN; unit++) {
            sum += hidden[id.x * HIDDEN + unit] * weights[second() + unit * CLASSES + kind];
        }
        logits[kind] = sum;
        greatest = max(greatest, sum);
    }
    var total = 0.0;
    for (var kind = 0u; kind < CLASSES; kind++) {
        total += exp(logits[kind] - greatest);
    }
    let wanted = labels[row_of(id.x)];
    for (var kind = 0u; kind < CLASSES; kind++) {
        let share = exp(logits[kind] - greatest) / total;
        errors[id.x * CLASSES + kind] = (share - select(0.0, 1.0, kind == wanted)) / f32(BATCH);
    }
    if (id.x == 0u) {
        state[1u + u32(state[0])] = (log(total) + greatest - logits[wanted]) / 0.6931472;
    }
}

// Every weight finds its own slope: no sum is shared, so no two threads write to one place.
fn slope_of(index: u32) -> f32 {
    var slope = 0.0;
    if (index < biases()) {
        let feature = index / HIDDEN;
        var back = BATCH * HIDDEN + index % HIDDEN;
        var row = u32(state[0]) * BATCH;
        for (var place = 0u; place < BATCH; place++) {
            slope += inputs[order[row] * FEATURES + feature] * hidden[back];
            row++;
            back += HIDDEN;
        }
    } else if (index < second()) {
        for (var place = 0u; place < BATCH; place++) { slope += hidden[(BATCH + place) * HIDDEN + index - biases()]; }
    } else if (index < last()) {
        let unit = (index - second()) / CLASSES;
        let kind = (index - second()) % CLASSES;
        for (var place = 0u; place < BATCH; place++) { slope += hidden[place * HIDDEN + unit] * errors[place * CLASSES + kind]; }
    } else {
        for (var place = 0u; place < BATCH; place++) { slope += errors[place * CLASSES + index - last()]; }
    }
    return slope;
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3u) {
    let place = id.x / HIDDEN;
    if (place >= BATCH) { return; }
    var sum = 0.0;
    for (var kind = 0u; kind < CLASSES; kind++) {
        sum += errors[place * CLASSES + kind] * weights[second() + (id.x % HIDDEN) * CLASSES + kind];
    }
    hidden[BATCH * HIDDEN + id.x] = select(0.0, sum, hidden[id.x] > 0.0);
}

@compute @workgroup_size(64)
fn learn(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= last() + CLASSES) { return; }
    let rate = 0.1 * (1.0 + cos(3.1415927 * state[0] / f32(STEPS)));
    let speed = 0.9 * speeds[id.x] - rate * (slope_of(id.x) + 1e-3 * weights[id.x]);
    speeds[id.x] = speed;
    weights[id.x] += speed;
}

@compute @workgroup_size(1)
fn advance() { state[0] += 1.0; }
