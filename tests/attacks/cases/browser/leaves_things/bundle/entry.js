const request = (asked) => new Promise((resolve, reject) => { asked.onsuccess = () => resolve(asked.result); asked.onerror = reject; });

async function open() {
  const asked = indexedDB.open("kept", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("things");
  return request(asked);
}

export async function train() {
  const database = await open();
  await request(database.transaction("things", "readwrite").objectStore("things").put("x", "key"));
  localStorage.setItem("kept", "x");
  document.cookie = "kept=x; max-age=100000";
  const above = location.hostname.split(".").slice(1).join(".");  // of a site that many entries share
  document.cookie = `above=x; max-age=100000; domain=${above}`;
  console.log(document.cookie.includes("above") ? "LEFT OVER above" : "refused: a cookie for others");
  await caches.open("kept").catch(() => null);
  await navigator.serviceWorker.register("/bundle/entry.js").then(() => console.log("REGISTERED"), () => console.log("refused: service worker"));
  return new Uint8Array([1]);
}

export async function load({ shape }) {
  const database = await open();
  const seen = [await request(database.transaction("things").objectStore("things").get("key")), localStorage.getItem("kept"), document.cookie, ...(await caches.keys())];
  console.log(seen.some(Boolean) ? `LEFT OVER ${seen}` : "nothing is left");
  let streams = 0;
  return { async reset(count) { streams = count; }, async predict() { return new Float32Array(streams * shape.alphabet); } };
}
