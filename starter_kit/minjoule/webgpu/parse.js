// A parser of the part of WGSL that compute pipelines need. Every node knows its place (s, e: offsets), so that what can't be
// priced is refused with line and column, and counters are inserted into the entrant's own text instead of a reprint of it.
// (wgsl_reflect's tree carries no places below the statement and drops types; it serves as the oracle and race detector.)

export class WgslError extends Error {
  constructor(file, text, offset, message) {
    const before = text.slice(0, offset).split("\n");
    super(`${file}, line ${before.length}, column ${before.at(-1).length + 1}: ${message}`);
    Object.assign(this, { name: "WgslError", file, line: before.length, column: before.at(-1).length + 1 });
  }
}

const TOKEN = new RegExp(
  [
    /(?<space>\s+|\/\/[^\n]*)/,
    /(?<number>0[xX][0-9a-fA-F]+[iu]?|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[fhiu]?)/,
    /(?<id>[A-Za-z_][A-Za-z0-9_]*)/,
    /(?<op><<=|>>=|->|&&|\|\||<<|>>|<=|>=|==|!=|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|[-+*\/%&|^~!<>=(){}\[\],;:.@])/,
  ].map((each) => each.source).join("|"),
  "y",
);
const TEMPLATED = /^(array|vec[234]|mat[234]x[234]|ptr|atomic|bitcast)$/;
const ASSIGN = new Set(["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="]);
const LEVELS = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", ">", "<=", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
const MAX_DEPTH = 200;

function tokens(file, text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("/*", at)) {
      let depth = 1;
      const began = at;
      for (at += 2; depth; at++) {
        if (at >= text.length) throw new WgslError(file, text, began, "this comment never ends");
        if (text.startsWith("/*", at)) depth++, at++;
        else if (text.startsWith("*/", at)) depth--, at++;
      }
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new WgslError(file, text, at, `${JSON.stringify(text[at])} isn't WGSL`);
    const kind = Object.keys(match.groups).find((each) => match.groups[each] !== undefined);
    if (kind !== "space") found.push({ kind, v: match[0], s: at, e: TOKEN.lastIndex });
    at = TOKEN.lastIndex;
  }
  found.push({ kind: "end", v: "the end of the file", s: text.length, e: text.length });
  return found;
}

export function parse(file, text) {
  return new Parser(file, text).module();
}

class Parser {
  constructor(file, text) {
    Object.assign(this, { file, text, t: tokens(file, text), i: 0, depth: 0 });
  }

  fail(message, at = this.t[this.i].s) {
    throw new WgslError(this.file, this.text, at, message);
  }

  get now() { return this.t[this.i]; }
  get last() { return this.t[this.i - 1].e; }
  is(v) { return this.now.v === v && this.now.kind !== "end"; }
  take(v) { return this.is(v) ? (this.i++, true) : false; }

  due(v) {
    const { v: seen, s, e } = this.now;
    if (v === ">" && seen.length > 1 && seen[0] === ">") {
      this.t[this.i] = { kind: "op", v: seen.slice(1), s: s + 1, e };
      return;
    }
    if (!this.take(v)) this.fail(`${JSON.stringify(seen)} stands where ${JSON.stringify(v)} is due`);
  }

  name() {
    if (this.now.kind !== "id") this.fail(`${JSON.stringify(this.now.v)} stands where a name is due`);
    if (/^(mj_|__)/.test(this.now.v)) this.fail(`the name ${this.now.v} is refused: those that begin with mj_ are the counters'`);
    return this.t[this.i++].v;
  }

  nested(work) {
    if (++this.depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`);
    const done = work();
    this.depth--;
    return done;
  }

  module() {
    const module = { file: this.file, text: this.text, vars: [], consts: [], aliases: [], structs: [], functions: [] };
    while (this.now.kind !== "end") {
      if (this.take(";")) continue;
      const attributes = this.attributes();
      const s = this.now.s;
      if (this.is("fn")) module.functions.push(this.function(attributes, s));
      else if (this.is("struct")) module.structs.push(this.struct(s));
      else if (this.is("var")) module.vars.push({ ...this.variable(), attributes }), this.due(";");
      else if (this.is("const")) module.consts.push(this.constant()), this.due(";");
      else if (this.take("alias")) {
        const name = this.name();
        this.due("=");
        module.aliases.push({ name, type: this.type(), s });
        this.due(";");
      } else if (this.take("const_assert")) this.expression(), this.due(";");
      else if (/^(enable|requires|override|diagnostic)$/.test(this.now.v)) this.fail(`${this.now.v} can't be priced: leave it out`);
      else this.fail(`${JSON.stringify(this.now.v)} begins no declaration`);
    }
    return module;
  }

  attributes() {
    const found = [];
    while (this.is("@")) {
      const s = this.now.s;
      this.i++;
      const name = this.name();
      found.push({ name, args: this.is("(") ? this.args() : [], s });
    }
    return found;
  }

  struct(s) {
    this.i++;
    const name = this.name(), members = [];
    this.due("{");
    while (!this.take("}")) {
      const attributes = this.attributes(), key = this.name();
      this.due(":");
      members.push({ name: key, type: this.type(), attributes });
      if (!this.take(",") && !this.is("}")) this.fail("a comma is due between members");
    }
    return { name, members, s };
  }

  type() {
    return this.nested(() => {
      const s = this.now.s, name = this.name(), args = [];
      if (TEMPLATED.test(name) && this.take("<")) {
        do {
          if (this.is(">")) break;
          args.push(name === "array" && args.length === 1 ? this.binary(8) : this.type());
        } while (this.take(","));
        this.due(">");
      }
      return { name, args, s, e: this.last };
    });
  }

  variable() {
    const s = this.now.s;
    this.i++;
    let space = null, access = null;
    if (this.take("<")) {
      space = this.name();
      if (this.take(",")) access = this.name(), this.take(",");
      this.due(">");
    }
    const name = this.name(), type = this.take(":") ? this.type() : null, init = this.take("=") ? this.expression() : null;
    return { k: "var", name, type, init, space, access, s };
  }

  constant() {
    const s = this.now.s, k = this.now.v;
    this.i++;
    const name = this.name(), type = this.take(":") ? this.type() : null;
    this.due("=");
    return { k, name, type, init: this.expression(), s };
  }

  function(attributes, s) {
    this.i++;
    const name = this.name(), params = [];
    this.due("(");
    while (!this.take(")")) {
      const marks = this.attributes(), at = this.now.s, key = this.name();
      this.due(":");
      params.push({ name: key, type: this.type(), attributes: marks, s: at });
      if (!this.take(",") && !this.is(")")) this.fail("a comma is due between parameters");
    }
    let returns = null;
    if (this.take("->")) this.attributes(), (returns = this.type());
    return { name, params, returns, attributes, body: this.block(), s };
  }

  block() {
    return this.nested(() => {
      this.attributes();
      const s = this.now.s, body = [];
      this.due("{");
      const inner = this.last;
      while (!this.take("}")) {
        if (this.now.kind === "end") this.fail("a } is missing for the block that begins here", s);
        const each = this.statement();
        if (each) body.push(each);
      }
      return { k: "block", body, s, inner, e: this.last };
    });
  }

  statement() {
    const s = this.now.s, word = this.now.v;
    if (this.take(";")) return null;
    if (this.is("@")) this.attributes();
    if (this.is("{")) return this.block();
    const compound = { if: "if_", for: "for_", while: "while_", loop: "loop_", switch: "switch_" }[word];
    if (compound) return this.i++, this[compound](s);
    if (this.take("discard")) this.fail("discard belongs to fragment shaders", s);
    let found;
    if (this.take("return")) found = { k: "return", x: this.is(";") ? null : this.expression(), s };
    else if (this.take("break")) found = this.take("if") ? { k: "breakif", x: this.expression(), s } : { k: "break", s };
    else if (this.take("continue")) found = { k: "continue", s };
    else if (this.take("const_assert")) this.expression(), (found = null);
    else found = this.simple();
    this.due(";");
    return found;
  }

  simple() {
    const s = this.now.s;
    if (this.is("var")) return this.variable();
    if (this.is("let") || this.is("const")) return this.constant();
    if (this.is("_") && this.t[this.i + 1].v === "=") return (this.i += 2), { k: "phony", x: this.expression(), s };
    const left = this.unary(), op = this.now.v;
    if (this.take("++") || this.take("--")) return { k: "assign", op: op[0] + "=", l: left, r: { k: "lit", t: "ai", s, e: s }, s };
    if (ASSIGN.has(op)) return this.i++, { k: "assign", op, l: left, r: this.expression(), s };
    if (left.k !== "call") this.fail("a statement is due; this is an expression", s);
    return { k: "do", x: left, s };
  }

  if_(s) {
    const c = this.expression(), then = this.block();
    const other = !this.take("else") ? null : this.is("if") ? (this.i++, this.if_(this.last)) : this.block();
    return { k: "if", c, then, other, s };
  }

  for_(s) {
    this.due("(");
    const init = this.is(";") ? null : this.simple();
    this.due(";");
    const at = this.now.s, cond = this.is(";") ? null : this.expression();
    this.due(";");
    const inc = this.is(")") ? null : this.simple();
    this.due(")");
    return { k: "for", init, cond, at, inc, body: this.block(), s };
  }

  while_(s) {
    const at = this.now.s, cond = this.expression();
    return { k: "for", init: null, cond, at, inc: null, body: this.block(), s };
  }

  loop_(s) {
    const begin = this.now.s, body = [];
    this.due("{");
    const inner = this.last;
    let continuing = null;
    while (!this.take("}")) {
      if (continuing) this.fail("continuing is the last in its loop");
      if (this.now.kind === "end") this.fail("a } is missing for the loop that begins here", begin);
      if (this.take("continuing")) continuing = this.block();
      else {
        const each = this.statement();
        if (each) body.push(each);
      }
    }
    return { k: "loop", body: { k: "block", body, s: begin, inner, e: this.last }, continuing, s };
  }

  switch_(s) {
    const x = this.expression(), cases = [];
    this.due("{");
    while (!this.take("}")) {
      if (!this.take("default")) {
        this.due("case");
        do {
          if (this.is(":") || this.is("{")) break;
          if (!this.take("default")) this.expression();
        } while (this.take(","));
      }
      this.take(":");
      cases.push(this.block());
    }
    return { k: "switch", x, cases, s };
  }

  args() {
    const found = [];
    this.due("(");
    while (!this.take(")")) {
      found.push(this.expression());
      if (!this.take(",") && !this.is(")")) this.fail(`${JSON.stringify(this.now.v)} stands where a comma or ) is due`);
    }
    return found;
  }

  expression() { return this.nested(() => this.binary(0)); }

  binary(level) {
    if (level === LEVELS.length) return this.unary();
    let l = this.binary(level + 1);
    while (LEVELS[level].includes(this.now.v)) {
      const op = this.t[this.i++].v, r = this.binary(level + 1);
      l = { k: "bin", op, l, r, s: l.s, e: r.e };
    }
    return l;
  }

  unary() {
    const s = this.now.s, op = this.now.v;
    if (!/^[-!~*&]$/.test(op)) return this.postfix();
    this.i++;
    const x = this.nested(() => this.unary());
    return { k: "un", op, x, s, e: x.e };
  }

  postfix() {
    let x = this.primary();
    for (;;) {
      if (this.take("[")) {
        const i = this.expression();
        this.due("]");
        x = { k: "idx", x, i, s: x.s, e: this.last };
      } else if (this.take(".")) x = { k: "mem", x, name: this.name(), s: x.s, e: this.last };
      else return x;
    }
  }

  primary() {
    const { kind, v, s } = this.now;
    if (this.take("(")) {
      const x = this.expression();
      this.due(")");
      return { ...x, s, e: this.last };
    }
    if (kind === "number") return this.i++, { k: "lit", v, t: literal(v), s, e: this.last };
    if (this.take("true") || this.take("false")) return { k: "lit", v, t: "bool", s, e: this.last };
    if (kind !== "id") this.fail(`${JSON.stringify(v)} stands where an expression is due`);
    const type = this.type();
    if (this.is("(")) return { k: "call", name: v, type, args: this.args(), s, e: this.last };
    if (type.args.length) this.fail("a call is due after a type");
    return { k: "id", name: v, s, e: this.last };
  }
}

function literal(v) {
  if (/^0x/i.test(v)) return /u$/.test(v) ? "u32" : /i$/.test(v) ? "i32" : "ai";
  if (/h$/.test(v)) return "f16";
  if (/f$/.test(v)) return "f32";
  if (/[iu]$/.test(v)) return v.endsWith("u") ? "u32" : "i32";
  return /[.eE]/.test(v) ? "af" : "ai";
}
