"""The two phases: train returns an artifact; score loads it and answers the scorer's questions.

What the entrant's code does wrong is sent as a FAILED frame; the host decides the verdict and trusts none of it.
"""

import contextlib
import errno
import importlib.util
import json
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from minjoule.contract import Predictor, SequenceSet, SupervisedSet, TrainingSet
from minjoule.protocol import Channel, Kind, ProtocolError

HEADER_CAP = 1 << 16
MESSAGE_CHARS = 2000


class ContractError(Exception):
    """The entrant's code broke the contract: what was seen and what is due."""


def receive_given(channel: Channel, cap: int) -> Any:
    """The DATA header and its arrays: a TrainingSet, or the artifact as bytes."""
    header = json.loads(channel.expect(Kind.DATA, HEADER_CAP))
    arrays = [
        np.frombuffer(channel.expect(Kind.ARRAY, cap), dtype=np.dtype(array["dtype"])).reshape(array["shape"]) for array in header["arrays"]
    ]
    if header["holds"] == "supervised":
        return SupervisedSet(arrays[0], arrays[1], header["alphabet"])
    if header["holds"] == "sequence":
        return SequenceSet(arrays[0], arrays[1], header["alphabet"])
    return Given(arrays[0].tobytes(), header["alphabet"], np.dtype(header["inputs_dtype"]), header["features"])


class Given:
    """What the scoring box is given: the artifact, and the shape of the questions."""

    def __init__(self, artifact: bytes, alphabet: int, dtype: np.dtype[Any], features: int | None) -> None:
        self.artifact = artifact
        self.alphabet = alphabet
        self.dtype = dtype
        self.features = features


def receive_opening(channel: Channel) -> dict[str, Any]:
    """Wait at the gate."""
    opening: dict[str, Any] = json.loads(channel.expect(Kind.OPEN, HEADER_CAP))
    return opening


def train(channel: Channel, entrypoint: Path, data: TrainingSet, seed: int) -> int:
    """Import the entrant's module, train, send the artifact."""
    try:
        artifact = import_entry(entrypoint).train(data, seed=seed)
        if not isinstance(artifact, (bytes, bytearray, memoryview)):
            raise ContractError(f"train() returned {type(artifact).__name__}, bytes are due: return the artifact as one bytes object")
        payload = bytes(artifact)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are the entrant's doing too
        return fail(channel, error, contract="BAD_ARTIFACT")
    flush()
    channel.send(Kind.ARTIFACT, payload)
    return 0


def score(channel: Channel, entrypoint: Path, given: Given) -> int:
    """Load the artifact, then answer until END."""
    try:
        predictor = import_entry(entrypoint).load(given.artifact)
        channel.send(Kind.LOADED)
        answer(channel, predictor, given)
    except ProtocolError:
        return 2
    except BaseException as error:  # noqa: BLE001 - see train
        return fail(channel, error, contract="SCORING_ERROR")
    return 0


def answer(channel: Channel, predictor: Predictor, given: Given) -> None:
    """One RESET or INPUTS frame after the other. Inputs are fresh arrays: the entrant may keep them."""
    cap = 1 << 28
    while True:
        kind, payload = channel.receive(cap)
        if kind is Kind.END:
            return
        if kind is Kind.RESET:
            predictor.reset(int(json.loads(payload)["streams"]))
            continue
        inputs = np.frombuffer(payload, dtype=given.dtype)
        if given.features is not None:
            inputs = inputs.reshape(-1, given.features)
        channel.send(Kind.LOGITS, checked(predictor.predict(inputs), (len(inputs), given.alphabet)))


def checked(logits: Any, shape: tuple[int, int]) -> memoryview:
    """The logits' bytes, or a ContractError that names what was seen and what is due (the host checks again)."""
    array = np.asarray(logits)
    if array.shape != shape:
        raise ContractError(f"predict() returned shape {array.shape}, {shape} is due: (streams, alphabet)")
    if array.dtype.kind != "f":
        raise ContractError(f"predict() returned dtype {array.dtype}, float32 is due: use .astype(np.float32)")
    return np.ascontiguousarray(array, dtype="<f4").data.cast("B")


def import_entry(entrypoint: Path) -> ModuleType:
    """The entrant's module, under its own name unless one of ours or of the prelude has it already."""
    name = entrypoint.stem if entrypoint.stem not in sys.modules else f"entrant_{entrypoint.stem}"
    spec = importlib.util.spec_from_file_location(name, entrypoint)
    if spec is None or spec.loader is None:
        raise ContractError(f"entrypoint {entrypoint.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def flush() -> None:
    """What the entrant printed leaves before the last frame does: the host may end the box at once."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the entrant may have closed or replaced it
            stream.flush()


def fail(channel: Channel, error: BaseException, *, contract: str) -> int:
    """Log the traceback without our frames, and say the last line to the host."""
    outcome = "RUNTIME_ERROR"
    if isinstance(error, ContractError):
        outcome = contract
        print(f"minjoule: {error}", file=sys.stderr)
    else:
        if isinstance(error, MemoryError):
            outcome = "MEMORY_LIMIT"
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            outcome = "DISK_LIMIT"
        own = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, own)
    flush()
    said = str(error) if isinstance(error, ContractError) else "".join(traceback.format_exception_only(error)).strip()
    channel.send_json(Kind.FAILED, {"outcome": outcome, "message": said[-MESSAGE_CHARS:]})
    return 1
