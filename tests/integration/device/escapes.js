// Every way out of the page that we could think of, to a port of this machine where a test listens.
const tries = async (name, act) => { try { await act(); console.log(`${name}: done`); } catch (error) { console.log(`refused: ${name}`); } };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const link = (rel) => { const made = document.createElement("link"); made.rel = rel; made.href = "http://$HERE:$TCP/"; document.head.append(made); };
function peers(realm) {
  const peer = new realm.RTCPeerConnection({ iceServers: [{ urls: "stun:$HERE:$UDP" }] });
  peer.createDataChannel("x");
  return peer.createOffer().then((offer) => peer.setLocalDescription(offer)).then(() => wait(400));
}
export async function train() {
  await tries("fetch", () => fetch("http://$HERE:$TCP/", { mode: "no-cors" }));
  await tries("socket", () => new Promise((resolve, reject) => Object.assign(new WebSocket("ws://$HERE:$TCP/"), { onopen: resolve, onerror: reject })));
  await tries("webrtc", () => peers(window));
  await tries("a frame's webrtc", () => { const frame = document.body.appendChild(document.createElement("iframe")); return peers(frame.contentWindow); });
  await tries("a frame's socket", () => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    return new Promise((resolve, reject) => Object.assign(new frame.contentWindow.WebSocket("ws://$HERE:$TCP/"), { onopen: resolve, onerror: reject }));
  });
  await tries("a frame with text", async () => {
    const frame = document.createElement("iframe");
    frame.srcdoc = "<img src='http://$HERE:$TCP/'>";
    document.body.append(frame);
    await wait(100);
    if (frame.contentWindow) await peers(frame.contentWindow);
  });
  for (const rel of ["dns-prefetch", "preconnect", "prefetch", "prerender", "modulepreload", "stylesheet", "icon"]) link(rel);
  await tries("speculation", () => { const rules = document.createElement("script"); rules.type = "speculationrules"; rules.textContent = '{"prefetch":[{"urls":["http://$HERE:$TCP/"]}]}'; document.head.append(rules); });
  await tries("beacon", () => navigator.sendBeacon("http://$HERE:$TCP/", "x"));
  await tries("window", () => window.open("http://$HERE:$TCP/"));
  await tries("form", () => { const form = document.body.appendChild(document.createElement("form")); form.action = "http://$HERE:$TCP/"; form.submit(); });
  await tries("the relay", () => minjouleTell(".AA=="));
  await wait(500);
  return new Uint8Array([1]);
}
