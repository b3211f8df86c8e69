"""What the host hands into a box before its gate opens: the training set, or the artifact. The harness reads it back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minjoule.contract import SupervisedSet, TrainingSet
from minjoule.problems.base import HeldOutExamples, Instance
from minjoule.protocol import Channel, Kind


def send_training(channel: Channel, training: TrainingSet, deadline: float) -> None:
    """The training set as one DATA header and its arrays."""
    if isinstance(training, SupervisedSet):
        _send(channel, {"holds": "supervised", "alphabet": training.alphabet}, [training.inputs, training.labels], deadline)
    else:
        _send(channel, {"holds": "sequence", "alphabet": training.alphabet}, [training.symbols, training.starts], deadline)


def send_artifact(channel: Channel, artifact: bytes, instance: Instance, deadline: float) -> None:
    """The artifact, and the shape of the questions to come."""
    held_out = instance.held_out
    shape = {
        "inputs_dtype": held_out.inputs.dtype.str if isinstance(held_out, HeldOutExamples) else "|u1",
        "features": held_out.inputs.shape[1] if isinstance(held_out, HeldOutExamples) else None,
    }
    array = np.frombuffer(artifact, dtype=np.uint8)
    _send(channel, {"holds": "artifact", "alphabet": instance.alphabet} | shape, [array], deadline)


def _send(channel: Channel, header: dict[str, Any], arrays: list[NDArray[Any]], deadline: float) -> None:
    header["arrays"] = [{"dtype": array.dtype.str, "shape": list(array.shape)} for array in arrays]
    channel.send_json(Kind.DATA, header, deadline)
    for array in arrays:
        channel.send(Kind.ARRAY, np.ascontiguousarray(array).data.cast("B"), deadline)
