"""Length-prefixed, bounded binary frames between the harness in the box and the host.

A frame is ``<BI``: kind (1 byte), payload length (4 bytes little-endian), then the payload. What a peer declares is
never allocated beyond the caller's cap. Both ends treat the other as hostile; this module is in the box, so it holds no secret.
"""

import contextlib
import json
import select
import socket
import struct
import time
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("<BI")
PIECE_BYTES = 1 << 18
SEND_BYTES = 1 << 20  # an answer of 512 streams leaves whole while the scorer still works on the last; the kernel may grant less


class Kind(IntEnum):
    """Frame kinds. H: host to box, B: box to host."""

    READY = 1  # B: JSON {"harness": str, "prelude_s": float}; the harness stands at the gate, no entrant byte has run
    DATA = 2  # H: JSON header of the arrays that follow as ARRAY frames; sent before the gate opens
    ARRAY = 3  # H: raw bytes of one array, in the header's order
    OPEN = 4  # H: JSON {"seed": int}; the gate opens, the window runs
    ARTIFACT = 5  # B: what train returned
    FAILED = 6  # B: JSON {"outcome": str, "message": str}; the entrant's code raised or broke the contract
    LOADED = 7  # B: load returned a predictor
    RESET = 8  # H: JSON {"streams": int}
    INPUTS = 9  # H: raw inputs of one step
    LOGITS = 10  # B: raw float32 little-endian logits of one step
    END = 11  # H: nothing more to predict; leave
    WAITING = 12  # B: JSON {"prelude_s": float}; a box prepared ahead stands without a bundle
    TAKE = 13  # H: JSON {"entrypoint": str, "phase": str}; the bundle is there now


class ProtocolError(Exception):
    """The peer broke the framing: wrong kind, over the cap, or gone. ``gone`` says that it closed the connection."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


class FrameTooLargeError(ProtocolError):
    """The peer declared a payload over the cap; nothing of it was read."""


class DeadlineError(Exception):
    """The deadline passed before the peer's bytes were all here."""


class Channel:
    """One end of the connection. Blocking calls take an absolute deadline on ``time.monotonic``; None waits forever."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        self._sock = sock

    def fileno(self) -> int:
        """The socket's descriptor, for polling."""
        return self._sock.fileno()

    def send(self, kind: Kind, payload: bytes | memoryview = b"", deadline: float | None = None) -> None:
        """Send one frame. Raises DeadlineError, or ProtocolError(gone=True) when the peer has left."""
        view = memoryview(payload).cast("B")
        header = HEADER.pack(kind, len(view))
        if len(view) <= PIECE_BYTES:
            self._send_all(memoryview(header + view.tobytes()), deadline)
        else:
            self._send_all(memoryview(header), deadline)
            self._send_all(view, deadline)

    def send_json(self, kind: Kind, value: dict[str, Any], deadline: float | None = None) -> None:
        """Send a JSON object as one frame."""
        self.send(kind, json.dumps(value, allow_nan=False).encode(), deadline)

    def receive(self, cap: int, deadline: float | None = None) -> tuple[Kind, bytearray]:
        """Receive one frame of at most ``cap`` bytes. Raises DeadlineError or ProtocolError."""
        kind, length = HEADER.unpack(self._read(HEADER.size, deadline))
        try:
            known = Kind(kind)
        except ValueError:
            raise ProtocolError(f"frame of unknown kind {kind}") from None
        if length > cap:
            raise FrameTooLargeError(f"frame {known.name} declares {length} bytes, over the cap of {cap}")
        return known, self._read(length, deadline)

    def receive_into(self, kind: Kind, buffer: memoryview, deadline: float | None = None) -> tuple[Kind, bytearray]:
        """Receive a frame of ``kind`` that fills ``buffer`` exactly, without allocating.

        Returns (kind, empty) then. A frame of another kind is returned whole, if it isn't longer than ``buffer`` or 64 KiB;
        a frame of the kind with another length raises ProtocolError.
        """
        seen, length = HEADER.unpack(self._read(HEADER.size, deadline))
        if seen == kind:
            if length != len(buffer):
                raise ProtocolError(f"frame {kind.name} declares {length} bytes where {len(buffer)} are due")
            self._fill(buffer, deadline)
            return kind, bytearray()
        cap = max(len(buffer), 1 << 16)
        if length > cap:
            raise FrameTooLargeError(f"frame of kind {seen} declares {length} bytes, over the cap of {cap}")
        try:
            known = Kind(seen)
        except ValueError:
            raise ProtocolError(f"frame of unknown kind {seen}") from None
        return known, self._read(length, deadline)

    def abort(self) -> None:
        """Break the connection from another thread: whoever waits on it gets ProtocolError(gone=True)."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def expect(self, kind: Kind, cap: int, deadline: float | None = None) -> bytearray:
        """Receive a frame that must be of ``kind``. Raises ProtocolError otherwise."""
        seen, payload = self.receive(cap, deadline)
        if seen is not kind:
            raise ProtocolError(f"expected {kind.name}, got {seen.name}")
        return payload

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._sock.close()

    def _send_all(self, view: memoryview, deadline: float | None) -> None:
        while view:
            try:
                sent = self._sock.send(view)
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except OSError as error:
                raise ProtocolError(f"the peer has left: {error}", gone=True) from error
            view = view[sent:]

    def _read(self, count: int, deadline: float | None) -> bytearray:
        buffer = bytearray(count)
        self._fill(memoryview(buffer), deadline)
        return buffer

    def _fill(self, view: memoryview, deadline: float | None) -> None:
        due = len(view)
        while view:
            try:
                got = self._sock.recv_into(view)
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError as error:
                raise ProtocolError(f"the peer has left: {error}", gone=True) from error
            if not got:
                raise ProtocolError(f"the peer left after {due - len(view)} of {due} bytes", gone=True)
            view = view[got:]

    def _wait(self, event: int, deadline: float | None) -> None:
        poller = select.poll()
        poller.register(self._sock, event)
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        if not poller.poll(timeout):
            raise DeadlineError("the deadline passed while waiting for the peer")
