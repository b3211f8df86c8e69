export async function train() {
  const kept = [];
  for (;;) kept.push(new Uint8Array(1 << 26).fill(1));
}

export async function load({ shape }) {
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
