// WGSL's types as plain values, their sizes in bytes as moved (a vec3 is 12), and integer constants.
// {k: "s", t} scalar · {k: "v", n, t} vector · {k: "m", c, r, t} matrix · {k: "a", of, n} array (n null: runtime-sized)
// {k: "S", name, members} struct · {k: "atomic", t} · {k: "ptr", space, of}

export const scalar = (t) => ({ k: "s", t });
export const vector = (n, t) => (n === 1 ? scalar(t) : { k: "v", n, t });
export const BOOL = scalar("bool");
const SHORT = { f: "f32", i: "i32", u: "u32" };

export const abstract = (type) => type.t === "ai" || type.t === "af";
export const width = (type) => (type.k === "v" ? type.n : type.k === "m" ? type.c * type.r : 1);
export const family = (t) => (t === "f32" || t === "af" ? "f32" : "i32");

export function concrete(type) {
  if (type.k === "a") return { ...type, of: concrete(type.of) };
  return type.t === "ai" ? { ...type, t: "i32" } : type.t === "af" ? { ...type, t: "f32" } : type;
}

export function bytes(type) {
  if (type.k === "a") return type.n === null ? 0 : type.n * bytes(type.of);
  if (type.k === "S") return type.members.reduce((sum, each) => sum + bytes(each.type), 0);
  if (type.k === "ptr") return 0;
  return 4 * width(type);
}

export class Types {
  constructor(module, fail) {
    this.fail = fail;
    this.named = new Map([...module.structs, ...module.aliases].map((each) => [each.name, each]));
    this.consts = new Map(module.consts.map((each) => [each.name, each]));
    this.known = new Map();
    this.open = new Set();
  }

  // The type that a type expression names; null if the name is no type.
  find({ name, args }, inferred = null) {
    let found;
    if (/^(f32|i32|u32|bool)$/.test(name)) return scalar(name);
    if ((found = /^vec([234])([fiu])?$/.exec(name))) return this.composite(found[2], args, inferred, (t) => ({ k: "v", n: +found[1], t }));
    if ((found = /^mat([234])x([234])(f)?$/.exec(name)))
      return this.composite(found[3], args, inferred, (t) => ({ k: "m", c: +found[1], r: +found[2], t }));
    if (name === "array" && args.length) {
      const of = this.must(args[0]);
      return { k: "a", of, n: args.length > 1 ? this.integer(args[1]) : null };
    }
    if (name === "atomic" && args.length === 1) return { k: "atomic", t: this.must(args[0]).t };
    if (name === "ptr" && args.length >= 2) return { k: "ptr", space: args[0].name, of: this.must(args[1]) };
    if (this.named.has(name)) return this.declared(name);
    return null;
  }

  composite(letter, args, inferred, make) {
    const t = letter ? SHORT[letter] : args.length ? this.must(args[0]).t : inferred;
    return t ? make(t) : null;
  }

  declared(name) {
    if (this.known.has(name)) return this.known.get(name);
    const node = this.named.get(name);
    if (this.open.has(name)) this.fail(node.s, `${name} contains itself`);
    this.open.add(name);
    const type = node.members
      ? { k: "S", name, members: node.members.map((each) => ({ name: each.name, type: this.must(each.type) })) }
      : this.must(node.type);
    this.known.set(name, type);
    return type;
  }

  must(node) {
    if (node.name === undefined) this.fail(node.s, "a type is due");
    const type = this.find({ name: node.name, args: node.args ?? [] });
    if (!type) this.fail(node.s, `the type ${node.name} can't be priced (known: f32, i32, u32, bool, vec, mat, array, atomic, ptr, structs)`);
    return type;
  }

  // A constant integer: sizes of arrays and workgroups.
  integer(node, depth = 0) {
    if (depth > 50) this.fail(node.s, "this constant names itself");
    if (node.k === "lit" && node.t !== "bool") return Number.parseInt(node.v, /^0x/i.test(node.v) ? 16 : 10);
    if (node.k === "id" && this.consts.has(node.name)) return this.integer(this.consts.get(node.name).init, depth + 1);
    if (node.k === "bin") {
      const [l, r] = [this.integer(node.l, depth + 1), this.integer(node.r, depth + 1)];
      const made = { "+": l + r, "-": l - r, "*": l * r, "/": Math.trunc(l / r), "%": l % r, "<<": l * 2 ** r, ">>": Math.floor(l / 2 ** r) }[node.op];
      if (Number.isSafeInteger(made)) return made;
    }
    if (node.k === "call" && /^[iu]32$/.test(node.name) && node.args.length === 1) return this.integer(node.args[0], depth + 1);
    return this.fail(node.s, "a constant integer is due");
  }
}
