// schedule.json as the runner takes it. The door (schedule.py) has checked it with line numbers; the same rules hold here,
// since the play page and `try` may meet one that passed no door. Limits: limits.json, shared by both.

export const INITIALS = ["zero", "seed", "shape", "training.inputs", "training.labels", "training.symbols", "training.starts", "heldout.inputs"];
const KEYS = ["version", "buffers", "pipelines", "train", "load", "predict", "reset", "artifact", "logits"];
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

export class ScheduleError extends Error {
  constructor(message) {
    super(`schedule.json: ${message}`);
    this.name = "ScheduleError";
  }
}

const fail = (message) => { throw new ScheduleError(message); };
const whole = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;
const table = (value, where) => (value && typeof value === "object" && !Array.isArray(value) ? value : fail(`${where} must be an object`));

function only(value, keys, where) {
  for (const key of Object.keys(table(value, where))) if (!keys.includes(key)) fail(`${where}.${key} is unknown; known are ${keys.join(", ")}`);
  return value;
}

// -> the schedule with every part present. Throws ScheduleError.
export function readSchedule(text, limits, files) {
  if (text === undefined) fail("is missing from the bundle");
  if (text.length > limits.schedule_chars) fail(`${text.length} characters, ${limits.schedule_chars} are allowed`);
  let read;
  try {
    read = JSON.parse(text);
  } catch (error) {
    fail(`no valid JSON: ${error.message}`);
  }
  only(read, KEYS, "the schedule");
  const made = { load: [], reset: [], ...read };
  if (made.version !== 1) fail(`version is ${JSON.stringify(made.version)}, 1 is due`);
  for (const [name, each] of Object.entries(table(made.buffers, "buffers"))) buffer(name, each, limits);
  for (const [name, each] of Object.entries(table(made.pipelines, "pipelines"))) pipeline(name, each, files);
  if (Object.keys(made.buffers).length > limits.buffers) fail(`more than ${limits.buffers} buffers`);
  if (Object.keys(made.pipelines).length > limits.pipelines) fail(`more than ${limits.pipelines} pipelines`);
  for (const key of ["train", "load", "predict"]) {
    const total = dispatches(made[key], made, limits, key, 0);
    if (total > limits.dispatches) fail(`${key} makes ${total} dispatches, ${limits.dispatches} are allowed`);
    if (!total && key !== "load") fail(`${key} dispatches nothing`);
  }
  for (const key of ["artifact", "reset"])
    if (!Array.isArray(made[key]) || !made[key].every((name) => Object.hasOwn(made.buffers, name))) fail(`${key} must list names of buffers`);
  if (!made.artifact.length) fail("artifact names no buffer");
  if (!Object.hasOwn(made.buffers, made.logits)) fail(`logits is ${JSON.stringify(made.logits)}, which is no buffer`);
  const sized = [...made.artifact, ...made.reset, made.logits].find((name) => made.buffers[name].bytes === undefined);
  if (sized) fail(`buffers.${sized} needs bytes`);
  const total = Object.values(made.buffers).reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  if (total > limits.buffers_bytes) fail(`the buffers have ${total} bytes, ${limits.buffers_bytes} are allowed`);
  return made;
}

function buffer(name, each, limits) {
  const where = `buffers.${name}`;
  if (!NAME.test(name)) fail(`${where} is no name for a buffer`);
  only(each, ["bytes", "usage", "initial"], where);
  const initial = each.initial ?? "zero";
  if (!INITIALS.includes(initial)) fail(`${where}.initial is ${JSON.stringify(initial)}; known are ${INITIALS.join(", ")}`);
  if (!["storage", "uniform"].includes(each.usage ?? "storage")) fail(`${where}.usage is ${JSON.stringify(each.usage)}; known are storage, uniform`);
  const needs = initial === "zero" || initial === "heldout.inputs";
  if (needs !== (each.bytes !== undefined)) fail(needs ? `${where}.bytes is missing` : `${where}.bytes follows from ${initial}: leave it out`);
  if (needs && (!whole(each.bytes, 4, limits.buffers_bytes) || each.bytes % 4)) fail(`${where}.bytes must be a multiple of 4, 4 to ${limits.buffers_bytes}`);
}

function pipeline(name, each, files) {
  only(each, ["file", "entry"], `pipelines.${name}`);
  if (!/^[A-Za-z0-9_-]{1,60}\.wgsl$/.test(each.file)) fail(`pipelines.${name}.file must be a .wgsl file of the bundle's top folder`);
  if (!NAME.test(each.entry)) fail(`pipelines.${name}.entry must name a compute function`);
  if (files && !Object.hasOwn(files, each.file)) fail(`pipelines.${name}.file: ${each.file} isn't in the bundle`);
}

function dispatches(list, made, limits, where, depth) {
  if (!Array.isArray(list)) fail(`${where} must be a list`);
  if (depth > limits.loop_depth) fail(`${where}: loops nested deeper than ${limits.loop_depth}`);
  let total = 0;
  list.forEach((each, index) => {
    const at = `${where}[${index}]`;
    if (Object.hasOwn(table(each, at), "loop")) {
      only(each, ["loop", "do"], at);
      if (!whole(each.loop, 1, limits.dispatches)) fail(`${at}.loop must be 1 to ${limits.dispatches}`);
      total += each.loop * dispatches(each.do, made, limits, `${at}.do`, depth + 1);
    } else if (Object.hasOwn(each, "copy")) {
      only(each, ["copy", "to"], at);
      for (const name of [each.copy, each.to]) if (!Object.hasOwn(made.buffers, name)) fail(`${at}: ${JSON.stringify(name)} is no buffer`);
      if (each.copy === each.to || made.buffers[each.copy].bytes !== made.buffers[each.to].bytes || !made.buffers[each.to].bytes) fail(`${at}: a copy needs two buffers of equal bytes`);
      total += 1;
    } else total += dispatch(each, made, limits, at, where.split(/[.[]/)[0]);
  });
  return total;
}

function dispatch(each, made, limits, at, phase) {
  only(each, ["dispatch", "workgroups", "bind"], at);
  if (!Object.hasOwn(made.pipelines, each.dispatch)) fail(`${at}.dispatch: ${JSON.stringify(each.dispatch)} is no pipeline`);
  const size = each.workgroups;
  if (!Array.isArray(size) || size.length < 1 || size.length > 3 || !size.every((n) => whole(n, 1, limits.workgroups)) || size.reduce((a, b) => a * b) > limits.workgroups_total)
    fail(`${at}.workgroups must be one to three numbers of 1 to ${limits.workgroups}, ${limits.workgroups_total} together`);
  for (const [variable, name] of Object.entries(table(each.bind ?? {}, `${at}.bind`))) {
    if (!Object.hasOwn(made.buffers, name)) fail(`${at}.bind.${variable}: ${JSON.stringify(name)} is no buffer`);
    const source = made.buffers[name].initial ?? "zero";
    if (source.startsWith(phase === "train" ? "heldout" : "training")) fail(`${at}.bind.${variable}: ${name} holds ${source}, which isn't there in ${phase}`);
  }
  return 1;
}
