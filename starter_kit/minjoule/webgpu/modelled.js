// Runs WGSL by its schedule and counts every basic block: train and load/predict for the boundary modelled-wgsl.
// The box's harness page and the play page load this; it knows nothing of sockets, windows or scoring.
import { COUNTER_GROUP, instrument, spent } from "./count.js";
import { findRaces } from "./races.js";
import { readSchedule } from "./schedule.js";
import { WgslError } from "./parse.js";

const BATCH = 256; // dispatches a submit
const USAGE = { STORAGE: 0x80, UNIFORM: 0x40, SRC: 0x4, DST: 0x8, READ: 0x1 };

let limitsRead;
const limits = () => (limitsRead ??= fetch(new URL("./limits.json", import.meta.url)).then((answer) => answer.json()));

export async function trainModelled({ device, files, data, seed, log = () => {} }) {
  const schedule = readSchedule(files["schedule.json"], await limits(), files);
  const machine = await Machine.make(device, files, schedule, ["train"], contents(data, seed), log);
  await machine.run(schedule.train, (done, total) => log(`train: ${done} of ${total} dispatches`));
  const parts = [];
  for (const name of schedule.artifact) parts.push(await machine.read(name, machine.buffers.get(name)?.size ?? fail(`the artifact's ${name} isn't used in train`)));
  const artifact = joined(parts), counts = await machine.counts();
  machine.destroy();
  return { artifact, counts };
}

export async function loadModelled({ device, files, artifact, shape }) {
  const schedule = readSchedule(files["schedule.json"], await limits(), files);
  const due = schedule.artifact.reduce((sum, name) => sum + schedule.buffers[name].bytes, 0);
  if (artifact.byteLength !== due) fail(`the artifact has ${artifact.byteLength} bytes, the schedule's buffers ${due}`);
  const given = new Map();
  let at = 0;
  for (const name of schedule.artifact) given.set(name, artifact.slice(at, (at += schedule.buffers[name].bytes)));
  const { alphabet } = shape, features = shape.features ?? 1; // null for sequences: one symbol a stream
  const fill = { shape: words([0, features, alphabet, 0]), artifact: given };
  const machine = await Machine.make(device, files, schedule, ["load", "predict"], fill, () => {});
  if (schedule.load.length) await machine.run(schedule.load);
  return predictor(machine, schedule, { features, alphabet });
}

function predictor(machine, schedule, { features, alphabet }) {
  const inputs = [...machine.buffers].filter(([name]) => schedule.buffers[name].initial === "heldout.inputs");
  const capacity = Math.floor(schedule.buffers[schedule.logits].bytes / 4 / alphabet);
  const shaped = [...machine.buffers.keys()].filter((name) => schedule.buffers[name].initial === "shape");
  let streams = 0;
  return {
    async reset(wanted) {
      if (wanted > capacity) fail(`${wanted} streams are asked for; the buffer ${schedule.logits} holds logits for ${capacity}`);
      streams = wanted;
      for (const name of schedule.reset) machine.write(name, new Uint8Array(schedule.buffers[name].bytes));
      for (const name of shaped) machine.write(name, words([0, features, alphabet, streams]));
    },
    async predict(given) {
      const rows = given.length / features;
      if (rows > capacity) fail(`${rows} rows of inputs; the buffer ${schedule.logits} holds logits for ${capacity}`);
      const bytes = widened(given);
      for (const [name, buffer] of inputs) {
        if (bytes.byteLength > buffer.size) fail(`${rows} rows of inputs have ${bytes.byteLength} bytes, the buffer ${name} ${buffer.size}`);
        machine.write(name, bytes);
      }
      await machine.run(schedule.predict);
      return new Float32Array((await machine.read(schedule.logits, rows * alphabet * 4)).buffer);
    },
    counts: () => machine.counts(),
    destroy: () => machine.destroy(),
  };
}

const fail = (message) => { throw new Error(message); };
const words = (values) => new Uint8Array(Uint32Array.from(values).buffer);

// f32 stays, narrower integers become u32: WGSL has no bytes.
function widened(array) {
  const wide = array instanceof Float32Array ? array : array instanceof BigInt64Array ? Uint32Array.from(array, Number) : new Uint32Array(array);
  return new Uint8Array(wide.buffer, wide.byteOffset, wide.byteLength);
}

function contents(data, seed) {
  const number = BigInt(seed), made = { seed: words([Number(number & 0xffffffffn), Number((number >> 32n) & 0xffffffffn)]) };
  if (data.kind === "supervised") {
    made["training.inputs"] = widened(data.inputs);
    made["training.labels"] = widened(data.labels);
    made.shape = words([data.labels.length, data.features, data.alphabet, 0]);
  } else {
    made["training.symbols"] = widened(data.symbols);
    made["training.starts"] = widened(data.starts);
    made.shape = words([data.symbols.length, data.starts.length, data.alphabet, 0]);
  }
  return made;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.byteLength, 0));
  let at = 0;
  for (const each of parts) whole.set(each, at), (at += each.byteLength);
  return whole;
}

const flat = (list) => list.flatMap((each) => (each.do ? flat(each.do) : [each]));
const length = (list) => list.reduce((sum, each) => sum + (each.do ? each.loop * length(each.do) : 1), 0);
function* unrolled(list) {
  for (const each of list)
    if (each.do) for (let turn = 0; turn < each.loop; turn++) yield* unrolled(each.do);
    else yield each;
}

// Compiles the entrant's own text first: what the browser has against it is told in its lines.
export async function compile(device, file, text, code = text) {
  const module = device.createShaderModule({ code });
  const wrong = (await module.getCompilationInfo()).messages.find(({ type }) => type === "error");
  if (wrong) throw Object.assign(new Error(`${file}, line ${wrong.lineNum}, column ${wrong.linePos}: ${wrong.message}`), { name: "WgslError", file, line: wrong.lineNum, column: wrong.linePos });
  return module;
}

class Machine {
  static async make(device, files, schedule, phases, fill, log) {
    const machine = Object.assign(new Machine(), { device, schedule, host: 0n, buffers: new Map(), known: new Map(), pipelines: new Map(), groups: new Map() });
    const steps = phases.flatMap((phase) => flat(schedule[phase]));
    await machine.build(files, new Set(steps.filter((each) => each.dispatch).map((each) => each.dispatch)));
    const used = new Set(steps.flatMap((each) => machine.touched(each)));
    for (const name of phases.includes("train") ? schedule.artifact : [...schedule.artifact, ...schedule.reset, schedule.logits]) used.add(name);
    for (const name of used) machine.allocate(name, fill);
    findRaces(files, schedule, steps, machine, log);
    machine.known.clear();
    return machine;
  }

  async build(files, names) {
    const modules = new Map();
    this.device.pushErrorScope("validation");
    for (const name of names) {
      const { file, entry } = this.schedule.pipelines[name];
      if (!modules.has(file)) {
        await compile(this.device, file, files[file]);
        const counted = instrument(file, files[file]);
        modules.set(file, { ...counted, module: await compile(this.device, `${file} with counters`, files[file], counted.code) });
      }
      const made = modules.get(file);
      if (!Object.hasOwn(made.entries, entry)) throw new WgslError(file, files[file], 0, `there's no compute entry point ${entry}`);
      const pipeline = await this.device.createComputePipelineAsync({ layout: "auto", compute: { module: made.module, entryPoint: entry } });
      const size = 4 * (2 * made.counters + 1), counts = this.device.createBuffer({ size, usage: USAGE.STORAGE | USAGE.SRC });
      const group = this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(COUNTER_GROUP), entries: [{ binding: 0, resource: { buffer: counts } }] });
      const used = new Set(made.entries[entry].vars);
      const vars = made.vars.filter((each) => used.has(each.name) && (each.space === "storage" || each.space === "uniform"));
      this.pipelines.set(name, { ...made, file, entry, pipeline, counts, group, vars });
    }
    const wrong = await this.device.popErrorScope();
    if (wrong) fail(wrong.message);
  }

  // [variable, buffer's name] of a dispatch.
  bound({ dispatch, bind = {} }) {
    const { vars, file } = this.pipelines.get(dispatch);
    return vars.map((each) => {
      const name = Object.hasOwn(bind, each.name) ? bind[each.name] : each.name;
      if (!Object.hasOwn(this.schedule.buffers, name)) fail(`schedule.json: ${file} has a variable ${each.name}, and there's no such buffer; add it, or bind another to it`);
      if ((this.schedule.buffers[name].usage ?? "storage") !== each.space) fail(`schedule.json: ${name} is bound as ${each.space} in ${file}; say "usage": "${each.space}"`);
      return [each, name];
    });
  }

  touched(each) {
    return each.dispatch ? this.bound(each).map(([, name]) => name) : [each.copy, each.to];
  }

  allocate(name, fill) {
    const { bytes, usage, initial = "zero" } = this.schedule.buffers[name];
    const given = fill.artifact?.get(name) ?? fill[initial];
    if (!given && initial !== "zero" && initial !== "heldout.inputs") fail(`schedule.json: ${name} is to hold ${initial}, which isn't there in this phase or problem`);
    const size = Math.max(bytes ?? given.byteLength, 4);
    const flags = (usage === "uniform" ? USAGE.UNIFORM : USAGE.STORAGE) | USAGE.SRC | USAGE.DST;
    this.buffers.set(name, this.device.createBuffer({ size, usage: flags }));
    if (given) this.write(name, given), this.known.set(name, given);
    else if (initial === "zero") this.host += BigInt(size);
  }

  write(name, bytes) {
    const buffer = this.buffers.get(name);
    if (!buffer) return;
    this.device.queue.writeBuffer(buffer, 0, bytes);
    this.host += BigInt(bytes.byteLength);
  }

  async read(name, size) {
    this.host += BigInt(size);
    return new Uint8Array(await this.fetch(this.buffers.get(name), size));
  }

  async fetch(buffer, size) {
    const staging = this.device.createBuffer({ size, usage: USAGE.READ | USAGE.DST }), encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(1);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return bytes;
  }

  groupFor(each) {
    if (!this.groups.has(each)) {
      const entries = this.bound(each).map(([{ binding }, name]) => ({ binding, resource: { buffer: this.buffers.get(name) } }));
      const layout = this.pipelines.get(each.dispatch).pipeline.getBindGroupLayout(0);
      this.groups.set(each, entries.length ? this.device.createBindGroup({ layout, entries }) : null);
    }
    return this.groups.get(each);
  }

  async run(steps, progress = null) {
    const total = length(steps), queue = this.device.queue;
    let encoder = this.device.createCommandEncoder(), pass = null, done = 0, told = 0;
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    for (const each of unrolled(steps)) {
      if (each.dispatch) {
        pass ??= encoder.beginComputePass();
        const { pipeline, group } = this.pipelines.get(each.dispatch), own = this.groupFor(each);
        pass.setPipeline(pipeline);
        if (own) pass.setBindGroup(0, own);
        pass.setBindGroup(COUNTER_GROUP, group);
        pass.dispatchWorkgroups(...each.workgroups);
      } else {
        pass?.end();
        pass = null;
        const { size } = this.buffers.get(each.to);
        encoder.copyBufferToBuffer(this.buffers.get(each.copy), 0, this.buffers.get(each.to), 0, size);
        this.host += 2n * BigInt(size);
      }
      if (++done % BATCH && done < total) continue;
      pass?.end();
      pass = null;
      queue.submit([encoder.finish()]);
      encoder = this.device.createCommandEncoder();
      if (!progress) continue;
      await queue.onSubmittedWorkDone();
      if (done - told >= total / 20 || done === total) progress((told = done), total);
    }
    const wrong = [await this.device.popErrorScope(), await this.device.popErrorScope()].find(Boolean);
    if (wrong) fail(wrong.message);
  }

  // All that was spent so far, as decimal strings by key of the price table.
  async counts() {
    const total = { host: this.host };
    for (const { counts, segments, file, entry, counters } of this.pipelines.values()) {
      const raw = new Uint32Array(await this.fetch(counts, counts.size));
      if (raw[0]) fail(`${file}: one invocation of ${entry} ran a block more than 2^31 times, more than a counter holds; use shorter loops and more invocations`);
      const values = Array.from({ length: counters }, (_, id) => BigInt(raw[2 * id + 1]) + (BigInt(raw[2 * id + 2]) << 32n));
      for (const [key, n] of Object.entries(spent(segments, values))) total[key] = (total[key] ?? 0n) + n;
    }
    return Object.fromEntries(Object.entries(total).filter(([, n]) => n).sort().map(([key, n]) => [key, String(n)]));
  }

  destroy() {
    for (const buffer of this.buffers.values()) buffer.destroy();
    for (const { counts } of this.pipelines.values()) counts.destroy();
  }
}
