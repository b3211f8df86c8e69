"""Keeps the beginning of a container's attached output and reads away the rest for ever: undrained, a kill would hang."""

import contextlib
import io
import socket
import struct
import threading

# The engine's multiplexed stream: stream number, three zero bytes, payload length (big-endian).
HEADER = struct.Struct(">BxxxI")
PIECE_BYTES = 1 << 16


class LogStream:
    """The attached output of one container; a thread drains it until the engine closes it.

    Takes the descriptor of an attached stream, which it duplicates: what the engine's client does to its own doesn't matter.
    """

    def __init__(self, descriptor: int, cap: int) -> None:
        self._sock = socket.socket(fileno=socket.dup(descriptor))
        self._sock.settimeout(None)
        self._stream = io.BufferedReader(socket.SocketIO(self._sock, "r"), PIECE_BYTES)
        self._cap = cap
        self._kept = bytearray()
        self.truncated = False
        self._thread = threading.Thread(target=self._drain, name="box-log", daemon=True)
        self._thread.start()

    def kept(self) -> bytes:
        """What was logged until now, capped. Never blocks."""
        return bytes(self._kept)

    @property
    def ended(self) -> bool:
        """The container has ended and all of its output was read."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout_s)
        return self.ended

    def close(self) -> None:
        """Stop reading. Idempotent."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5.0)
        self._stream.close()
        self._sock.close()

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            while not self.truncated:
                header = self._stream.read(HEADER.size)
                if len(header) < HEADER.size:
                    return
                self._keep(HEADER.unpack(header)[1])
            waste = bytearray(PIECE_BYTES)
            while self._stream.readinto1(waste):
                pass

    def _keep(self, length: int) -> None:
        while length and (piece := self._stream.read1(min(length, PIECE_BYTES))):
            length -= len(piece)
            room = self._cap - len(self._kept)
            self._kept += piece[:room]
            self.truncated |= len(piece) > room
