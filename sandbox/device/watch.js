// A page of ours beside the entries': whether the graphics processor is free, what the device is, its battery, and a load to calibrate by.
(() => {
  const WORK = `@group(0) @binding(0) var<storage, read_write> cells: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) at: vec3u) {
  var sum = cells[at.x];
  for (var turn = 0u; turn < 20000u; turn++) { sum = fma(sum, 0.999, 0.001); }
  cells[at.x] = sum;
}`;
  const GROUPS = 64;
  let cell = null, lowest = 1, discharged = false;

  // After the graphics process was ended it takes a moment until there's an adapter again.
  async function adapterOf() {
    for (let left = 50; ; left--) {
      const adapter = navigator.gpu ? await navigator.gpu.requestAdapter() : null;
      if (adapter || !left) return adapter;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function free() {
    const adapter = await adapterOf();
    if (!adapter) return false;
    const device = await adapter.requestDevice();
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, new Uint32Array(4));
    await device.queue.onSubmittedWorkDone();
    device.destroy();
    return true;
  }

  async function facts() {
    const asked = ["model", "platform", "platformVersion", "architecture"];
    const said = (await navigator.userAgentData?.getHighEntropyValues?.(asked)) ?? {};
    return Object.fromEntries([...asked.map((name) => [name, String(said[name] ?? "")]), ["browser", navigator.userAgent], ["secure", String(isSecureContext)]]);
  }

  // Between two looks the battery tells by itself when it falls or discharges. Null where the browser has no word of it.
  async function battery() {
    if (!navigator.getBattery) return null;
    const now = await navigator.getBattery();
    if (!cell) {
      cell = now;
      lowest = now.level;
      const note = () => {
        lowest = Math.min(lowest, now.level);
        discharged ||= !now.charging;
      };
      now.addEventListener("levelchange", note);
      now.addEventListener("chargingchange", note);
    }
    const told = { level: now.level, charging: now.charging, lowest: Math.min(lowest, now.level), discharged: discharged || !now.charging };
    lowest = now.level;
    discharged = !now.charging;
    return told;
  }

  async function bench() {
    const adapter = await adapterOf();
    if (!adapter) throw new Error("there is no WebGPU adapter");
    const device = await adapter.requestDevice();
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module: device.createShaderModule({ code: WORK }), entryPoint: "main" } });
    const buffer = device.createBuffer({ size: GROUPS * 64 * 4, usage: GPUBufferUsage.STORAGE });
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
    const turn = async () => {
      const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(GROUPS);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
    return { turn, end: () => device.destroy() };
  }

  // The same work each time: so many turns; or as many as fit into so many seconds. How many were done.
  async function busy({ turns = Infinity, seconds = Infinity }) {
    const work = await bench(), until = performance.now() + 1000 * seconds;
    let done = 0;
    for (; done < turns && performance.now() < until; done++) await work.turn();
    work.end();
    return done;
  }

  // Seconds that so many turns take, the first ones apart: shaders are compiled then.
  async function timed(turns) {
    await busy({ turns: 2 });
    const began = performance.now();
    await busy({ turns });
    return (performance.now() - began) / 1000;
  }

  globalThis.minjoule = { free, facts, battery, busy, timed };
})();
