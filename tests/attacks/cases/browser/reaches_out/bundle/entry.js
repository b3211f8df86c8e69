async function tries(name, act) {
  try {
    await act();
    console.log(`REACHED by ${name}`);
  } catch (error) {
    console.log(`refused: ${name}`);
  }
}

const opened = (socket) => new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
const candidate = (peer) => new Promise((resolve, reject) => {
  peer.onicecandidate = ({ candidate }) => (candidate ? candidate.candidate.includes("srflx") && resolve() : reject(new Error("no way out")));
  setTimeout(reject, 1500);
});

export async function train() {
  await tries("fetch", () => fetch("http://192.0.2.1/"));
  await tries("fetch without cors", () => fetch("http://169.254.169.254/latest/meta-data", { mode: "no-cors" }));
  await tries("websocket", () => opened(new WebSocket("ws://192.0.2.1/")));
  await tries("a second websocket to the harness", () => opened(new WebSocket(`ws://${location.host}/socket`)));
  await tries("beacon", () => new Promise((resolve, reject) => {  // its return value tells nothing: the policy's own word does
    document.addEventListener("securitypolicyviolation", (event) => event.blockedURI.startsWith("http://192.0.2.7") && reject(event));
    navigator.sendBeacon("http://192.0.2.7/", "x");
    setTimeout(resolve, 1000);
  }));
  await tries("image", () => new Promise((resolve, reject) => Object.assign(new Image(), { onload: resolve, onerror: reject, src: "http://192.0.2.1/x.png" })));
  await tries("worker", () => new Promise((resolve, reject) => { const worker = new Worker("/bundle/entry.js"); worker.onerror = reject; setTimeout(resolve, 500); }));
  await tries("frame", async () => { const frame = document.createElement("iframe"); frame.src = "/page/index.html"; document.body.append(frame); await new Promise((resolve) => setTimeout(resolve, 300)); if (!frame.contentDocument?.scripts.length) throw new Error("no"); });
  await tries("eval", () => eval("1"));
  await tries("file", () => fetch("file:///etc/passwd"));
  await tries("climbing", async () => { if (!(await fetch("/bundle/%2e%2e/%2e%2e/etc/passwd")).ok) throw new Error("no"); });
  await tries("webrtc", async () => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:192.0.2.1:3478" }] });
    peer.createDataChannel("x");
    const found = candidate(peer);
    await peer.setLocalDescription(await peer.createOffer());
    await found;
  });
  return new Uint8Array([1]);
}

export async function load({ shape }) {
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
