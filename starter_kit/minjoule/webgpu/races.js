// Data races, found by running a sample of each dispatch in wgsl_reflect's interpreter, all invocations of a workgroup in
// lockstep from barrier to barrier. Dynamic, so it proves nothing about what the sample didn't do: up to 2x2 workgroups of each
// distinct dispatch, STEPS statements of it, on the buffers as they are before training (zero where nothing is known yet).
// A shader that scatters by an index that it reads needs atomics, or is taken for racy where the indices are still all zero.
import { MemoryTracker, WgslDebug, WgslExec, detectRaces } from "./vendor/wgsl_reflect.module.js";

const STEPS = 60_000; // interpreted statements per pipeline, and three times that for all pipelines
class Enough extends Error {}
let sample = null;

export class RaceError extends Error {
  constructor(file, line, buffer, message) {
    super(`${file}, line ${line}: data race on ${buffer}: ${message}`);
    Object.assign(this, { name: "RaceError", file, line, buffer });
  }
}

// What two accesses of one word need to be told apart: at most two invocations for each kind of access.
function clash(seen, who, kind, atomic) {
  return seen.find((other) => other.who !== who && (other.kind === "write" || kind === "write") && !(other.atomic && atomic));
}

function remember(map, key, access) {
  const seen = map.get(key);
  if (!seen) return map.set(key, [access]), null;
  const found = clash(seen, access.who, access.kind, access.atomic);
  const alike = seen.filter((other) => other.kind === access.kind && other.atomic === access.atomic);
  if (alike.length < 2 && !alike.some((other) => other.who === access.who)) seen.push(access);
  return found;
}

const tracked = MemoryTracker.prototype;
tracked.record = function (bufferId, offset, size, kind, atomic) {
  if (!sample) return;
  if (!this.number) Object.assign(this, { number: ++sample.groups, phase: new Map() });
  for (let word = offset >> 2; word < (offset + size + 3) >> 2; word++) {
    const key = `${bufferId} ${word}`;
    const within = remember(this.phase, key, { who: this.currentInvocation, kind, atomic, line: this.currentLine });
    const across = sample.storage.has(bufferId) && remember(sample.words, key, { who: this.number, kind, atomic, line: this.currentLine });
    const other = within || across;
    if (!other) continue;
    const parties = within ? "two invocations of a workgroup" : "two workgroups";
    sample.race = { buffer: bufferId, line: this.currentLine, message: `${parties} touch its byte ${word * 4} unordered (${other.kind} in line ${other.line}, ${kind} in line ${this.currentLine}); use a barrier within a workgroup, atomics or another dispatch` };
    throw new Enough();
  }
};
tracked.endPhase = function () { this.phase?.clear(); };

// wgsl_reflect 1.6.0 never ends with the bits of a number whose highest is set: it shifts the sign in.
Object.getPrototypeOf(new WgslExec([]).builtins)._countOneBits = (value) => {
  let bits = 0;
  for (let left = value >>> 0; left; left &= left - 1) bits++;
  return bits;
};

const step = WgslDebug.prototype.stepStack;
WgslDebug.prototype.stepStack = function (...args) {
  if (sample && ++sample.steps > sample.most) throw new Enough();
  return step.apply(this, args);
};

// Throws RaceError for the first race found in any of the dispatches.
export function findRaces(files, schedule, steps, machine, log = () => {}) {
  const looked = new Set();
  let left = 3 * STEPS;
  for (const each of steps) {
    const name = JSON.stringify([each.dispatch, each.bind]);
    if (!each.dispatch || looked.has(name) || left <= 0) continue;
    looked.add(name);
    const { file, entry } = machine.pipelines.get(each.dispatch), group = {};
    const bound = machine.bound(each);
    for (const [variable, buffer] of bound) {
      const data = new ArrayBuffer(machine.buffers.get(buffer).size), known = machine.known.get(buffer);
      if (known) new Uint8Array(data).set(known);
      group[variable.binding] = variable.space === "uniform" ? { uniform: data } : data;
    }
    const [x, y = 1] = each.workgroups, storage = new Set(bound.filter(([{ space }]) => space === "storage").map(([variable]) => variable.name));
    left -= look(files[file], file, entry, [Math.min(x, 2), Math.min(y, 2), 1], { 0: group }, storage, Math.min(left, STEPS), log);
  }
}

function look(text, file, entry, grid, groups, storage, most, log) {
  sample = { steps: 0, most, groups: 0, words: new Map(), storage, race: null };
  const seen = sample;
  try {
    detectRaces(text, entry, grid, groups);
  } catch (error) {
    if (!(error instanceof Enough)) log(`${file}: ${entry} wasn't looked through for races; the interpreter says: ${error.message}`);
  } finally {
    sample = null;
  }
  const { race, steps } = seen;
  if (race) throw new RaceError(file, race.line, race.buffer, race.message);
  return steps;
}
