// Trains the network of mlp.wgsl and answers with predict.wgsl. Everything from the import of this module on is billed.

const HIDDEN = 64, BATCH = 64, EPOCHS = 13, CHUNK = 64;
const text = async (name) => (await fetch(new URL(name, import.meta.url))).text();

// mulberry32: a small generator; the seed decides start and order.
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function bufferOf(device, content, usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC) {
  const buffer = device.createBuffer({ size: Math.max(4, content.byteLength), usage, mappedAtCreation: true });
  new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(content.buffer, content.byteOffset, content.byteLength));
  buffer.unmap();
  return buffer;
}

async function read(device, source, offset, size) {
  const landing = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, offset, landing, 0, size);
  device.queue.submit([encoder.finish()]);
  await landing.mapAsync(GPUMapMode.READ);
  const copy = landing.getMappedRange().slice(0);
  landing.destroy();
  return copy;
}

function startWeights(random, features, classes) {
  const weights = new Float32Array(features * HIDDEN + HIDDEN + HIDDEN * classes + classes);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let at = 0; at < features * HIDDEN; at++) weights[at] = normal() * Math.sqrt(2 / features);
  for (let at = 0; at < HIDDEN * classes; at++) weights[features * HIDDEN + HIDDEN + at] = normal() * Math.sqrt(2 / HIDDEN);
  return weights;
}

// Inputs are centred and brought to a mean square of one before training: half the steps do then.
function centred(inputs, features) {
  const rows = inputs.length / features, centre = new Float32Array(features);
  inputs.forEach((value, at) => { centre[at % features] += value / rows; });
  const moved = inputs.map((value, at) => value - centre[at % features]);
  const scale = 1 / Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0) / moved.length);
  return { centre, scale, inputs: moved.map((value) => value * scale) };
}

// The same in the weights, once they're trained: held-out inputs stay as they come.
function folded(weights, { centre, scale }) {
  const biases = centre.length * HIDDEN;
  for (let at = 0; at < biases; at++) {
    weights[at] *= scale;
    weights[biases + (at % HIDDEN)] -= weights[at] * centre[Math.floor(at / HIDDEN)];
  }
  return weights;
}

function shuffles(random, rows, steps) {
  const order = new Uint32Array(steps * BATCH);
  for (let at = 0; at < order.length; at++) order[at] = Math.floor(random() * rows);
  return order;
}

export async function train({ device, data, seed, log }) {
  const rows = data.labels.length, steps = Math.floor((EPOCHS * rows) / BATCH);
  const given = centred(data.inputs, data.features);
  const random = randomOf(seed), weights = startWeights(random, data.features, data.alphabet);
  const module = device.createShaderModule({ code: await text("mlp.wgsl") });
  const constants = { HIDDEN, BATCH, FEATURES: data.features, CLASSES: data.alphabet, STEPS: steps };
  const kinds = ["read-only-storage", "read-only-storage", "read-only-storage", ...Array(5).fill("storage")];
  const groupLayout = device.createBindGroupLayout({ entries: kinds.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })) });
  const layout = device.createPipelineLayout({ bindGroupLayouts: [groupLayout] });
  const pipeline = (entryPoint) => device.createComputePipelineAsync({ layout, compute: { module, entryPoint, constants } });
  const passes = await Promise.all(["forward", "judge", "backward", "learn", "advance"].map(pipeline));
  const groups = [BATCH * HIDDEN, BATCH, BATCH * HIDDEN, weights.length, 1].map((threads) => Math.ceil(threads / 64));
  const zeros = (length) => bufferOf(device, new Float32Array(length));
  const state = zeros(1 + steps), trained = bufferOf(device, weights);
  const buffers = [bufferOf(device, given.inputs), bufferOf(device, Uint32Array.from(data.labels)), bufferOf(device, shuffles(random, rows, steps)),
    trained, zeros(weights.length), zeros(2 * BATCH * HIDDEN), zeros(BATCH * data.alphabet), state];
  const group = device.createBindGroup({ layout: groupLayout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) });
  for (let done = 0; done < steps; done += CHUNK) {
    const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
    pass.setBindGroup(0, group);
    for (let step = done; step < Math.min(done + CHUNK, steps); step++) {
      passes.forEach((each, place) => { pass.setPipeline(each); pass.dispatchWorkgroups(groups[place]); });
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
    const upTo = Math.min(done + CHUNK, steps), losses = new Float32Array(await read(device, state, 4 * (1 + done), 4 * (upTo - done)));
    log(`step ${upTo} of ${steps}: loss ${(losses.reduce((sum, each) => sum + each, 0) / losses.length).toFixed(3)} bits`);
  }
  return new Uint8Array(folded(new Float32Array(await read(device, trained, 0, weights.byteLength)), given).buffer);
}

export async function load({ device, artifact, shape }) {
  const module = device.createShaderModule({ code: await text("predict.wgsl") });
  const constants = { HIDDEN, FEATURES: shape.features, CLASSES: shape.alphabet };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "answer", constants } });
  const weights = bufferOf(device, artifact);
  return {
    async reset() {},
    async predict(inputs) {
      const streams = inputs.length / shape.features, size = streams * shape.alphabet * 4;
      const asked = bufferOf(device, inputs), answer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
      const entries = [asked, weights, answer].map((buffer, binding) => ({ binding, resource: { buffer } }));
      const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(Math.ceil(streams / 64));
      pass.end();
      device.queue.submit([encoder.finish()]);
      const logits = new Float32Array(await read(device, answer, 0, size));
      asked.destroy();
      answer.destroy();
      return logits;
    },
  };
}
