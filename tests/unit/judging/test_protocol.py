"""Frames: what a peer declares is never allocated beyond the cap, and every wait ends."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minjoule.protocol import Channel, DeadlineError, FrameTooLargeError, Kind, ProtocolError


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


@given(payload=st.binary(max_size=5000), kind=st.sampled_from(Kind))
def test_a_frame_arrives_as_it_was_sent(payload: bytes, kind: Kind) -> None:
    ours, theirs = socket.socketpair()
    sender, receiver = Channel(ours), Channel(theirs)
    sender.send(kind, payload)
    assert receiver.receive(5000) == (kind, payload)
    sender.close()
    receiver.close()


def test_a_frame_larger_than_the_socket_buffer_arrives_whole(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    payload = bytes(range(256)) * 20_000
    peer = Channel(theirs)
    sending = threading.Thread(target=lambda: peer.send(Kind.ARTIFACT, payload))
    sending.start()
    assert channel.expect(Kind.ARTIFACT, len(payload), time.monotonic() + 10) == payload
    sending.join()


def test_a_declared_length_over_the_cap_is_refused_unread(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.sendall(struct.pack("<BI", Kind.ARTIFACT, 0xFFFFFFFF))
    with pytest.raises(FrameTooLargeError, match="4294967295 bytes, over the cap of 100"):
        channel.receive(100)


def test_a_peer_that_declares_more_than_it_sends_meets_the_deadline(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.sendall(struct.pack("<BI", Kind.ARTIFACT, 50) + b"few")
    with pytest.raises(DeadlineError):
        channel.receive(100, time.monotonic() + 0.05)


def test_a_peer_that_leaves_half_way_is_gone(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.sendall(struct.pack("<BI", Kind.ARTIFACT, 50) + b"few")
    theirs.shutdown(socket.SHUT_RDWR)
    with pytest.raises(ProtocolError, match="after 3 of 50 bytes") as caught:
        channel.receive(100)
    assert caught.value.gone


def test_an_unknown_kind_is_refused(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.sendall(struct.pack("<BI", 200, 0))
    with pytest.raises(ProtocolError, match="unknown kind 200"):
        channel.receive(100)


def test_a_frame_of_another_size_does_not_fill_a_fixed_buffer(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.sendall(struct.pack("<BI", Kind.LOGITS, 3) + b"abc")
    with pytest.raises(ProtocolError, match="declares 3 bytes where 4 are due"):
        channel.receive_into(Kind.LOGITS, memoryview(bytearray(4)))


def test_abort_wakes_whoever_waits(pair: tuple[Channel, socket.socket]) -> None:
    channel, _ = pair
    threading.Timer(0.05, channel.abort).start()
    with pytest.raises(ProtocolError) as caught:
        channel.receive(100, time.monotonic() + 10)
    assert caught.value.gone
