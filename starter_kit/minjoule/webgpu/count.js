// Basic-block counters for WGSL. A module is walked once: every stretch of code that runs as one (a segment) gets its static
// bill (operations by class and type, bytes by address space) and the number of its executions as a sum of counters, and the
// counters are inserted into the entrant's text. What can't be parsed or priced throws WgslError: file, line, column.
import { ATOMICS, BARRIERS, BUILTINS, infix } from "./builtins.js";
import { WgslError, parse } from "./parse.js";
import { BOOL, Types, abstract, bytes, concrete, family, scalar, vector, width } from "./types.js";

const STICKY = 0x80000000; // a counter that reached it keeps it, and the run is refused: a count never wraps unseen
export const COUNTER_GROUP = 1;
const SPACES = { function: "register", private: "register", value: "register", workgroup: "workgroup", storage: "storage", uniform: "storage" };

// -> {code, segments: [{count: [[counter, coefficient]], bill: {key: number}}], counters, entries: {name: {size, vars}}, vars}
export function instrument(file, text) {
  return new Counting(file, text).run();
}

class Counting {
  constructor(file, text) {
    this.fail = (at, message) => { throw new WgslError(file, text, at, message); };
    this.module = parse(file, text);
    this.types = new Types(this.module, this.fail);
    Object.assign(this, { text, edits: [], segments: [], helpers: [], counters: 0, uses: new Map(), functions: new Map() });
  }

  run() {
    const { module, types } = this;
    this.globals = new Map();
    for (const each of module.consts) this.globals.set(each.name, { kind: "const", node: each });
    const vars = module.vars.map((each) => this.global(each));
    for (const { name, s } of [...module.functions, ...module.consts, ...module.vars, ...module.aliases, ...module.structs])
      if (reserved(name)) this.fail(s, `${name} is WGSL's own name: a declaration that hides it is refused, since the counters need it`);
    for (const fn of module.functions) {
      if (this.functions.has(fn.name)) this.fail(fn.s, `the function ${fn.name} is declared twice`);
      if (fn.attributes.some(({ name }) => name === "vertex" || name === "fragment")) this.fail(fn.s, "only compute pipelines are run");
      this.functions.set(fn.name, { ...fn, entry: fn.attributes.some(({ name }) => name === "compute"), type: fn.returns && types.must(fn.returns) });
    }
    for (const fn of this.functions.values()) this.function(fn);
    const entries = {};
    for (const fn of this.functions.values()) if (fn.entry) entries[fn.name] = this.entry(fn);
    return { code: this.rewritten(entries), segments: this.segments, counters: this.counters, entries, vars };
  }

  global(node) {
    const space = node.space ?? "private", type = node.type ? this.types.must(node.type) : concrete(this.typeOnly(node.init));
    if (!Object.hasOwn(SPACES, space)) this.fail(node.s, `variables in ${space} can't be priced; known are storage, uniform, workgroup, private`);
    this.globals.set(node.name, { kind: "var", space, type, name: node.name });
    const at = (key) => node.attributes.filter(({ name }) => name === key).map(({ args }) => this.types.integer(args[0]))[0];
    if ((space === "storage" || space === "uniform") && at("group") !== 0) this.fail(node.s, `${node.name} must be in @group(0); the counters have group ${COUNTER_GROUP}`);
    return { name: node.name, space, access: node.access ?? "read", binding: at("binding") };
  }

  entry(fn) {
    const reach = new Set(), todo = [fn.name];
    while (todo.length) {
      const name = todo.pop();
      if (reach.has(name)) continue;
      reach.add(name);
      todo.push(...this.functions.get(name).calls);
    }
    const of = (key) => [...new Set([...reach].flatMap((name) => [...this.functions.get(name)[key]]))];
    const size = fn.attributes.find(({ name }) => name === "workgroup_size").args.map((each) => this.types.integer(each));
    return { size: [...size, 1, 1].slice(0, 3), vars: of("globals"), counters: of("own").sort((a, b) => a - b) };
  }

  rewritten(entries) {
    if (!this.counters) this.fail(0, "there's no function in this file");
    const out = [];
    let at = 0;
    for (const { offset, text } of this.edits.map((each, order) => ({ ...each, order })).sort((a, b) => a.offset - b.offset || a.order - b.order)) {
      out.push(this.text.slice(at, offset), text);
      at = offset;
    }
    out.push(this.text.slice(at), "\n", ...this.helpers);
    for (let id = 0; id < this.counters; id++) out.push(`var<private> mj_c${id}: u32;\n`);
    out.push(`@group(${COUNTER_GROUP}) @binding(0) var<storage, read_write> mj_out: array<atomic<u32>, ${2 * this.counters + 1}>;\n`);
    out.push("fn mj_add(at: u32, n: u32) {\n  if (n == 0u) { return; }\n  if (n >= 0x80000000u) { atomicStore(&mj_out[0], 1u); }\n");
    out.push("  let old = atomicAdd(&mj_out[at], n);\n  if (old + n < old) { atomicAdd(&mj_out[at + 1u], 1u); }\n}\n");
    for (const [name, { counters }] of Object.entries(entries))
      out.push(`fn mj_flush_${name}() {\n${counters.map((id) => `  mj_add(${2 * id + 1}u, mj_c${id});\n`).join("")}}\n`);
    return out.join("");
  }

  // ---- segments

  edit(offset, text) { this.edits.push({ offset, text }); }

  counter() {
    this.fn.own.add(this.counters);
    return this.counters++;
  }

  hit(id) {
    return this.fn.entry && !this.looped ? ` mj_c${id} += 1u;` : ` mj_c${id} = (mj_c${id} + 1u) | (mj_c${id} & ${STICKY}u);`;
  }

  // A new segment; count is a map of counter to coefficient.
  open(count) {
    const segment = { count: [...count].filter(([, times]) => times), bill: {} };
    this.segments.push(segment);
    this.bill = segment.bill;
    this.count = count;
  }

  opened(offset) {
    const id = this.counter();
    this.edit(offset, this.hit(id));
    this.open(new Map([[id, 1]]));
    return this.count;
  }

  // A condition that's evaluated in a place where no statement fits: counted by a function that returns true.
  gate(from, to) {
    const id = this.counter();
    this.helpers.push(`fn mj_hit${id}() -> bool {${this.hit(id)} return true; }\n`);
    this.edit(from, `(mj_hit${id}()${to === from ? ")" : " && ("}`);
    if (to !== from) this.late.push([to, "))"]);
    return new Map([[id, 1]]);
  }

  closing(offset) {
    const mine = this.late.filter(([at]) => at === offset);
    this.late = this.late.filter(([at]) => at !== offset);
    for (const [at, text] of mine) this.edit(at, text);
  }

  op(name, t, n = 1) {
    const key = name === "other" ? "other" : `${family(t)} ${name}`;
    if (n) this.bill[key] = (this.bill[key] ?? 0) + n;
  }

  move(ref, type) {
    const key = ref.dynamic && SPACES[ref.space] === "register" ? "indexed" : SPACES[ref.space], size = bytes(type);
    if (!key) this.fail(ref.at ?? 0, `memory in ${ref.space} can't be priced`);
    if (size) this.bill[key] = (this.bill[key] ?? 0) + size;
  }

  // ---- functions and statements

  function(fn) {
    Object.assign(fn, { own: new Set(), calls: new Set(), globals: new Set() });
    Object.assign(this, { fn, looped: 0, late: [], scopes: [new Map()] });
    this.opened(fn.body.inner);
    for (const each of fn.params) {
      const type = this.types.must(each.type);
      this.declare(each.name, { kind: "var", space: "value", type });
      if (!fn.entry) this.move({ space: "value" }, type);
    }
    const { leaves } = this.statements(fn.body.body);
    const ends = fn.body.body.at(-1)?.k === "return";
    if (fn.entry && !ends) this.edit(fn.body.e - 1, ` mj_flush_${fn.name}(); `);
    return leaves;
  }

  declare(name, what) { this.scopes.at(-1).set(name, what); }

  scoped(work) {
    this.scopes.push(new Map());
    const done = work();
    this.scopes.pop();
    return done;
  }

  // Runs through a list; after whatever may leave (return, break, continue), the rest counts anew. -> which ways it may leave.
  statements(list) {
    const leaves = new Set();
    list.forEach((each, index) => {
      const ways = this.statement(each);
      ways.forEach((way) => leaves.add(way));
      const next = list[index + 1];
      const free = next && (/^(break|continue)$/.test(next.k) || (next.k === "return" && !next.x));
      if (ways.size && next && !free) this.opened(next.s);
    });
    return { leaves };
  }

  block(node) { return this.scoped(() => this.statements(node.body).leaves); }

  statement(node) {
    return this[`_${node.k}`](node) ?? new Set();
  }

  _block(node) { return this.block(node); }
  _do(node) { this.expr(node.x); }
  _phony(node) { this.value(node.x); }
  _break() { return new Set(["break"]); }
  _continue() { return new Set(["continue"]); }
  _breakif(node) { this.value(node.x); }

  _return(node) {
    if (node.x) this.move({ space: "value" }, this.value(node.x));
    if (this.fn.entry) this.edit(node.s, `mj_flush_${this.fn.name}(); `);
    return new Set(["return"]);
  }

  _var(node) {
    const made = node.init && this.value(node.init), type = node.type ? this.types.must(node.type) : concrete(made);
    this.move({ space: "function" }, type);
    this.declare(node.name, { kind: "var", space: "function", type });
  }

  _let(node) {
    const made = this.value(node.init), type = node.type ? this.types.must(node.type) : concrete(made);
    if (type.k !== "ptr") this.move({ space: "value" }, type);
    this.declare(node.name, { kind: "var", space: "value", type: type.k === "ptr" ? made : type });
  }

  _const(node) { this.declare(node.name, { kind: "const", node }); }

  _assign(node) {
    const target = this.expr(node.l);
    if (!target.ref) this.fail(node.s, "this can't be assigned to");
    if (node.op !== "=") this.move(target.ref, target.type);
    const made = this.value(node.r);
    if (node.op !== "=") this.work(infix(node.op.slice(0, -1), target.type, made));
    this.move(target.ref, target.type);
  }

  _if(node) {
    this.value(node.c);
    const before = this.count, bill = this.bill, leaves = new Set();
    const then = this.opened(node.then.inner);
    this.block(node.then).forEach((way) => leaves.add(way));
    if (node.other) {
      const rest = new Map(before);
      for (const [id, times] of then) rest.set(id, (rest.get(id) ?? 0) - times);
      this.open(rest);
      this.statement(node.other).forEach((way) => leaves.add(way));
    }
    Object.assign(this, { count: before, bill });
    return leaves;
  }

  _switch(node) {
    this.value(node.x);
    const before = this.count, bill = this.bill, leaves = new Set();
    for (const each of node.cases) {
      this.opened(each.inner);
      this.block(each).forEach((way) => leaves.add(way));
    }
    leaves.delete("break");
    Object.assign(this, { count: before, bill });
    return leaves;
  }

  // for and while. The condition runs once more than the body, unless the body leaves early: then it has a counter of its own.
  _for(node) {
    return this.scoped(() => {
      if (node.init) this.statement(node.init);
      const before = this.count, bill = this.bill;
      this.looped++;
      const early = leavesEarly(node.body), gated = early || !node.cond;
      const plus = (a, b, sign) => [...b].reduce((sum, [id, times]) => sum.set(id, (sum.get(id) ?? 0) + sign * times), new Map(a));
      const body = gated ? null : this.opened(node.body.inner);
      const inside = { count: this.count, bill: this.bill };
      const tests = gated ? this.gate(node.at, node.cond ? node.cond.e : node.at) : plus(body, before, 1);
      this.open(tests);
      if (node.cond) this.value(node.cond), this.closing(node.cond.e);
      this.open(plus(tests, before, -1));
      if (node.inc) this.statement(node.inc);
      if (gated) this.opened(node.body.inner);
      else Object.assign(this, inside);
      const leaves = new Set(this.block(node.body));
      this.looped--;
      Object.assign(this, { count: before, bill });
      return onlyReturn(leaves);
    });
  }

  _loop(node) {
    const before = this.count, bill = this.bill;
    this.looped++;
    const leaves = this.scoped(() => {
      this.opened(node.body.inner);
      const found = this.statements(node.body.body).leaves;
      if (node.continuing) this.opened(node.continuing.inner), this.block(node.continuing);
      return found;
    });
    this.looped--;
    Object.assign(this, { count: before, bill });
    return onlyReturn(leaves);
  }

  // ---- expressions

  work([type, ops, t]) {
    for (const [name, n] of ops) this.op(name, t, n);
    return type;
  }

  typeOnly(node) {
    const { bill, count } = this;
    this.bill = {};
    const type = this.value(node, true);
    Object.assign(this, { bill, count });
    return type;
  }

  lookup(name) {
    for (let at = (this.scopes ?? []).length - 1; at >= 0; at--) if (this.scopes[at].has(name)) return this.scopes[at].get(name);
    return this.globals.get(name);
  }

  constant(node) {
    if (node.k === "lit") return true;
    if (node.k === "id") return this.lookup(node.name)?.kind === "const";
    if (node.k === "bin") return this.constant(node.l) && this.constant(node.r);
    if (node.k === "un") return node.op !== "*" && node.op !== "&" && this.constant(node.x);
    if (node.k === "idx") return this.constant(node.x) && this.constant(node.i);
    if (node.k === "mem") return this.constant(node.x);
    return !this.functions.has(node.name) && !Object.hasOwn(ATOMICS, node.name) && !BARRIERS.has(node.name) && node.args.length > 0 && node.args.every((each) => this.constant(each));
  }

  // The type of an expression's value, its work billed to the open segment. Constant expressions are the compiler's: free.
  value(node, free = false) {
    if (!free && this.constant(node)) return this.typeOnly(node);
    const { type, ref } = this.expr(node);
    if (ref && type.k !== "ptr") this.move(ref, type);
    return type.k === "atomic" ? scalar(type.t) : type;
  }

  expr(node) {
    return this[`_x_${node.k}`](node);
  }

  _x_lit(node) { return { type: scalar(node.t) }; }

  _x_id(node) {
    const found = this.lookup(node.name);
    if (!found) this.fail(node.s, `${node.name} is declared nowhere`);
    if (found.kind === "const") return { type: found.node.type ? this.types.must(found.node.type) : this.typeOnly(found.node.init), fixed: true };
    if (found.name) this.fn?.globals.add(found.name);
    return { type: found.type, ref: { space: found.space, dynamic: false } };
  }

  // What `a[i]` and `a.x` stand on: a reference, through a pointer if need be.
  base(node) {
    const found = this.expr(node);
    return found.type.k === "ptr" ? { type: found.type.of, ref: { space: found.type.space, dynamic: found.type.dynamic ?? false } } : found;
  }

  _x_idx(node) {
    const { type, ref, fixed } = this.base(node.x), moving = !this.constant(node.i);
    this.value(node.i);
    const inner = type.k === "a" ? type.of : type.k === "v" ? scalar(type.t) : type.k === "m" ? vector(type.r, type.t) : null;
    if (!inner) this.fail(node.i.s, "only arrays, vectors and matrices have elements");
    if (ref) return { type: inner, ref: { ...ref, dynamic: ref.dynamic || moving } };
    if (moving) this.move({ space: "private", dynamic: true }, inner);
    return { type: inner, fixed: fixed && !moving };
  }

  _x_mem(node) {
    const { type, ref } = this.base(node.x);
    const member = type.k === "S" ? type.members.find(({ name }) => name === node.name) : null;
    if (member) return { type: member.type, ref };
    if (type.k === "v" && /^([xyzw]{1,4}|[rgba]{1,4})$/.test(node.name)) return { type: vector(node.name.length, type.t), ref };
    return this.fail(node.s, `there's no member ${node.name} here`);
  }

  _x_un(node) {
    if (node.op === "*") {
      const { type } = this.expr(node.x);
      if (type.k !== "ptr") this.fail(node.s, "only pointers have a *");
      return { type: type.of, ref: { space: type.space, dynamic: type.dynamic ?? false } };
    }
    if (node.op === "&") {
      const { type, ref } = this.expr(node.x);
      if (!ref) this.fail(node.s, "only variables have an &");
      return { type: { k: "ptr", space: ref.space, of: type, dynamic: ref.dynamic } };
    }
    const type = this.value(node.x);
    this.op("add", type.t, width(type));
    return { type };
  }

  _x_bin(node) {
    if (node.op !== "&&" && node.op !== "||") {
      const l = this.value(node.l);
      return { type: this.work(infix(node.op, l, this.value(node.r))) };
    }
    this.value(node.l);
    this.op("add", "bool");
    if (this.constant(node.r)) return { type: BOOL };
    const { bill, count } = this;
    this.open(this.gate(node.r.s, node.r.e));
    this.value(node.r);
    this.closing(node.r.e);
    Object.assign(this, { bill, count });
    return { type: BOOL };
  }

  _x_call(node) {
    const { name, args } = node, own = this.functions.get(name);
    if (own) return this.ownCall(node, own);
    if (name === "bitcast") return this.value(args[0]), { type: this.types.must(node.type.args[0]) };
    if (BARRIERS.has(name)) return this.op("other", "i32"), { type: null };
    if (name === "workgroupUniformLoad") {
      const type = args.length ? this.expr(args[0]).type : null;
      if (type?.k !== "ptr") this.fail(node.s, "workgroupUniformLoad takes a pointer");
      this.op("other", "i32", 2);
      this.move({ space: "workgroup" }, type.of);
      return { type: type.of };
    }
    if (name === "arrayLength") return this.expr(args[0]), this.op("other", "i32"), { type: scalar("u32") };
    if (Object.hasOwn(ATOMICS, name)) return this.atomic(node, ATOMICS[name]);
    if (Object.hasOwn(BUILTINS, name)) return this.builtin(node);
    return this.constructed(node);
  }

  builtin({ name, args, s }) {
    if (!args.length) this.fail(s, `${name} takes arguments`);
    const types = args.map((each) => this.value(each));
    const lead = types.find((type) => !abstract(type) && type.t !== "bool") ?? types[0];
    const wide = types.reduce((a, b) => (width(b) > width(a) ? b : a), types[0]);
    const { type, ops, of } = BUILTINS[name]([{ ...wide, t: name === "all" || name === "any" ? "bool" : lead.t }, ...types.slice(1)]);
    for (const [each, n] of ops) this.op(each, of ?? lead.t, n);
    return { type };
  }

  ownCall(node, own) {
    if (own.entry) this.fail(node.s, `${node.name} is an entry point and can't be called`);
    this.fn.calls.add(node.name);
    node.args.forEach((each, index) => {
      const given = this.value(each), due = own.params[index] && this.types.must(own.params[index].type);
      if (given.k === "ptr" && given.dynamic && SPACES[due?.space ?? given.space] === "register")
        this.fail(each.s, "a pointer into a dynamically indexed private array can't be priced in another function: pass the index");
    });
    return { type: own.type };
  }

  atomic(node, { loads, stores, ops }) {
    const type = node.args.length ? this.expr(node.args[0]).type : null;
    if (type?.k !== "ptr" || type.of.k !== "atomic") this.fail(node.s, `${node.name} takes a pointer to an atomic`);
    const inner = scalar(type.of.t);
    node.args.slice(1).forEach((each) => this.value(each));
    for (let each = 0; each < loads + stores; each++) this.move({ space: type.space, dynamic: type.dynamic }, inner);
    this.op("add", inner.t, ops);
    return { type: inner };
  }

  // f32(x), vec3(a, b), array<u32, 2>(...), Struct(...): a change of scalar type is an operation, putting together is none.
  constructed(node) {
    const given = node.args.map((each) => this.value(each)), first = given.find((type) => !abstract(type)) ?? given[0];
    const bare = node.name === "array" && !node.type.args.length && given.length;
    const type = bare ? { k: "a", of: first, n: given.length } : this.types.find(node.type, first?.t);
    if (!type) this.fail(node.s, `the function ${node.name} can't be priced; it's neither declared here nor in the table`);
    if (type.t) for (const each of given) if (!abstract(each) && each.t && each.t !== type.t) this.op("other", type.t, width(each));
    return { type };
  }
}

const reserved = (name) =>
  Object.hasOwn(BUILTINS, name) || Object.hasOwn(ATOMICS, name) || BARRIERS.has(name) ||
  /^(f16|f32|i32|u32|bool|array|atomic|ptr|bitcast|arrayLength|workgroupUniformLoad|vec[234][fiuh]?|mat[234]x[234][fh]?)$/.test(name);
const onlyReturn = (leaves) => new Set(leaves.has("return") ? ["return"] : []);

// Does a loop's body leave the loop by break or return?
function leavesEarly(node, inLoop = false, inSwitch = false) {
  if (!node) return false;
  if (node.k === "return") return true;
  if (node.k === "break") return !inLoop && !inSwitch;
  if (node.k === "block") return node.body.some((each) => leavesEarly(each, inLoop, inSwitch));
  if (node.k === "if") return leavesEarly(node.then, inLoop, inSwitch) || leavesEarly(node.other, inLoop, inSwitch);
  if (node.k === "switch") return node.cases.some((each) => leavesEarly(each, inLoop, true));
  if (node.k === "for" || node.k === "loop") return leavesEarly(node.body, true, inSwitch);
  return false;
}

// Executions and static bills -> what was spent. counts: BigInt per counter. -> {key: BigInt}
export function spent(segments, counts) {
  const total = {};
  for (const { count, bill } of segments) {
    const times = count.reduce((sum, [id, factor]) => sum + BigInt(factor) * counts[id], 0n);
    for (const [key, n] of Object.entries(bill)) total[key] = (total[key] ?? 0n) + BigInt(n) * times;
  }
  return total;
}
