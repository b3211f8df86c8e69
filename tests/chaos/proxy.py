"""A TCP proxy that can be cut: what goes through it hangs or breaks, as a network does."""

import contextlib
import socket
import threading


class Proxy:
    """Listens on a free port of ``address`` and passes on to loopback's ``target``; ``cut`` drops connections and refuses new ones."""

    def __init__(self, target: int, address: str = "127.0.0.1") -> None:
        self._target, self._open, self._lock = target, True, threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        self.address = f"{address}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._sockets |= {near, far}
            for here, there in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(here, there), daemon=True).start()

    def _pump(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := here.recv(1 << 16):
                there.sendall(piece)
        for each in (here, there):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            with self._lock:
                self._sockets.discard(each)

    def cut(self) -> None:
        """Break what is open, refuse what comes."""
        self._open = False
        with self._lock:
            there = list(self._sockets)
        for each in there:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Pass on again."""
        self._open = True

    def close(self) -> None:
        """For good."""
        self.cut()
        self._listener.close()
