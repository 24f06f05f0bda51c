"""`Wire` over a socket pair, with `websockets`' own client protocol as the strict other end."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import gevent
import gevent.socket
import pytest
from gevent import socket as gevent_socket
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from app.adapters.realtime.wire import ModelWire
from app.adapters.sockets.connection import CLOSE_TIMEOUT_S, Wire
from app.adapters.sockets.timer import KEEPER


class Peer:
    """The other end: reads when told to and lets nothing pass that breaks the protocol."""

    def __init__(self, sock: gevent_socket.socket) -> None:
        self.sock = sock
        self.protocol = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=None)
        self.frames: list[Frame] = []

    def read(self, timeout: float = 5.0) -> None:
        """Read until nothing comes for a moment, or the end."""
        with gevent.Timeout(timeout, False):  # type: ignore[arg-type]
            while data := self.sock.recv(65536):
                self.take(data)
            self.protocol.receive_eof()

    def read_until(self, count: int) -> None:
        with gevent.Timeout(20):
            while len(self.frames) < count:
                data = self.sock.recv(65536)
                assert data, "the connection ended early"
                self.take(data)

    def take(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        self.frames += [e for e in self.protocol.events_received() if isinstance(e, Frame)]
        assert self.protocol.parser_exc is None

    def send(self, *writes: bytes) -> None:
        self.sock.sendall(b"".join([*writes, *self.protocol.data_to_send()]))

    @property
    def texts(self) -> list[str]:
        return [bytes(f.data).decode() for f in self.frames if f.opcode is Opcode.TEXT]


def pair(**options: object) -> tuple[Wire, Peer]:
    ours, theirs = gevent.socket.socketpair()
    protocol = ServerProtocol(state=State.OPEN, max_size=1 << 20)
    return Wire(ours, protocol, **options), Peer(theirs)  # type: ignore[arg-type]


@pytest.fixture
def wire_and_peer() -> Iterator[tuple[Wire, Peer]]:
    wire, peer = pair()
    yield wire, peer
    wire.abort()
    wire.finish()
    peer.sock.close()


Both = tuple[Wire, Peer]


def test_a_close_ends_receive_for_whoever_reads(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    reader = gevent.spawn(wire.receive)
    gevent.sleep(0)
    wire.close(4001, "reason " * 40)
    assert wire.closed
    assert not wire.send("too late")
    peer.read_until(1)
    peer.send()  # the answering close frame
    peer.sock.close()
    reader.join(5)
    assert reader.value is None
    assert (wire.close_code, wire.peer_gone) == (4001, None)
    assert len(wire.close_reason.encode()) <= 123


def test_messages_before_the_close_frame_are_still_received(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    peer.protocol.send_text(b"one")
    peer.protocol.send_text(b"two")
    peer.protocol.send_close(1000)
    peer.send()
    assert [wire.receive(), wire.receive(), wire.receive()] == ["one", "two", None]
    assert wire.close_code == 1000
    assert wire.peer_gone is None


def test_an_abort_wakes_the_reader(wire_and_peer: Both) -> None:
    wire, _ = wire_and_peer
    reader = gevent.spawn(wire.receive)
    gevent.sleep(0)
    wire.abort("superseded")
    reader.join(5)
    assert reader.ready()
    assert (wire.close_code, wire.peer_gone) == (1006, "superseded")


def test_a_ping_is_answered_by_whoever_reads(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    peer.protocol.send_ping(b"are you there")
    peer.protocol.send_text(b"x")
    peer.send()
    assert wire.receive() == "x"
    peer.read_until(1)
    assert (peer.frames[0].opcode, bytes(peer.frames[0].data)) == (Opcode.PONG, b"are you there")


def test_bytes_are_sent_as_text(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    wire.send(b'{"a":1}')
    wire.send_binary(b"\0")
    peer.read_until(2)
    assert [f.opcode for f in peer.frames] == [Opcode.TEXT, Opcode.BINARY]


def test_several_texts_in_one_write_are_several_messages(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    assert wire.send_all(["one", "z" * 300, "three"])
    assert wire.send_all(["four", "x" * 70_000])
    peer.read_until(5)
    assert peer.texts == ["one", "z" * 300, "three", "four", "x" * 70_000]
    assert wire.sent == 5
    wire.close()
    assert not wire.send_all(["too late"])


def test_more_than_the_bound_is_too_slow() -> None:
    wire, peer = pair(max_queued=100_000)
    sent = 0
    while wire.send("x" * 10_000):
        sent += 1
        assert sent < 1000
    assert (wire.peer_gone, wire.close_code, wire.queued) == ("too slow", 1006, 0)
    assert sent >= 10
    wire.finish()
    peer.sock.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40_000), max_size=12), min_size=1, max_size=4),
    st.integers(1, 200_000),
)
def test_whole_frames_in_order_whatever_the_sizes_and_senders(
    senders: list[list[int]], first_read: int
) -> None:
    wire, peer = pair(max_queued=1 << 30)
    peer.sock.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_RCVBUF, 4096)

    def send(name: int, sizes: list[int]) -> None:
        for number, size in enumerate(sizes):
            assert wire.send(f"{name}:{number}:" + "x" * size)
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(send, *one) for one in enumerate(senders)], raise_error=True)
    if any(senders):
        peer.take(peer.sock.recv(first_read))
    peer.read_until(sum(map(len, senders)))
    for name, sizes in enumerate(senders):
        mine = [text for text in peer.texts if text.startswith(f"{name}:")]
        assert mine == [f"{name}:{number}:" + "x" * size for number, size in enumerate(sizes)]
    assert wire.flush(5)
    assert wire.queued == 0
    wire.abort()
    wire.finish()
    peer.sock.close()


def test_the_close_frame_follows_what_is_queued() -> None:
    wire, peer = pair(max_queued=1 << 30)
    for number in range(50):
        wire.send(f"{number}:" + "x" * 50_000)
    assert wire.queued
    wire.close(1000)
    peer.read_until(51)
    assert [int(text.split(":")[0]) for text in peer.texts] == list(range(50))
    assert peer.frames[-1].opcode is Opcode.CLOSE
    wire.abort()
    wire.finish()
    peer.sock.close()


def test_idle_wires_are_pinged_and_silent_ones_dropped(wire_and_peer: Both) -> None:
    wire, peer = wire_and_peer
    reader = gevent.spawn(wire.receive)
    gevent.sleep(0)
    start = time.monotonic()
    wire.tick(start + 10)
    assert not peer.frames
    wire.tick(start + 21)
    peer.read_until(1)
    assert peer.frames[0].opcode is Opcode.PING
    wire.tick(start + 40)
    assert not wire.closed
    wire.tick(start + 42)
    assert (wire.closed, wire.peer_gone) == (True, "silent")
    reader.join(5)
    assert reader.ready()


def test_a_wire_nobody_reads_is_not_taken_for_silent(wire_and_peer: Both) -> None:
    wire, _ = wire_and_peer
    start = time.monotonic()
    for seconds in range(0, 300, 7):
        wire.tick(start + seconds)
    assert not wire.closed


def test_a_peer_that_never_answers_our_close_is_dropped(wire_and_peer: Both) -> None:
    wire, _ = wire_and_peer
    wire.opened()
    wire.close(1000)
    wire.tick(time.monotonic() + CLOSE_TIMEOUT_S + 1)
    wire.finish()
    assert wire.close_code == 1000
    assert wire not in KEEPER


def test_finish_leaves_nothing_with_the_timer() -> None:
    wire, peer = pair()
    wire.opened()
    assert wire in KEEPER
    peer.sock.close()
    assert wire.receive() is None
    wire.finish()
    assert wire not in KEEPER
    assert wire.peer_gone == "lost"


def test_a_finished_wire_frees_itself() -> None:
    wire, peer = pair()
    peer.sock.close()
    assert wire.receive() is None
    wire.finish()
    left = weakref.ref(wire), weakref.ref(wire._protocol)
    gc.disable()
    try:
        del wire
        assert [one() for one in left] == [None, None]
    finally:
        gc.enable()


def test_a_close_that_comes_with_the_handshakes_answer_has_its_code() -> None:
    ours, theirs = gevent.socket.socketpair()
    wire = ModelWire(ours, ClientProtocol(parse_uri("ws://x/")))
    server = ServerProtocol()

    def answer() -> None:
        while not (requests := [e for e in server.events_received() if isinstance(e, Request)]):
            server.receive_data(theirs.recv(65536))
        server.send_response(server.accept(requests[0]))
        server.send_text(b'{"type":"error"}')
        server.send_close(4000, "refused")
        theirs.sendall(b"".join(server.data_to_send()))
        server.receive_data(theirs.recv(65536))
        theirs.close()

    answering = gevent.spawn(answer)
    wire.handshake(timeout=20)
    answering.join(20)

    assert wire.recv(decode=False) == b'{"type":"error"}'
    with pytest.raises(ConnectionClosedError) as closed:
        wire.recv(decode=False)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "refused")


def test_a_models_wire_reads_as_the_sdk_expects() -> None:
    ours, theirs = gevent.socket.socketpair()
    wire = ModelWire(ours, ClientProtocol(parse_uri("ws://x/"), state=State.OPEN))
    server = ServerProtocol(state=State.OPEN)
    server.send_text('{"type":"sé"}'.encode())
    server.send_close(4000, "over")
    theirs.sendall(b"".join(server.data_to_send()))
    assert wire.recv(decode=False) == '{"type":"sé"}'.encode()
    theirs.close()
    with pytest.raises(ConnectionClosedError) as closed:
        wire.recv(decode=False)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4000, "over")
