const run = async (device, code, size = 256) => {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
};

export async function train({ device }) {
  await run(device, `@group(0) @binding(0) var<storage, read_write> cell: array<u32>;
@compute @workgroup_size(1) fn main() { loop { cell[1] += 1u; if (cell[0] == 7u) { break; } } }`);
  return new Uint8Array([1]);
}

export async function load({ shape }) {
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
