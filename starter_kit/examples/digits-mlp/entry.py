"""One hidden layer of rectifiers, mini-batch gradient descent with momentum and weight decay, plain numpy."""

import numpy as np

HIDDEN = 96
EPOCHS = 30
BATCH = 64
RATE = 0.1
MOMENTUM = 0.9
DECAY = 5e-4


def train(data, *, seed):
    random = np.random.default_rng(seed)
    inputs, wanted = data.inputs, np.eye(data.alphabet, dtype=np.float32)[data.labels]
    shapes = [(inputs.shape[1], HIDDEN), (HIDDEN,), (HIDDEN, data.alphabet), (data.alphabet,)]
    layers = [
        random.normal(0, (2 / shape[0]) ** 0.5, shape).astype(np.float32) if len(shape) > 1 else np.zeros(shape, np.float32)
        for shape in shapes
    ]
    speeds = [np.zeros_like(layer) for layer in layers]
    steps = EPOCHS * (len(inputs) // BATCH)
    for step in range(steps):
        rows = random.integers(0, len(inputs), BATCH)
        hidden = np.maximum(inputs[rows] @ layers[0] + layers[1], 0)
        logits = hidden @ layers[2] + layers[3]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (shares / shares.sum(axis=1, keepdims=True) - wanted[rows]) / BATCH
        back = (error @ layers[2].T) * (hidden > 0)
        slopes = [inputs[rows].T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        for layer, speed, slope in zip(layers, speeds, slopes):
            speed *= MOMENTUM
            speed -= rate * (slope + DECAY * layer)
            layer += speed
    return b"".join(layer.tobytes() for layer in layers)


def load(artifact):
    flat = np.frombuffer(artifact, np.float32)
    return Mlp(np.split(flat, np.cumsum([64 * HIDDEN, HIDDEN, HIDDEN * 10])))


class Mlp:
    def __init__(self, parts):
        self.first, self.bias = parts[0].reshape(64, HIDDEN), parts[1]
        self.second, self.last = parts[2].reshape(HIDDEN, 10), parts[3]

    def reset(self, streams):
        pass

    def predict(self, inputs):
        return np.maximum(inputs @ self.first + self.bias, 0) @ self.second + self.last
