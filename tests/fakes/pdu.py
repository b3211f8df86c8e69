"""An SNMP agent over UDP with one outlet."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.rfc1905 import noSuchInstance

V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]


class Pdu:
    """A rack PDU that answers GET for watts, uptime and name. A context."""

    def __init__(self, watts: Callable[[], float], oid: str) -> None:
        self.watts, self.oid, self.name, self.community, self.booted_at = watts, oid, "rack-1", "public", time.monotonic() - 1000
        self.deaf = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Pdu":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def value_of(self, oid: str) -> Any:
        if oid == self.oid:
            return V2C.Gauge32(round(self.watts()))
        if oid == "1.3.6.1.2.1.1.3.0":
            return V2C.TimeTicks(round((time.monotonic() - self.booted_at) * 100))
        if oid == "1.3.6.1.2.1.1.5.0":
            return V2C.OctetString(self.name)
        return noSuchInstance

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(65536)
            if not packet:
                return
            message, _ = decoder.decode(packet, asn1Spec=V2C.Message())
            if self.deaf or str(V2C.apiMessage.get_community(message)) != self.community:
                continue
            answer = V2C.apiMessage.get_response(message)
            asked, said = V2C.apiMessage.get_pdu(message), V2C.apiMessage.get_pdu(answer)
            values = [(oid, self.value_of(str(oid))) for oid, _ in V2C.apiPDU.get_varbinds(asked)]
            V2C.apiPDU.set_varbinds(said, values)
            self._socket.sendto(encoder.encode(answer), sender)
