"""The registry of live calls and the order in which they leave."""

from __future__ import annotations

import gevent
import pytest

from app.bridges.drain import Drain
from app.errors import Unavailable


class FakeSocket:
    """Remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def flush(self, timeout: float) -> bool:
        self.done.append("flush")
        return True

    def abort(self, why: str = "aborted") -> None:
        self.done.append(why)


def test_calls_are_counted_while_their_block_runs() -> None:
    drain = Drain()
    with drain.call(FakeSocket()), drain.call(FakeSocket()):
        assert drain.live == 2
        assert not drain.wait(0)
    assert drain.live == 0
    assert drain.wait(0)


def test_a_call_that_fails_is_no_longer_counted() -> None:
    drain = Drain()
    with pytest.raises(RuntimeError), drain.call(FakeSocket()):
        raise RuntimeError
    assert drain.live == 0


def test_each_call_finishes_then_is_flushed_then_dropped() -> None:
    drain, ws = Drain(limit_s=30), FakeSocket()

    def finish(seconds: float) -> None:
        assert 29 < seconds <= 30
        ws.done.append("finished")

    with drain.call(ws, finish):
        drain.start()
        assert ws.done == []  # start returns at once
        gevent.sleep(0.01)
    assert ws.done == ["finished", "flush", "drained"]


def test_a_call_that_does_not_finish_is_dropped_at_the_limit() -> None:
    drain, ws = Drain(limit_s=0.05), FakeSocket()
    with drain.call(ws, lambda seconds: gevent.sleep(60)):
        drain.start()
        gevent.sleep(0.2)
    assert ws.done == ["flush", "drained"]


def test_a_call_that_cannot_finish_is_dropped_all_the_same() -> None:
    drain, ws = Drain(), FakeSocket()

    def finish(seconds: float) -> None:
        raise RuntimeError("a bug")

    with drain.call(ws, finish):
        drain.start()
        gevent.sleep(0.01)
    assert ws.done == ["flush", "drained"]


def test_no_new_call_while_draining() -> None:
    drain = Drain()
    drain.start()
    with pytest.raises(Unavailable) as refused, drain.call(FakeSocket()):
        raise AssertionError("not reached")
    assert refused.value.code == "draining"
    assert refused.value.status == 503


def test_no_more_calls_than_the_process_may_carry() -> None:
    drain = Drain(max_calls=1)
    with drain.call(FakeSocket()):
        with pytest.raises(Unavailable) as refused:
            drain.check()
        assert refused.value.code == "full"
    drain.check()


def test_calls_are_told_once() -> None:
    drain, ws = Drain(), FakeSocket()
    with drain.call(ws, lambda seconds: ws.done.append("finished")):
        drain.start()
        drain.start()
        gevent.sleep(0.01)
    assert ws.done == ["finished", "flush", "drained"]


def test_a_full_process_lets_its_own_call_come_back() -> None:
    drain = Drain(max_calls=1)
    with drain.call(FakeSocket(), call_id="mine"):
        drain.check("mine")
        with drain.call(FakeSocket(), call_id="mine"):
            assert drain.live == 2
        with pytest.raises(Unavailable):
            drain.check("another")
    with drain.call(FakeSocket(), call_id="another"):
        drain.check("mine")  # its line was lost a moment ago
        with pytest.raises(Unavailable):
            drain.check("a third")
        with pytest.raises(Unavailable):
            drain.check()
