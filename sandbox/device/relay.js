// In a world of ours beside the page's: from its port to the host's binding and back, in pieces of a bounded size. It sends no more
// ahead than the host has taken, so what a page floods stays in the page.
(() => {
  if (window.top !== window) return;
  const PIECE = 1 << 20, PIECE_COSTS = 64, AHEAD = 16 << 20;  // page.py acknowledges by the same cost
  const tell = globalThis.minjouleTell;
  const waiting = [];
  let port = null, ahead = 0, coming = [];

  const encode = (bytes) => {
    if (bytes.toBase64) return bytes.toBase64();
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  const decode = (text) => (Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));

  function flush() {
    while (waiting.length && ahead < AHEAD) {
      const [bytes, at] = waiting[0], piece = bytes.subarray(at, at + PIECE), last = at + PIECE >= bytes.length;
      ahead += piece.length + PIECE_COSTS;
      tell((last ? "." : "+") + encode(piece));
      if (last) waiting.shift();
      else waiting[0][1] += PIECE;
    }
  }

  globalThis.minjouleTake = (text, last) => {
    coming.push(decode(text));
    if (!last) return;
    const whole = new Uint8Array(coming.reduce((sum, each) => sum + each.length, 0));
    let at = 0;
    for (const each of coming) {
      whole.set(each, at);
      at += each.length;
    }
    coming = [];
    port.postMessage(whole.buffer, [whole.buffer]);
  };

  globalThis.minjouleTaken = (bytes) => {
    ahead -= bytes;
    flush();
  };

  window.addEventListener("message", function first(event) {
    if (event.data !== "minjoule" || !event.ports.length) return;
    window.removeEventListener("message", first, true);
    event.stopImmediatePropagation();
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      waiting.push([data instanceof ArrayBuffer ? new Uint8Array(data) : ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(0), 0]);
      flush();
    };
    port.postMessage("open");
  }, true);
})();
