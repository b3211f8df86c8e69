// The page's end of the box: adapter and device before the gate, the entry behind it. What it needs of the browser it takes
// before any of the entrant's code runs; `await` on the browser's own promises never looks at Promise.prototype.then.
import { explain, fileOf, whereIn } from "/page/explain.js";
import { inputsOf, trainingOf } from "/page/given.js";

const READY = 1, DATA = 2, ARRAY = 3, OPEN = 4, ARTIFACT = 5, FAILED = 6, LOADED = 7, RESET = 8, INPUTS = 9, LOGITS = 10, END = 11, TAKE = 13;
const LEAVE = 0, SAID = 100, FACTS = 101;
const MESSAGE_CHARS = 2000, LINE_CHARS = 20000;
const encoder = new TextEncoder(), decoder = new TextDecoder();
const encode = encoder.encode.bind(encoder), decode = decoder.decode.bind(decoder);
const stringify = JSON.stringify, parse = JSON.parse, ownFetch = window.fetch.bind(window), Promised = window.Promise;
const compilationInfo = window.GPUShaderModule?.prototype.getCompilationInfo, create = window.GPUDevice?.prototype.createShaderModule;
const socket = new WebSocket(`ws://${location.host}/socket`);
const send = WebSocket.prototype.send.bind(socket);
socket.binaryType = "arraybuffer";

const inbox = [], compiling = new Set();
let wake = null, ended = false, texts = {}, account = null;

socket.onmessage = (event) => {
  inbox[inbox.length] = event.data;
  if (wake) wake();
};

async function receive() {
  while (!inbox.length) await new Promised((resolve) => { wake = resolve; });
  wake = null;
  const message = inbox.splice(0, 1)[0];
  return [new Uint8Array(message, 0, 1)[0], message.slice(1)];
}

async function expect(kind) {
  const [seen, payload] = await receive();
  if (seen !== kind) throw new Error(`minjoule: frame ${seen} where ${kind} is due`);
  return payload;
}

const expectJson = async (kind) => parse(decode(await expect(kind)));

function tell(kind, payload = new Uint8Array(0)) {
  const message = new Uint8Array(payload.byteLength + 1);
  message[0] = kind;
  message.set(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength), 1);
  send(message);
}

const tellJson = (kind, value) => tell(kind, encode(stringify(value)));

function log(...words) {
  if (!ended) tell(SAID, encode(words.map((word) => (typeof word === "string" ? word : word instanceof Error ? explain(word) : String(word))).join(" ").slice(0, LINE_CHARS)));
}

// The last frames: what is owed, the account of a schedule's counts, and that we leave.
async function leave(kind, value) {
  if (ended) return;
  ended = true;
  if (kind === ARTIFACT) tell(kind, value);
  else if (kind === FAILED) tellJson(kind, value);
  if (account) tellJson(READY, { counts: await told(account) });
  tell(LEAVE);
}

// Of a run that failed there may be no counts any more: the device is lost, or nothing ran.
async function told(counting) {
  try {
    return (await counting()) ?? {};
  } catch {
    return {};
  }
}

const fail = (outcome, message) => leave(FAILED, { outcome, message: message.slice(0, MESSAGE_CHARS) });

class ContractError extends Error {}

async function failBy(error, contract) {
  await settled();
  if (!(error instanceof ContractError)) log(error instanceof Error ? error : new Error(String(error)));
  const memory = error instanceof RangeError && /allocation|array length|buffer/i.test(error.message);
  await fail(error instanceof ContractError ? contract : memory ? "MEMORY_LIMIT" : "RUNTIME_ERROR", explain(error).split("\n")[0]);
}

// Every shader's errors are ours to tell: the browser's own name a line, and no file.
async function inspect(module, code) {
  const info = await compilationInfo.call(module);
  const wrong = info.messages.filter((message) => message.type === "error");
  if (!wrong.length) return;
  const told = wrong.slice(0, 5).map((message) => `${whereIn(texts, code, message.lineNum)}, column ${message.linePos}: ${message.message}`);
  for (const line of told) log(line);
  await fail("RUNTIME_ERROR", told[0]);
}

function watchShaders() {
  GPUDevice.prototype.createShaderModule = function createShaderModule(descriptor) {
    const module = create.call(this, descriptor);
    compiling.add(inspect(module, String(descriptor.code)));
    return module;
  };
}

async function settled() {
  for (const looking of compiling) await looking;
  compiling.clear();
}

async function open() {
  if (!navigator.gpu) return [null, { missing: "this browser has no WebGPU: navigator.gpu is undefined" }];
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) return [null, { missing: "there is no WebGPU adapter: requestAdapter() gave null" }];
  const device = await adapter.requestDevice();
  const { vendor, architecture, device: name, description, isFallbackAdapter } = adapter.info;
  return [device, { vendor, architecture, device: name, description, fallback: Boolean(isFallbackAdapter), browser: navigator.userAgent }];
}

function watch(device) {
  watchShaders();
  device.lost.then((info) => fail("RUNTIME_ERROR", `the device was lost (${info.reason}): ${info.message}`));
  device.addEventListener("uncapturederror", async ({ error }) => {
    await settled();
    log(error.message);
    const memory = error instanceof GPUOutOfMemoryError;
    await fail(memory ? "MEMORY_LIMIT" : "RUNTIME_ERROR", `${error.constructor.name}: ${error.message.split("\n")[0]}`);
  });
  window.addEventListener("error", (event) => fail("RUNTIME_ERROR", `${fileOf(event.filename)}, line ${event.lineno}, column ${event.colno}: ${event.message}`));
  window.addEventListener("unhandledrejection", (event) => failBy(event.reason, "RUNTIME_ERROR"));
}

// A module that can't be parsed: only a script element is told the line (and then `error` above tells it).
async function importEntry(path) {
  try {
    return await import(`/bundle/${path}`);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const script = document.createElement("script");
      await new Promised((resolve) => Object.assign(script, { type: "module", src: `/bundle/${path}`, onload: resolve, onerror: resolve }) && document.head.append(script));
    }
    throw error;
  }
}

function schedule(device) {
  let counted = null;
  account = async () => (typeof counted === "function" ? counted() : counted);
  return {
    async train({ data, seed }) {
      const { trainModelled } = await import("/webgpu/modelled.js");
      const { artifact, counts } = await trainModelled({ device, files: texts, data, seed, log });
      counted = counts;
      return artifact;
    },
    async load({ artifact, shape }) {
      const { loadModelled } = await import("/webgpu/modelled.js");
      const predictor = await loadModelled({ device, files: texts, artifact, shape });
      counted = () => predictor.counts();
      return predictor;
    },
  };
}

async function train(entry, device, given, seed) {
  const artifact = await entry.train({ device, data: given, seed, log });
  if (!(artifact instanceof Uint8Array)) throw new ContractError(`train() returned ${artifact?.constructor?.name ?? typeof artifact}, a Uint8Array is due`);
  await settled();
  await leave(ARTIFACT, artifact);
}

async function score(entry, device, { artifact, shape }) {
  const predictor = await entry.load({ device, artifact, shape, log });
  tell(LOADED);
  for (;;) {
    const [kind, payload] = await receive();
    if (kind === END) return leave(END);
    if (kind === RESET) {
      await predictor.reset(parse(decode(payload)).streams);
      continue;
    }
    if (kind !== INPUTS) throw new Error(`minjoule: frame ${kind} while scoring`);
    const [inputs, streams] = inputsOf(payload, shape);
    const logits = await predictor.predict(inputs);
    const due = streams * shape.alphabet;
    if (!(logits instanceof Float32Array) || logits.length !== due)
      throw new ContractError(`predict() returned ${logits?.constructor?.name ?? typeof logits} of length ${logits?.length}, a Float32Array of ${due} (${streams} streams x ${shape.alphabet}) is due`);
    if (!ended) tell(LOGITS, logits);
  }
}

async function main() {
  await new Promised((resolve) => { socket.onopen = resolve; });
  const [device, facts] = await open();
  tellJson(FACTS, facts);
  if (!device) return;
  watch(device);
  const taken = await expectJson(TAKE);
  texts = parse(await (await ownFetch("/texts")).text());
  tell(READY);
  const header = await expectJson(DATA), arrays = [];
  for (const _ of header.arrays) arrays.push(await expect(ARRAY));
  const given = trainingOf(header, arrays);
  const { seed } = await expectJson(OPEN);
  for (const name of ["log", "info", "warn", "error", "debug"]) console[name] = log;
  try {
    const entry = taken.entrypoint === "schedule.json" ? schedule(device) : await importEntry(taken.entrypoint);
    if (taken.phase === "train") await train(entry, device, given, seed);
    else await score(entry, device, given);
  } catch (error) {
    await failBy(error, taken.phase === "train" ? "BAD_ARTIFACT" : "SCORING_ERROR");
  }
}

main();
