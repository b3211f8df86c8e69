// Errors in the entrant's own terms: files of the bundle instead of addresses of ours.

const ORIGIN = new RegExp(`${location.origin.replace(/[.]/g, "\\.")}/bundle/`, "g");

export const fileOf = (address) => address.replace(ORIGIN, "") || "the page";

// The stack without our own frames.
export function explain(error) {
  if (!(error instanceof Error)) return String(error);
  const stack = (error.stack || String(error)).split("\n").filter((line) => !line.includes("/page/"));
  return stack.join("\n").replace(ORIGIN, "");
}

// Where line `line` of a shader's code stands: the file whose text the code holds, else the code itself.
export function whereIn(texts, code, line) {
  for (const [path, text] of Object.entries(texts)) {
    const at = path.endsWith(".wgsl") && text.trim() ? code.indexOf(text) : -1;
    if (at < 0) continue;
    const before = code.slice(0, at).split("\n").length - 1;
    const inside = line - before;
    if (inside >= 1 && inside <= text.split("\n").length) return `${path}, line ${inside}`;
  }
  return `a shader made by JavaScript, line ${line}`;
}
