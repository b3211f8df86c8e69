"""Draws: equal keys give equal instances; nothing held out is trained on; disguises hide and don't destroy."""

import numpy as np
import pytest

from minjoule.contract import SequenceSet, SupervisedSet
from minjoule.problems import PROBLEMS, datasets
from minjoule.problems.base import HeldOutExamples, HeldOutStreams, stream
from minjoule.problems.digits import rotation

ONE, TWO = bytes(32), bytes(31) + b"\1"


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_key_names_its_instance(name: str) -> None:
    first, again, other = (PROBLEMS[name].draw(key) for key in (ONE, ONE, TWO))
    assert first.digest == again.digest != other.digest


@pytest.mark.parametrize("name", PROBLEMS)
def test_symbols_stay_below_the_alphabet(name: str) -> None:
    instance = PROBLEMS[name].draw(ONE)
    training = instance.training.labels if isinstance(instance.training, SupervisedSet) else instance.training.symbols
    held_out = instance.held_out.labels if isinstance(instance.held_out, HeldOutExamples) else instance.held_out.symbols
    assert max(int(training.max()), int(held_out.max())) < instance.alphabet == instance.training.alphabet


def test_a_fifth_of_parity_labels_lie_in_training_and_none_held_out() -> None:
    instance = PROBLEMS["parity"].draw(ONE)
    assert isinstance(instance.training, SupervisedSet)
    assert isinstance(instance.held_out, HeldOutExamples)
    secret = stream(ONE, "bits").choice(64, 3, replace=False)
    lies = (instance.training.inputs[:, secret].sum(axis=1) % 2 != instance.training.labels).mean()
    assert 0.17 < lies < 0.23
    assert (instance.held_out.inputs[:, secret].sum(axis=1) % 2 == instance.held_out.labels).all()


def test_half_of_the_digits_train_five_times_and_the_others_are_held_out() -> None:
    instance = PROBLEMS["digits"].draw(ONE)
    assert isinstance(instance.training, SupervisedSet)
    assert isinstance(instance.held_out, HeldOutExamples)
    assert (len(instance.training.labels), len(instance.held_out.labels)) == (5 * 898, 899)


def test_the_rotation_keeps_lengths_and_its_inverse_gives_the_images_back() -> None:
    turn = rotation(ONE)
    assert np.allclose(turn @ turn.T, np.eye(64), atol=1e-5)
    instance = PROBLEMS["digits"].draw(ONE)
    assert isinstance(instance.held_out, HeldOutExamples)
    images, labels = datasets.digits()
    originals = stream(ONE, "split").permutation(len(images))[len(images) // 2 :]
    restored = (instance.held_out.inputs @ turn.T).reshape(-1, 64)
    raw = images[originals].reshape(-1, 64) / 16
    nearness = [np.corrcoef(restored[i], raw[i])[0, 1] for i in range(200)]
    assert np.mean(nearness) > 0.85
    names = stream(ONE, "labels").permutation(10)
    assert (names[labels[originals]] == instance.held_out.labels).all()


def test_held_out_chapters_are_not_trained_on_and_relabelled_alike() -> None:
    instance = PROBLEMS["text"].draw(ONE)
    assert isinstance(instance.training, SequenceSet)
    assert isinstance(instance.held_out, HeldOutStreams)
    text, _ = datasets.kjv()
    undo = np.argsort(stream(ONE, "bytes").permutation(256)).astype(np.uint8)
    training = undo[instance.training.symbols].tobytes()
    held = undo[instance.held_out.symbols.T].tobytes()
    assert held[:200] in text
    assert held[:200] not in training
    assert training[:100] in text
    assert 0.08 < len(held) / len(text) < 0.12
    assert instance.held_out.symbols.shape[1] == 512
    assert instance.training.starts[0] == 0


def test_other_bytes_than_the_pinned_ones_are_refused() -> None:
    with pytest.raises(datasets.DatasetError, match="pinned is"):
        datasets.verified("digits", b"other", datasets.DIGITS_SHA256)
