// How often each symbol occurs: one thread a symbol, four symbols a word.
@group(0) @binding(0) var<storage, read> symbols: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(64)
fn count(@builtin(global_invocation_id) id: vec3u) {
    let at = id.y * 65535u * 64u + id.x;
    if (at >= arrayLength(&symbols) * 4u) { return; }
    let symbol = (symbols[at / 4u] >> (8u * (at % 4u))) & 255u;
    atomicAdd(&counts[symbol], 1u);
}
