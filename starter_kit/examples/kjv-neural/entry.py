"""A small neural model in plain numpy: the last bytes, embedded, one hidden layer, softmax; Adam on mini-batches."""

import numpy as np

CONTEXT = 8
WIDTH = 16
HIDDEN = 256
BATCH = 512
STEPS = 2000
RATE = 0.003


def train(data, *, seed):
    random = np.random.default_rng(seed)
    used, symbols = np.unique(data.symbols, return_inverse=True)
    size = len(used)
    shapes = [(size, WIDTH), (CONTEXT * WIDTH, HIDDEN), (HIDDEN,), (HIDDEN, size), (size,)]
    layers = [(random.standard_normal(shape) / shape[0] ** 0.5 * (len(shape) > 1)).astype(np.float32) for shape in shapes]
    layers[0] *= size**0.5  # an embedding is looked up, not summed over
    first, second = [np.zeros_like(layer) for layer in layers], [np.zeros_like(layer) for layer in layers]
    for step in range(1, STEPS + 1):
        ends = random.integers(CONTEXT, len(symbols), BATCH)
        slopes, loss = backward(layers, symbols[ends[:, None] - np.arange(1, CONTEXT + 1)], symbols[ends])
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / STEPS)) * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
        for layer, mean, square, slope in zip(layers, first, second, slopes):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            layer -= rate * mean / (np.sqrt(square) + 1e-8)
        if step % 500 == 0:
            print(f"step {step}: {loss / np.log(2):.3f} bits", flush=True)
    return b"".join([bytes([size]), used.astype(np.uint8).tobytes(), *(layer.astype(np.float16).tobytes() for layer in layers)])


def forward(layers, contexts):
    embed, inner, bias, outer, last = layers
    embedded = embed[contexts].reshape(len(contexts), -1)
    hidden = np.tanh(embedded @ inner + bias)
    return embedded, hidden, hidden @ outer + last


def backward(layers, contexts, wanted):
    embed, inner, _, outer, _ = layers
    embedded, hidden, logits = forward(layers, contexts)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    rows = np.arange(len(wanted))
    loss = -np.log(shares[rows, wanted]).mean()
    shares[rows, wanted] -= 1
    error = shares / len(wanted)
    back = (error @ outer.T) * (1 - hidden * hidden)
    spread = (back @ inner.T).reshape(-1, WIDTH)
    chosen = np.zeros((contexts.size, len(embed)), dtype=np.float32)
    chosen[np.arange(contexts.size), contexts.ravel()] = 1
    return [chosen.T @ spread, embedded.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)], loss


def load(artifact):
    size = artifact[0]
    used = np.frombuffer(artifact[1 : 1 + size], np.uint8)
    flat = np.frombuffer(artifact[1 + size :], np.float16).astype(np.float32)
    shapes = [(size, WIDTH), (CONTEXT * WIDTH, HIDDEN), (HIDDEN,), (HIDDEN, size), (size,)]
    parts = np.split(flat, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    return Network(used, [part.reshape(shape) for part, shape in zip(parts, shapes)])


class Network:
    def __init__(self, used, layers):
        self.used, self.layers = used, layers
        self.index = np.zeros(256, dtype=np.int64)
        self.index[used] = np.arange(len(used))

    def reset(self, streams):
        self.contexts = np.zeros((streams, CONTEXT), dtype=np.int64)
        self.logits = np.full((streams, 256), -20, dtype=np.float32)

    def predict(self, inputs):
        self.contexts = np.roll(self.contexts, 1, axis=1)
        self.contexts[:, 0] = self.index[inputs]
        self.logits[:, self.used] = forward(self.layers, self.contexts)[2]
        return self.logits
