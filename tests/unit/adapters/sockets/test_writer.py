"""Writing to a socket whose peer reads slowly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import gevent.socket
import pytest

from app.adapters.sockets.writer import LOST, TOO_SLOW, SocketWriter

Ends = tuple[gevent.socket.socket, gevent.socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = gevent.socket.socketpair()
    ours.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_SNDBUF, 4096)
    yield ours, theirs
    ours.close()
    theirs.close()


def read_all(sock: gevent.socket.socket) -> bytes:
    found = b""
    with gevent.Timeout(10):
        while data := sock.recv(65536):
            found += data
    return found


def test_what_the_kernel_does_not_take_is_sent_later_in_order(ends: Ends) -> None:
    failures: list[str] = []
    writer = SocketWriter(ends[0], 1 << 20)
    data = [bytes([number]) * 50_000 for number in range(10)]
    for each in data:
        writer.write(each, failures.append)
    assert writer.queued
    assert not writer.wait(0.01)
    writer.end()
    assert read_all(ends[1]) == b"".join(data)
    assert (writer.queued, failures) == (0, [])


def test_the_end_comes_at_once_if_nothing_waits(ends: Ends) -> None:
    writer = SocketWriter(ends[0], 1 << 20)
    writer.write(b"all", pytest.fail)
    writer.end()
    assert read_all(ends[1]) == b"all"


def test_a_peer_that_does_not_read_is_too_slow(ends: Ends) -> None:
    failures: list[str] = []
    writer = SocketWriter(ends[0], 10_000)
    writer.write(b"x" * 1_000_000, failures.append)
    assert failures == [TOO_SLOW]


def test_a_peer_that_goes_while_bytes_wait_is_lost(ends: Ends) -> None:
    failures: list[str] = []
    writer = SocketWriter(ends[0], 1 << 24)
    writer.write(b"x" * 1_000_000, failures.append)
    ends[1].close()
    assert writer.wait(10) is False
    assert failures == [LOST]
    writer.write(b"more", failures.append)
    assert failures == [LOST, LOST]


def test_stopping_drops_the_queue(ends: Ends) -> None:
    writer = SocketWriter(ends[0], 1 << 24)
    writer.write(b"x" * 1_000_000, pytest.fail)
    writer.stop()
    assert writer.queued == 0
    ends[1].recv(1 << 20)
    assert writer.wait(10)
