// What each builtin function computes, as a number of operations by class. Classes: add (also comparison, logic, shift, min,
// max, select: none costs more than an add), mul, and other: everything that the table doesn't name, at its dearest price.
import { BOOL, family, scalar, vector, width } from "./types.js";

const each = (...classes) => (args) => ({ type: args[0], ops: classes.map((name) => [name, width(args[0])]) });
const dot = (a) => [["mul", width(a)], ["add", width(a) - 1]];
const plain = (t, ...ops) => () => ({ type: scalar(t), ops });
const spread = (names, make) => Object.fromEntries(names.split(" ").map((name) => [name, make]));

export const BUILTINS = {
  ...spread("abs min max sign", each("add")),
  ...spread("clamp saturate", each("add", "add")),
  ...spread("exp exp2 log log2 sqrt inverseSqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh", each("other")),
  ...spread("atan2 pow floor ceil round trunc fract degrees radians ldexp quantizeToF16", each("other")),
  ...spread("countOneBits countLeadingZeros countTrailingZeros firstLeadingBit firstTrailingBit reverseBits", each("other")),
  ...spread("extractBits insertBits", each("other")),
  fma: each("mul", "add"),
  mix: each("mul", "mul", "add", "add"),
  step: each("add"),
  smoothstep: each("other", "mul", "mul", "mul", "add", "add", "add", "add"),
  select: each("add"),
  dot: (args) => ({ type: scalar(args[0].t), ops: dot(args[0]) }),
  length: (args) => ({ type: scalar(args[0].t), ops: [...dot(args[0]), ["other", 1]] }),
  distance: (args) => ({ type: scalar(args[0].t), ops: [["add", width(args[0])], ...dot(args[0]), ["other", 1]] }),
  normalize: (args) => ({ type: args[0], ops: [...dot(args[0]), ["other", 1 + width(args[0])]] }),
  cross: (args) => ({ type: args[0], ops: [["mul", 6], ["add", 3]] }),
  transpose: (args) => ({ type: { ...args[0], c: args[0].r, r: args[0].c }, ops: [] }),
  ...spread("all any", (args) => ({ type: BOOL, ops: [["add", Math.max(0, width(args[0]) - 1)]], of: "i32" })),
  ...spread("pack4x8snorm pack4x8unorm pack2x16snorm pack2x16unorm pack2x16float pack4xI8 pack4xU8", plain("u32", ["other", 4])),
  ...spread("unpack4x8snorm unpack4x8unorm", () => ({ type: vector(4, "f32"), ops: [["other", 4]] })),
  ...spread("unpack2x16snorm unpack2x16unorm unpack2x16float", () => ({ type: vector(2, "f32"), ops: [["other", 2]] })),
  unpack4xI8: () => ({ type: vector(4, "i32"), ops: [["other", 4]] }),
  unpack4xU8: () => ({ type: vector(4, "u32"), ops: [["other", 4]] }),
  dot4I8Packed: plain("i32", ["mul", 4], ["add", 4]),
  dot4U8Packed: plain("u32", ["mul", 4], ["add", 4]),
};
export const BARRIERS = new Set(["workgroupBarrier", "storageBarrier"]);
export const ATOMICS = {
  ...spread("atomicAdd atomicSub atomicMax atomicMin atomicAnd atomicOr atomicXor", { loads: 1, stores: 1, ops: 1 }),
  atomicExchange: { loads: 1, stores: 1, ops: 0 },
  atomicLoad: { loads: 1, stores: 0, ops: 0 },
  atomicStore: { loads: 0, stores: 1, ops: 0 },
};

// The arithmetic of an infix operator: [type, [[class, count]], element family]. l and r are concrete where either is.
export function infix(op, l, r) {
  const t = l.t === "ai" || (l.t === "af" && r.t !== "ai") ? r.t : l.t;
  const wide = width(l) >= width(r) ? l : r, shape = { ...wide, t }, n = width(wide);
  if (/^(==|!=|<|>|<=|>=)$/.test(op)) return [vector(n, "bool"), [["add", n]], family(t)];
  if (op === "*" && l.k === "m" && r.k === "m")
    return [{ k: "m", c: r.c, r: l.r, t }, [["mul", r.c * l.r * l.c], ["add", r.c * l.r * (l.c - 1)]], family(t)];
  if (op === "*" && l.k === "m" && r.k === "v") return [vector(l.r, t), [["mul", l.c * l.r], ["add", l.r * (l.c - 1)]], family(t)];
  if (op === "*" && l.k === "v" && r.k === "m") return [vector(r.c, t), [["mul", r.c * r.r], ["add", r.c * (r.r - 1)]], family(t)];
  if (op === "<<" || op === ">>") return [l, [["add", width(l)]], family(l.t)];
  return [shape, [[op === "*" ? "mul" : op === "/" || op === "%" ? "other" : "add", n]], family(t)];
}
