"""The best smuggler we can write for each track: a table of public knowledge under the cap on the xz-compressed source.

Each is granted more than it could have: its table is made from the whole public data, what is held out included, and its temperature
is the best for the run. On the King James text its disguise is undone for nothing; on the digits by an attack on the training data, and
for comparison by key.
"""

import base64
import bisect
import importlib.util
import itertools
import math
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from minjoule import tracks
from minjoule.bundle import Bundle
from minjoule.contract import SupervisedSet
from minjoule.problems import PROBLEMS, datasets
from minjoule.problems.base import HeldOutExamples, HeldOutStreams, stream
from minjoule.problems.digits import CLASSES, jitter, rotation
from minjoule.problems.text import in_streams
from minjoule.scorer import Room, bits_lost, due, questions

ROOT = Path(__file__).parents[2]
MANIFEST = 'name = "s"\ntrack = "{}"\nentrypoint = "entry.py"\nlicense = "MIT"\ndescription = "s"\n'
MOST_DIMENSIONS = 40
COPIES = 10
MOST_PRUNED = 1000


def xz_bytes(track: str, code: str, table: bytes) -> int:
    """What the cap holds against: the code and the table as text."""
    source = code + f"\nTABLE = {base64.b85encode(table).decode()!r}\n"
    return Bundle({"entry.toml": MANIFEST.format(track).encode(), "entry.py": source.encode()}).xz_bytes


def cap_of(track: str) -> int:
    """Of the shipped rules."""
    return tracks.parse_track(tracks.shipped()[track]).source_xz_bytes


def parity_loss(key: bytes) -> float:
    """There is nothing to know beforehand: the best table says that every label is as likely, or gambles on one triple of 41,664."""
    held_out = PROBLEMS["parity"].draw(key).held_out
    assert isinstance(held_out, HeldOutExamples)
    guess = held_out.inputs[:, [3, 17, 40]].sum(axis=1) % 2
    odds = float((guess == held_out.labels).mean())
    return min(1.0, -math.log2(odds) if odds > 0.9 else 1.0)


class DigitsTable:
    """Quadratic discriminants in some principal components of the public images, a byte a number: about 1,600 bytes at 16 components."""

    code = (ROOT / "starter_kit" / "examples" / "digits-qda" / "entry.py").read_text()

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        images, labels = datasets.digits()
        random = np.random.default_rng(0)
        inputs, labels = jitter(np.repeat(images, COPIES, axis=0), random), np.repeat(labels, COPIES)
        self.centre = inputs.mean(axis=0)
        self.basis = np.linalg.eigh(np.cov(inputs.T))[1][:, ::-1][:, :dimensions]
        seen = (inputs - self.centre) @ self.basis
        self.means, self.factors, self.table = [], [], b""
        upper = np.triu_indices(dimensions)
        for label in range(CLASSES):
            mine = seen[labels == label]
            factor = np.linalg.cholesky(np.linalg.inv(np.cov(mine.T) + 1e-3 * np.eye(dimensions))).T
            mean, factor_bytes = rounded(mine.mean(axis=0)), rounded(factor[upper])
            packed = np.zeros((dimensions, dimensions))
            packed[upper] = factor_bytes[0]
            self.means.append(mean[0])
            self.factors.append(packed)
            self.table += mean[1] + factor_bytes[1]

    def loss(self, key: bytes) -> float:
        """Bits per image on the held-out images of a run, turned back."""
        held_out = PROBLEMS["digits"].draw(key).held_out
        assert isinstance(held_out, HeldOutExamples)
        names = stream(key, "labels").permutation(CLASSES)
        truth = np.argsort(names)[held_out.labels].astype(np.uint8)
        return self.best((held_out.inputs @ rotation(key).T - self.centre) @ self.basis, np.arange(CLASSES), truth)

    def attack(self, key: bytes) -> float:
        """The same with the disguise in place: components of the training inputs, labels and signs matched by class means, then turned."""
        instance = PROBLEMS["digits"].draw(key)
        training, held_out = instance.training, instance.held_out
        assert isinstance(training, SupervisedSet)
        assert isinstance(held_out, HeldOutExamples)
        centre, means = training.inputs.mean(axis=0), np.array(self.means)
        basis = np.linalg.eigh(np.cov((training.inputs - centre).T))[1][:, ::-1][:, : self.dimensions]
        mine = np.array([((training.inputs[training.labels == label] - centre) @ basis).mean(axis=0) for label in range(CLASSES)])
        cost = np.abs(np.abs(mine)[:, None, :] - np.abs(means)[None, :, :]).sum(axis=2)
        for _ in range(20):
            names = linear_sum_assignment(cost)[1]
            signs = np.sign((mine * means[names]).sum(axis=0))
            cost = (((mine * signs)[:, None, :] - means[None, :, :]) ** 2).sum(axis=2)
        left, _, right = np.linalg.svd(mine.T @ means[names] + 0.5 * np.diag(signs))
        return self.best((held_out.inputs - centre) @ basis @ left @ right, names, held_out.labels)

    def best(self, seen: np.ndarray, names: np.ndarray, truth: np.ndarray) -> float:
        """Bits per image at the best temperature for these very images."""
        logits = np.stack([self.score(seen, label) for label in names], axis=1)
        room = Room((len(truth), CLASSES))
        return min(bits_lost((logits * warm).astype(np.float32), truth, room) / len(truth) for warm in (0.1, 0.2, 0.3, 0.5, 0.8, 1.0))

    def score(self, seen: np.ndarray, label: int) -> np.ndarray:
        """Log-likelihood under one class."""
        factor = self.factors[label]
        away = (seen - self.means[label]) @ factor.T
        return -0.5 * (away**2).sum(axis=1) + np.log(np.abs(np.diag(factor)) + 1e-9).sum()


def digits_tables(track: str, least: int = 12) -> list[DigitsTable]:
    """Those that fit under the cap, from ``least`` components on."""
    made = (DigitsTable(dimensions) for dimensions in range(least, MOST_DIMENSIONS))
    return list(itertools.takewhile(lambda each: xz_bytes(track, each.code, each.table) <= cap_of(track), made))


def rounded(values: np.ndarray) -> tuple[np.ndarray, bytes]:
    """To a byte each; back, and the bytes."""
    scale = float(np.abs(values).max()) / 127
    steps = np.round(values / scale).astype(np.int8)
    return steps * scale, steps.tobytes()


class KjvTable:
    """The kit's own pruned Kneser-Ney of order 5 on the whole public text in its plain bytes, its artifact as the table.

    Of n-grams it holds as many, the most frequent, as fit under the track's cap.
    """

    def __init__(self, track: str) -> None:
        path = ROOT / "starter_kit" / "examples" / "kjv-kneser-ney" / "entry.py"
        spec = importlib.util.spec_from_file_location("smuggled_kneser_ney", path)
        assert spec is not None
        assert spec.loader is not None
        self.entry = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.entry)
        self.entry.ORDER = 5
        source = path.read_text()
        self.code = source.split("def train", 1)[0] + "def load" + source.split("def load", 1)[1]
        used, symbols = np.unique(np.frombuffer(datasets.kjv()[0], dtype=np.uint8), return_inverse=True)
        levels, longer = [], None
        for order in range(5, 0, -1):
            codes, counts = self.entry.occurrences(symbols.astype(np.int64), order, len(used))
            distinct = counts if longer is None else self.entry.before(codes, longer, len(used) ** order)
            levels.insert(0, (codes, counts, self.entry.quantised(codes, distinct, len(used))))
            longer = codes

        def table(least: int) -> bytes:
            packed: bytes = self.entry.packed(used, levels, float(least))
            return packed

        fits = bisect.bisect_left(range(MOST_PRUNED), True, key=lambda least: xz_bytes(track, self.code, table(least)) <= cap_of(track))
        self.table = table(fits)

    def loss(self, steps: int = 120) -> float:
        """Bits per byte over the first ``steps`` of 512 streams of the text itself."""
        text, _ = datasets.kjv()
        held_out = HeldOutStreams(in_streams(np.frombuffer(text, dtype=np.uint8))[: steps + 1])
        predictor, bits = self.entry.load(self.table), 0.0
        for question in itertools.islice(questions(held_out), steps):
            if question.reset is not None:
                predictor.reset(question.reset)
            logits = predictor.predict(np.frombuffer(question.inputs, dtype=np.uint8))
            bits += bits_lost(np.ascontiguousarray(logits, dtype=np.float32), question.truth, Room((len(question.truth), 256)))
        return bits / due(held_out)
