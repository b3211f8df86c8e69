// Runs one entry for a visitor, in a frame of an opaque origin. The page around it gives the data and computes the loss;
// what the entry says here is believed for nothing but the picture.
(() => {
  if (window.parent === window) return; // a stranger's code has no page of its own here, only a frame in ours
  // No policy stops WebRTC. Trusted Types, which the frame's policy asks for, keep a child frame from bringing fresh ones.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) delete window[name];
  const { entrypoint, paths, ...given } = document.documentElement.dataset;
  const absolute = (path) => new URL(path, location.href).href; // a script of another origin has no base of its own
  const files = absolute(given.files);
  const addressOf = (path) => files + path.split("/").map(encodeURIComponent).join("/");
  const ownFetch = window.fetch.bind(window);
  const tell = window.parent.postMessage.bind(window.parent);
  const log = (...words) => tell({ log: words.map(String).join(" ").slice(0, 2000) }, "*");
  let predictor = null;

  async function open() {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) throw new Error("this browser offers no WebGPU adapter: try a recent Chrome, Edge or Safari");
    const device = await adapter.requestDevice();
    device.addEventListener("uncapturederror", ({ error }) => tell({ failed: error.message }, "*"));
    device.lost.then((info) => tell({ failed: `the device was lost: ${info.message}` }, "*"));
    const { vendor, architecture } = adapter.info;
    log(`adapter: ${vendor} ${architecture}`);
    return device;
  }

  async function textOf(path) {
    const answer = await ownFetch(addressOf(path));
    if (!answer.ok) throw new Error(`${path} didn't come: ${answer.status}`);
    return answer.text();
  }

  async function scheduled(device) {
    const texts = {};
    for (const path of JSON.parse(paths)) texts[path] = await textOf(path);
    const { trainModelled, loadModelled } = await import(absolute("/play/library/modelled.js"));
    return {
      train: async ({ data, seed }) => (await trainModelled({ device, files: texts, data, seed, log })).artifact,
      load: ({ artifact, shape }) => loadModelled({ device, files: texts, artifact, shape }),
    };
  }

  async function play({ data, shape, seed }) {
    const device = await open();
    const entry = entrypoint === "schedule.json" ? await scheduled(device) : await import(addressOf(entrypoint));
    const artifact = await entry.train({ device, data, seed, log });
    tell({ trained: artifact.byteLength }, "*");
    predictor = await entry.load({ device, artifact, shape, log });
    tell({ loaded: true }, "*");
  }

  async function answer({ reset, inputs }) {
    if (reset) await predictor.reset(reset);
    tell({ logits: await predictor.predict(inputs) }, "*");
  }

  window.addEventListener("message", async ({ source, data: asked }) => {
    if (source !== window.parent) return;
    try {
      await (asked.inputs ? answer(asked) : play(asked));
    } catch (error) {
      tell({ failed: String(error?.message ?? error) }, "*");
    }
  });
  for (const name of ["log", "info", "warn", "error"]) console[name] = log;
  tell({ here: true }, "*");
})();
