performance.now = () => { throw new Error("no clock"); };
window.fetch = () => { throw new Error("no fetch"); };
window.WebSocket = class {};
WebSocket.prototype.send = () => { throw new Error("no socket"); };
Promise.prototype.then = () => { throw new Error("no promise"); };
JSON.stringify = JSON.parse = () => "forged";
TextEncoder.prototype.encode = () => new Uint8Array(0);

export async function train() {
  return new Uint8Array([1]);
}

export async function load({ shape }) {
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
