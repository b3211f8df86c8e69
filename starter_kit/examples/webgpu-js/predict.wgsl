// The same network forwards; one thread an image.
override HIDDEN: u32 = 64;
override FEATURES: u32 = 64;
override CLASSES: u32 = 10;

@group(0) @binding(0) var<storage, read> inputs: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn answer(@builtin(global_invocation_id) id: vec3u) {
    let row = id.x;
    if (row * CLASSES >= arrayLength(&logits)) { return; }
    let biases = FEATURES * HIDDEN;
    let second = biases + HIDDEN;
    let last = second + HIDDEN * CLASSES;
    for (var kind = 0u; kind < CLASSES; kind++) { logits[row * CLASSES + kind] = weights[last + kind]; }
    for (var unit = 0u; unit < HIDDEN; unit++) {
        var sum = weights[biases + unit];
        for (var feature = 0u; feature < FEATURES; feature++) {
            sum += inputs[row * FEATURES + feature] * weights[feature * HIDDEN + unit];
        }
        for (var kind = 0u; kind < CLASSES; kind++) {
            logits[row * CLASSES + kind] += max(sum, 0.0) * weights[second + unit * CLASSES + kind];
        }
    }
}
