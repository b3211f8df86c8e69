"""Interpolated Kneser-Ney over bytes, pruned to fit the artifact's cap, all streams answered at once.

The model is a trie of n-grams. A node keeps one quantised number, (count - DISCOUNT) / total of its context; what a context's kept
children leave over is the weight of the next shorter context, so every prediction adds up to one.
"""

import lzma

import numpy as np

ORDER = 7  # the longest n-gram: six bytes of context, then the byte predicted
DISCOUNT = 0.8
STEPS_AN_OCTAVE = 3
ARTIFACT_BYTES = 370_000


def train(data, *, seed):
    used, symbols = np.unique(data.symbols, return_inverse=True)
    symbols, size = symbols.astype(np.int64), len(used)
    levels, longer = [], None
    for order in range(ORDER, 0, -1):
        codes, counts = occurrences(symbols, order, size)
        distinct = counts if longer is None else before(codes, longer, size**order)
        levels.insert(0, (codes, counts, quantised(codes, distinct, size)))
        longer = codes
    least = 2.0
    while True:
        artifact = packed(used, levels, least)
        print(f"n-grams counted at least {least:.1f} times: {len(artifact)} bytes")
        if len(artifact) <= ARTIFACT_BYTES:
            return artifact
        least *= 1.12


def occurrences(symbols, order, size):
    """Codes of the n-grams of ``order``, sorted, and how often each occurs."""
    codes = np.zeros(len(symbols) - order + 1, dtype=np.int64)
    for place in range(order):
        codes = codes * size + symbols[place : place + len(codes)]
    return np.unique(codes, return_counts=True)


def before(codes, longer, size):
    """How many distinct bytes stand before each n-gram (at least 1: the text's first has none)."""
    return np.maximum(np.bincount(np.searchsorted(codes, longer % size), minlength=len(codes)), 1)


def quantised(codes, counts, size):
    """The share of each n-gram among those of its context, in steps of the logarithm."""
    _, where = np.unique(codes // size, return_inverse=True)
    shares = (counts - DISCOUNT) / np.bincount(where, weights=counts)[where]
    return np.clip(np.rint(-np.log2(shares) * STEPS_AN_OCTAVE), 0, 63).astype(np.uint8)


def packed(used, levels, least):
    """The trie below a threshold: children a node, their symbols, their shares; compressed."""
    size = len(used)
    nodes = np.zeros(1, dtype=np.int64)
    parts = [np.uint8(size).tobytes(), used.astype(np.uint8).tobytes()]
    for order, (codes, counts, shares) in enumerate(levels, start=1):
        parents = codes // size
        place = np.minimum(np.searchsorted(nodes, parents), len(nodes) - 1)
        kept = (nodes[place] == parents) & ((counts >= least * (1 + 0.25 * max(0, order - 5))) | (order <= 2))
        children = np.bincount(place[kept], minlength=len(nodes)).astype(np.uint8)
        nodes = codes[kept]
        parts += [np.uint32(len(nodes)).tobytes(), children.tobytes(), (nodes % size).astype(np.uint8).tobytes(), shares[kept].tobytes()]
    return lzma.compress(b"".join(parts), format=lzma.FORMAT_ALONE, preset=6)


def load(artifact):
    flat = np.frombuffer(lzma.decompress(artifact), dtype=np.uint8)
    size, at = int(flat[0]), 1 + int(flat[0])
    used, nodes, levels = flat[1:at], np.zeros(1, dtype=np.int64), []
    for _ in range(ORDER):
        count, parents = int.from_bytes(flat[at : at + 4].tobytes(), "little"), len(nodes)
        children, symbols, shares = np.split(flat[at + 4 : at + 4 + parents + 2 * count], [parents, parents + count])
        at += 4 + parents + 2 * count
        chance = (2.0 ** (-shares.astype(np.float32) / STEPS_AN_OCTAVE)).astype(np.float32)
        begins = np.concatenate([[0], np.cumsum(children, dtype=np.int64)])
        owners = np.repeat(np.arange(parents), children)
        total = np.bincount(owners, weights=chance, minlength=parents).astype(np.float32)
        scale = np.minimum(1, 0.999 / np.maximum(total, 1e-9)).astype(np.float32)
        levels.append((nodes, begins, symbols, chance * scale[owners], 1 - total * scale))
        nodes = np.repeat(nodes, children) * size + symbols
    return KneserNey(used, levels)


class KneserNey:
    def __init__(self, used, levels):
        self.size = len(used)
        self.used, self.levels = used, levels
        self.index = np.zeros(256, dtype=np.int64)
        self.index[used] = np.arange(self.size)

    def reset(self, streams):
        self.seen = 0
        self.history = np.zeros((ORDER - 1, streams), dtype=np.int64)
        self.logits = np.full((streams, 256), -16, dtype=np.float32)

    def predict(self, inputs):
        self.history = np.roll(self.history, 1, axis=0)
        self.history[0] = self.index[inputs]
        self.seen += 1
        rows = np.arange(len(inputs))
        shares = np.full((len(inputs), self.size), 1 / self.size, dtype=np.float32)
        codes = np.zeros(len(inputs), dtype=np.int64)
        for order in range(min(ORDER, self.seen + 1)):
            if order:
                codes = codes + self.history[order - 1] * self.size ** (order - 1)
            nodes, begins, symbols, chance, rest = self.levels[order]
            place = np.minimum(np.searchsorted(nodes, codes[rows]), len(nodes) - 1)
            found = (nodes[place] == codes[rows]) & (begins[place + 1] > begins[place])
            rows, place = rows[found], place[found]
            counts = begins[place + 1] - begins[place]
            picks = np.arange(counts.sum()) + np.repeat(begins[place] - np.cumsum(counts) + counts, counts)
            shares[rows] *= rest[place][:, None]
            shares[np.repeat(rows, counts), symbols[picks]] += chance[picks]
        self.logits[:, self.used] = np.log(shares)
        return self.logits
