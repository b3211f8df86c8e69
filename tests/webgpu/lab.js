// What the tests and benchmarks do in the page.
import { instrument, spent } from "/modules/count.js";
import { compile, loadModelled, trainModelled } from "/modules/modelled.js";

const KINDS = { float32: Float32Array, uint8: Uint8Array, uint32: Uint32Array, int64: BigInt64Array };
const bytesOf = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const textOf = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
const array = ({ type, base64 }) => new KINDS[type](bytesOf(base64).buffer);
let device;

async function ready() {
  if (!device) {
    const adapter = await navigator.gpu.requestAdapter();
    device = await adapter.requestDevice();
    device.lost.then(() => (device = undefined));
  }
  return device;
}

function opened(data) {
  const made = { ...data };
  for (const key of ["inputs", "labels", "symbols", "starts"]) if (data[key]) made[key] = array(data[key]);
  return made;
}

export async function train({ files, data, seed }) {
  const lines = [], began = performance.now();
  const { artifact, counts } = await trainModelled({ device: await ready(), files, data: opened(data), seed, log: (line) => lines.push(line) });
  return { artifact: textOf(artifact), counts, lines, seconds: (performance.now() - began) / 1000 };
}

export async function predict({ files, artifact, shape, batches }) {
  const predictor = await loadModelled({ device: await ready(), files, artifact: bytesOf(artifact), shape }), logits = [];
  for (const each of batches) {
    const inputs = array(each);
    await predictor.reset(inputs.length / (shape.features ?? 1));
    logits.push(textOf(new Uint8Array((await predictor.predict(inputs)).buffer)));
  }
  return { logits, counts: await predictor.counts() };
}

async function buffersFor(gpu, buffers) {
  const entries = [];
  for (const [binding, words] of Object.entries(buffers)) {
    const bytes = Uint32Array.from(words);
    const buffer = gpu.createBuffer({ size: Math.max(4, bytes.byteLength), usage: 0x80 | 0x4 | 0x8 });
    gpu.queue.writeBuffer(buffer, 0, bytes);
    entries.push({ binding: Number(binding), resource: { buffer } });
  }
  return entries;
}

async function readBack(gpu, source) {
  const staging = gpu.createBuffer({ size: source.size, usage: 0x1 | 0x8 }), encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
  gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  return new Uint32Array(staging.getMappedRange().slice(0));
}

// One dispatch of one shader, counted; what each counter read too. preset: starting value of the first counter's words.
export async function count({ text, entry, buffers, workgroups, times = 1, preset = null }) {
  const gpu = await ready();
  await compile(gpu, "test.wgsl", text);
  const made = instrument("test.wgsl", text), module = await compile(gpu, "test.wgsl with counters", text, made.code);
  const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: entry } });
  const counts = gpu.createBuffer({ size: 4 * (2 * made.counters + 1), usage: 0x80 | 0x4 | 0x8 });
  if (preset) gpu.queue.writeBuffer(counts, 4, Uint32Array.from(preset));
  const entries = await buffersFor(gpu, buffers), encoder = gpu.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  if (entries.length) pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.setBindGroup(1, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(1), entries: [{ binding: 0, resource: { buffer: counts } }] }));
  for (let turn = 0; turn < times; turn++) pass.dispatchWorkgroups(...workgroups);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  const raw = await readBack(gpu, counts);
  const values = Array.from({ length: made.counters }, (_, id) => BigInt(raw[2 * id + 1]) + (BigInt(raw[2 * id + 2]) << 32n));
  const total = spent(made.segments, values);
  const outputs = {};
  for (const { binding, resource } of entries) outputs[binding] = [...(await readBack(gpu, resource.buffer))];
  return { overflowed: raw[0], counters: values.map(String), total: Object.fromEntries(Object.entries(total).map(([key, n]) => [key, String(n)])), outputs };
}

export async function bill({ text }) {
  return instrument("test.wgsl", text).segments;
}
