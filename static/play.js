// The play page: hands the data into the entry's frame, asks it about held-out data, and computes the loss itself.
const place = document.querySelector(".play");
const field = (name) => document.querySelector(`[data-field="${name}"]`);
const BATCH = 128, LOG_CHARS = 20000;
const TYPES = { "<f4": Float32Array, "|u1": Uint8Array, "<u4": Uint32Array };
let game = null;

async function fetchData(track) {
  const buffer = await (await fetch(`/tracks/${track}/play/data`)).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const { name, dtype, shape, at } of header.arrays) {
    const size = shape.reduce((product, each) => product * each, 1);
    arrays[name] = Object.assign(new TYPES[dtype](buffer, 4 + length + at, size), { rows: shape });
  }
  return { alphabet: header.alphabet, arrays };
}

// Steps as the scorer makes them: reset (or not), inputs, and the truth that is kept here.
function* steps({ arrays: { asked, truth } }) {
  if (truth) {
    const features = asked.rows[1];
    for (let at = 0; at < truth.length; at += BATCH) {
      const end = Math.min(at + BATCH, truth.length);
      yield { reset: end - at, inputs: asked.slice(at * features, end * features), truth: truth.slice(at, end), share: end / truth.length };
    }
    return;
  }
  const [count, streams] = asked.rows;
  for (let step = 0; step + 1 < count; step++)
    yield { reset: step ? 0 : streams, inputs: asked.slice(step * streams, (step + 1) * streams), truth: asked.slice((step + 1) * streams, (step + 2) * streams), share: (step + 1) / (count - 1) };
}

function bitsLost(logits, truth, alphabet) {
  if (!(logits instanceof Float32Array) || logits.length !== truth.length * alphabet) throw new Error("the entry answered in another shape than is due");
  let bits = 0;
  for (let row = 0; row < truth.length; row++) {
    const mine = logits.subarray(row * alphabet, (row + 1) * alphabet), top = mine.reduce((most, each) => Math.max(most, each), -Infinity);
    let sum = 0;
    for (const each of mine) sum += Math.exp(each - top);
    bits += (Math.log(sum) - (mine[truth[row]] - top)) / Math.LN2;
  }
  return bits;
}

function show(values) {
  for (const [name, value] of Object.entries(values)) field(name).textContent = value;
}

function stop(state) {
  if (!game) return;
  clearInterval(game.clock);
  game.frame.remove();
  game = null;
  show({ state });
  place.querySelector('[data-act="play"]').disabled = false;
  place.querySelector('[data-act="stop"]').disabled = true;
}

function ask() {
  const next = game.steps.next();
  if (next.done) return stop("played: this is not a score");
  game.step = next.value;
  game.frame.contentWindow.postMessage({ reset: game.step.reset, inputs: game.step.inputs }, "*");
}

function begin() {
  const { alphabet, arrays } = game.data;
  const { asked, truth, ...given } = arrays;
  const features = truth ? asked.rows[1] : null;
  const data = truth ? { kind: "supervised", ...given, features, alphabet } : { kind: "sequence", ...given, alphabet };
  show({ state: "training" });
  game.frame.contentWindow.postMessage({ data, shape: { alphabet, features, dtype: truth ? "<f4" : "|u1" }, seed: crypto.getRandomValues(new Uint32Array(1))[0] }, "*");
}

function hear({ source, data: said }) {
  if (!game || source !== game.frame.contentWindow) return;
  if (said.log !== undefined) field("log").textContent = `${field("log").textContent}${said.log}\n`.slice(-LOG_CHARS);
  if (said.failed) return stop(`failed: ${String(said.failed).slice(0, 500)}`);
  if (said.here) begin();
  if (said.trained) show({ state: `trained: ${said.trained} bytes` });
  if (said.loaded) show({ state: "answering" });
  if (said.logits) {
    game.bits += bitsLost(said.logits, game.step.truth, game.data.alphabet);
    game.symbols += game.step.truth.length;
    show({ loss: (game.bits / game.symbols).toFixed(4), progress: `${Math.round(100 * game.step.share)} %` });
    place.querySelector("progress").value = game.step.share;
  }
  if (said.loaded || said.logits) ask();
}

async function play() {
  const began = performance.now();
  place.querySelector('[data-act="play"]').disabled = true;
  place.querySelector('[data-act="stop"]').disabled = false;
  show({ state: "fetching the data", log: "", loss: "–", progress: "–" });
  const data = await fetchData(place.dataset.track);
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.title = "The entry";
  frame.src = `/tracks/${place.dataset.track}/play/${place.dataset.entry}/frame`;
  const clock = setInterval(() => show({ time: `${((performance.now() - began) / 1000).toFixed(1)} s` }), 100);
  game = { data, frame, clock, steps: steps(data), bits: 0, symbols: 0, step: null };
  field("frame").append(frame);
}

if (place) {
  window.addEventListener("message", (event) => {
    try {
      hear(event);
    } catch (error) {
      stop(`failed: ${error.message}`);
    }
  });
  place.querySelector('[data-act="play"]').addEventListener("click", () => play().catch((error) => stop(`failed: ${error.message}`)));
  place.querySelector('[data-act="stop"]').addEventListener("click", () => stop("stopped"));
}
