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

// The oracle: the same dispatch in wgsl_reflect's interpreter, with every arithmetic operation it evaluates counted.
export async function interpret({ text, entry, buffers, workgroups }) {
  const { WgslExec, WgslParser } = await import("/modules/vendor/wgsl_reflect.module.js");
  const proto = WgslExec.prototype, kept = {}, ops = { add: 0, mul: 0 };
  const note = (operator, n) => {
    if (operator === "*") ops.mul += n;
    else if (operator !== "/" && operator !== "%") ops.add += n;
  };
  const size = (made) => (made?.data?.length > 1 ? made.data.length : 1);
  const hook = (name, wrap) => ((kept[name] = proto[name]), (proto[name] = wrap(kept[name])));
  hook("_evalBinaryOp", (old) => function (node, context) {
    if (node.operator === "&&" || node.operator === "||") {
      // The interpreter evaluates both sides; WGSL doesn't.
      note(node.operator, 1);
      const left = this.evalExpression(node.left, context);
      return Boolean(left.value) === (node.operator === "||") ? left : this.evalExpression(node.right, context);
    }
    const made = old.call(this, node, context);
    note(node.operator, size(made));
    return made;
  });
  hook("_evalUnaryOp", (old) => function (node, context) {
    const made = old.call(this, node, context);
    if (node.operator !== "&" && node.operator !== "*") note(node.operator, size(made));
    return made;
  });
  hook("_assign", (old) => function (node, context) {
    if (node.operator !== "=") note(node.operator.slice(0, -1), 1);
    return old.call(this, node, context);
  });
  hook("_increment", (old) => function (node, context) {
    note("+", 1);
    return old.call(this, node, context);
  });
  const bound = {};
  for (const [binding, words] of Object.entries(buffers)) bound[binding] = new Uint8Array(Uint32Array.from(words).buffer);
  try {
    new WgslExec(new WgslParser().parse(text)).dispatchWorkgroups(entry, workgroups, { 0: bound });
  } finally {
    Object.assign(proto, kept);
  }
  const outputs = Object.fromEntries(Object.entries(bound).map(([binding, bytes]) => [binding, [...new Uint32Array(bytes.buffer)]]));
  return { ops, outputs };
}

// Seconds that a shader takes with and without counters, by turns: the least of each.
export async function slowdown({ text, entry, words, workgroups, rounds }) {
  const gpu = await ready(), code = { plain: text, counted: instrument("test.wgsl", text).code }, runs = {};
  const entries = await buffersFor(gpu, words.map((n) => new Array(n).fill(0)));
  for (const kind of ["plain", "counted"]) {
    const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute: { module: gpu.createShaderModule({ code: code[kind] }), entryPoint: entry } });
    const group = gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const counts = gpu.createBuffer({ size: 4096, usage: 0x80 });
    const own = kind === "counted" && gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(1), entries: [{ binding: 0, resource: { buffer: counts } }] });
    runs[kind] = async () => {
      const encoder = gpu.createCommandEncoder(), pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      if (own) pass.setBindGroup(1, own);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
      const began = performance.now();
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone();
      return (performance.now() - began) / 1000;
    };
  }
  const least = { plain: Infinity, counted: Infinity };
  for (let round = 0; round <= rounds; round++)
    for (const kind of ["plain", "counted"]) {
      const seconds = await runs[kind]();
      if (round) least[kind] = Math.min(least[kind], seconds);
    }
  return least;
}

// As count, but every private counter begins at a number: what billions of turns would bring it to.
export async function sticky({ text, entry, start }) {
  const gpu = await ready(), made = instrument("test.wgsl", text);
  const code = made.code.replace(/(var<private> mj_c\d+: u32);/g, `$1 = ${start}u;`);
  const pipeline = await gpu.createComputePipelineAsync({ layout: "auto", compute: { module: await compile(gpu, "test.wgsl", code), entryPoint: entry } });
  const counts = gpu.createBuffer({ size: 4 * (2 * made.counters + 1), usage: 0x80 | 0x4 });
  const entries = await buffersFor(gpu, { 0: [0] }), encoder = gpu.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.setBindGroup(1, gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(1), entries: [{ binding: 0, resource: { buffer: counts } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  return { overflowed: (await readBack(gpu, counts))[0] };
}
