"""When a quiet peer is pinged, and when it is given up."""

from __future__ import annotations

import time

from app.adapters.sockets.watch import Due, PeerWatch


def test_a_quiet_peer_is_pinged_once_an_interval() -> None:
    watch = PeerWatch(20.0)
    start = watch.heard_at
    assert watch.due(start + 19.9, is_read=True) is Due.NOTHING
    assert watch.due(start + 20.0, is_read=True) is Due.PING

    watch.pinged_at = start + 20.0
    assert watch.due(start + 39.9, is_read=True) is Due.NOTHING
    assert watch.due(start + 40.0, is_read=True) is Due.ABORT


def test_a_peer_that_answered_is_pinged_again() -> None:
    watch = PeerWatch(20.0)
    start = watch.heard_at
    watch.pinged_at, watch.heard_at = start + 20.0, start + 20.1
    assert watch.due(start + 40.2, is_read=True) is Due.PING


def test_what_nobody_reads_is_not_silent() -> None:
    watch = PeerWatch(20.0)
    watch.pinged_at = watch.heard_at + 20.0
    assert watch.due(watch.heard_at + 40.0, is_read=False) is Due.PING


def test_the_times_begin_when_the_connection_opens() -> None:
    watch = PeerWatch(20.0)
    watch.heard_at = watch.pinged_at = 0.0
    watch.start()
    assert watch.due(time.monotonic(), is_read=True) is Due.NOTHING
