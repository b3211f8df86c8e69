// Your entry. Browser, adapter and device are there before the gate; everything from the import of this module on is billed.

const text = async (name) => (await fetch(new URL(name, import.meta.url))).text();

// data: {kind: "supervised", inputs, labels, features, alphabet} or {kind: "sequence", symbols, starts, alphabet}.
// Returns the model as one Uint8Array.
export async function train({ device, data, seed, log }) {
  const symbols = data.labels ?? data.symbols;
  const padded = new Uint8Array(Math.ceil(symbols.length / 4) * 4);
  padded.set(symbols);
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const asked = device.createBuffer({ size: padded.length, usage: STORAGE | COPY_DST });
  const counts = device.createBuffer({ size: 1024, usage: STORAGE | COPY_SRC });
  const landing = device.createBuffer({ size: 1024, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(asked, 0, padded);
  const module = device.createShaderModule({ code: await text("count.wgsl") });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "count" } });
  const entries = [asked, counts].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  const groups = Math.ceil(padded.length / 64);
  pass.dispatchWorkgroups(Math.min(groups, 65535), Math.ceil(groups / 65535));
  pass.end();
  encoder.copyBufferToBuffer(counts, 0, landing, 0, 1024);
  device.queue.submit([encoder.finish()]);
  await landing.mapAsync(GPUMapMode.READ);
  const seen = new Uint32Array(landing.getMappedRange()).slice(0, data.alphabet);
  log(`counted ${symbols.length} symbols`);
  return new Uint8Array(Float32Array.from(seen, (count) => Math.log((count + 1) / (symbols.length + data.alphabet))).buffer);
}

// Answers with the symbols' frequencies, whatever the inputs: replace it with something that looks at them.
export async function load({ device, artifact, shape }) {
  const logits = new Float32Array(artifact.slice().buffer);
  let streams = 0;
  return {
    async reset(count) { streams = count; },
    async predict(inputs) {
      const answer = new Float32Array(streams * shape.alphabet);
      for (let stream = 0; stream < streams; stream++) answer.set(logits, stream * shape.alphabet);
      return answer;
    },
  };
}
