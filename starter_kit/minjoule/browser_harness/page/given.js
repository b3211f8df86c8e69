// What the host hands in, as typed arrays: the twin of minjoule/given.py.

const TYPES = { "<f4": Float32Array, "|u1": Uint8Array, "<i8": BigInt64Array, "<f8": Float64Array };

function typed(buffer, dtype) {
  if (!(dtype in TYPES)) throw new Error(`minjoule: arrays of ${dtype} aren't known here`);
  return new TYPES[dtype](buffer);
}

export function trainingOf(header, arrays) {
  const made = header.arrays.map((array, place) => typed(arrays[place], array.dtype));
  const alphabet = header.alphabet;
  if (header.holds === "supervised") return { kind: "supervised", inputs: made[0], labels: made[1], features: header.arrays[0].shape[1], alphabet };
  if (header.holds === "sequence") return { kind: "sequence", symbols: made[0], starts: Uint32Array.from(made[1], Number), alphabet };
  return { artifact: made[0], shape: { alphabet, features: header.features, dtype: header.inputs_dtype } };
}

// One question: the inputs, and how many streams they are of.
export function inputsOf(buffer, shape) {
  const inputs = typed(buffer, shape.dtype);
  return [inputs, inputs.length / (shape.features ?? 1)];
}
