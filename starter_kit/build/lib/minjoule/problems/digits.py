"""The fruit fly: 8x8 handwritten digits, jittered, rotated and relabelled by secrets of the run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minjoule.contract import SupervisedSet
from minjoule.problems import datasets
from minjoule.problems.base import HeldOutExamples, Instance, instance_digest, stream

COPIES = 5
SHIFT_PX = 0.5
ANGLE_DEG = 8.0
SCALE = 0.1
NOISE = 0.5
CLASSES = 10
BATCH = 300


@dataclass(frozen=True, slots=True)
class Digits:
    """Half of the originals train, each drawn ``COPIES`` times; the others are held out, drawn once.

    Inputs float32, shape (n, 64), about 0..1 before the rotation; labels below 10.
    """

    name: str = "digits"
    unit: str = "bits per image"

    def draw(self, key: bytes) -> Instance:
        """See Problem."""
        images, labels = datasets.digits()
        order = stream(key, "split").permutation(len(images))
        half = len(images) // 2
        chosen = [np.repeat(order[:half], COPIES), order[half:]]
        turn, names = rotation(key), stream(key, "labels").permutation(CLASSES).astype(np.uint8)
        shuffled = stream(key, "order").permutation(len(chosen[0]))
        chosen[0] = chosen[0][shuffled]
        inputs = [jitter(images[rows], stream(key, f"jitter-{part}")) @ turn for part, rows in enumerate(chosen)]
        training = SupervisedSet(inputs[0], names[labels[chosen[0]]], CLASSES)
        held_out = HeldOutExamples(inputs[1], names[labels[chosen[1]]], BATCH)
        return Instance(training, held_out, CLASSES, instance_digest(training, held_out))


def rotation(key: bytes) -> NDArray[np.float32]:
    """A random orthogonal matrix of 64 pixels, float32, Haar-distributed (QR with the signs of R's diagonal)."""
    q, r = np.linalg.qr(stream(key, "rotation").standard_normal((64, 64)))
    return np.asarray(q * np.sign(np.diag(r)), dtype=np.float32)


def jitter(images: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Shift, turn, scale and add noise, each image by its own draw; bilinear. (n, 8, 8) 0..16 to (n, 64) about 0..1."""
    count = len(images)
    angle = np.deg2rad(random.uniform(-ANGLE_DEG, ANGLE_DEG, count))
    scale = 1 + random.uniform(-SCALE, SCALE, count)
    shift = random.uniform(-SHIFT_PX, SHIFT_PX, (2, count))
    grid = np.arange(8) - 3.5
    down, right = np.meshgrid(grid, grid, indexing="ij")
    cos, sin = (np.cos(angle) / scale)[:, None, None], (np.sin(angle) / scale)[:, None, None]
    rows = cos * down - sin * right + 3.5 + shift[0][:, None, None]
    columns = sin * down + cos * right + 3.5 + shift[1][:, None, None]
    sampled = bilinear(images, rows, columns) + random.normal(0, NOISE, (count, 8, 8))
    return np.asarray(sampled.reshape(count, 64) / 16, dtype=np.float32)


def bilinear(images: NDArray[np.float32], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Images read at fractional places, 0 outside. All shapes (n, 8, 8)."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    rows, columns = np.clip(rows + 2, 0, 10.999), np.clip(columns + 2, 0, 10.999)
    top, left = rows.astype(int), columns.astype(int)
    low, side = rows - top, columns - left
    which = np.arange(len(images))[:, None, None]
    upper = padded[which, top, left] * (1 - side) + padded[which, top, left + 1] * side
    lower = padded[which, top + 1, left] * (1 - side) + padded[which, top + 1, left + 1] * side
    return np.asarray(upper * (1 - low) + lower * low)
