"""SIGTERM: calls finish their turn, are dropped without a close frame, and the process leaves."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from tests.support.waiting import eventually

from .conftest import Server


@pytest.mark.parametrize("own_server", [{"TEST_DRAIN_S": "10"}], indirect=True)
def test_a_call_finishes_its_turn_and_then_vanishes(own_server: Server) -> None:
    with connect(own_server.url("/drained/0.5")) as ws:
        assert ws.recv(timeout=10) == "hello"
        assert own_server.get("/last")["live"] == 1
        own_server.terminate()
        assert ws.recv(timeout=20) == "last words, 10 s"
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=10)
        assert closed.value.rcvd is None
        assert ws.close_code == 1006
    assert own_server.process.wait(20) == 0


@pytest.mark.parametrize("own_server", [{"TEST_DRAIN_S": "2"}], indirect=True)
def test_a_call_that_does_not_finish_is_dropped_at_the_limit(own_server: Server) -> None:
    with connect(own_server.url("/drained/600.0")) as ws:
        assert ws.recv(timeout=10) == "hello"
        own_server.terminate()
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=20)
        assert closed.value.rcvd is None
    assert own_server.process.wait(20) == 0


@pytest.mark.parametrize("own_server", [{"TEST_DRAIN_S": "8"}], indirect=True)
def test_new_sockets_are_refused_while_draining(own_server: Server) -> None:
    with connect(own_server.url("/drained/4.0")) as ws:
        assert ws.recv(timeout=10) == "hello"
        refused: list[int] = []

        def keep_calling() -> None:
            while not refused:
                try:
                    connect(own_server.url("/drained/0.0")).close()
                except InvalidStatus as answer:
                    refused.append(answer.response.status_code)
                except OSError:
                    refused.append(0)

        caller = threading.Thread(target=keep_calling)
        caller.start()
        own_server.terminate()
        caller.join(20)
        # Until gunicorn has closed its listener the answer is 503, after that nobody answers.
        assert refused in ([503], [0])
        assert ws.recv(timeout=20) == "last words, 8 s"
    eventually(lambda: own_server.process.poll() == 0)
