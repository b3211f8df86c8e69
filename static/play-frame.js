// Runs one entry for a visitor, in a frame of an opaque origin. The page around it gives the data and computes the loss;
// what the entry says here is believed for nothing but the picture.
(() => {
  const { entrypoint, paths, ...given } = document.documentElement.dataset;
  const absolute = (path) => new URL(path, location.href).href; // a script of another origin has no base of its own
  const files = absolute(given.files);
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

  async function scheduled(device) {
    const texts = {};
    for (const path of JSON.parse(paths)) texts[path] = await (await ownFetch(files + encodeURI(path))).text();
    const { trainModelled, loadModelled } = await import(absolute("/play/library/modelled.js"));
    return {
      train: async ({ data, seed }) => (await trainModelled({ device, files: texts, data, seed, log })).artifact,
      load: ({ artifact, shape }) => loadModelled({ device, files: texts, artifact, shape }),
    };
  }

  async function play({ data, shape, seed }) {
    const device = await open();
    const entry = entrypoint === "schedule.json" ? await scheduled(device) : await import(files + entrypoint);
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
