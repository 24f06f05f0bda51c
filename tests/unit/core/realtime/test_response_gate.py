"""One response at a time, whatever order the server's events come in."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.core.realtime.response_gate import ResponseGate


def test_cancel_that_overtakes_its_create_is_sent_at_created() -> None:
    gate = ResponseGate()
    gate.ask("k1", 0.0)
    assert gate.cancel(0.1) is None
    assert gate.created("resp_1", "k1", 0.2) == "resp_1"
    assert not gate.wants("resp_1")
    assert gate.done("resp_1", "k1") == (True, "k1", True)
    assert gate.free


def test_done_without_created_ends_the_request() -> None:
    gate = ResponseGate()
    gate.ask("k1", 0.0)
    assert gate.done("resp_1", "k1") == (True, "k1", False)
    assert gate.free


def test_a_response_nobody_asked_for_holds_the_gate_and_is_cancelled() -> None:
    gate = ResponseGate()
    assert gate.created("resp_9", None, 0.0) == "resp_9"
    assert not gate.free
    gate.done("resp_9", None)
    assert gate.free


def test_block_by_an_unknown_response_ends_with_the_next_done() -> None:
    gate = ResponseGate()
    gate.ask("k1", 0.0)
    gate.blocked(None, 0.1)
    assert not gate.free
    assert gate.done("resp_7", None)[0]
    assert gate.free


def test_late_done_of_an_older_response_changes_nothing() -> None:
    gate = ResponseGate()
    gate.ask("k2", 0.0)
    gate.created("resp_2", "k2", 0.1)
    assert not gate.done("resp_1", "k1")[0]
    assert gate.wants("resp_2")


class Server(RuleBasedStateMachine):
    """A gate beside a server that follows the protocol; they must never disagree for long."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = ResponseGate()
        self.count = 0
        self.asked: list[str] = []
        self.running: tuple[str, str] | None = None
        self.cancelled: set[str] = set()
        self.unwanted: set[str] = set()

    @precondition(lambda self: self.gate.free)
    @rule()
    def ask(self) -> None:
        assert self.running is None
        assert not self.asked
        self.count += 1
        key = f"k{self.count}"
        self.gate.ask(key, 0.0)
        self.asked.append(key)

    @rule()
    def cancel(self) -> None:
        if not self.gate.free and self.gate.key:
            self.unwanted.add(self.gate.key)
        response_id = self.gate.cancel(0.0)
        if response_id:
            self.cancelled.add(response_id)

    @precondition(lambda self: self.asked)
    @rule(announce=st.booleans())
    def start(self, announce: bool) -> None:
        key = self.asked.pop()
        response_id = f"resp_{key}"
        if announce:
            self.running = (response_id, key)
            cancel = self.gate.created(response_id, key, 0.0)
            if cancel:
                self.cancelled.add(cancel)
        else:
            held, found, unwanted = self.gate.done(response_id, key)
            assert held
            assert found == key
            assert unwanted == (key in self.unwanted)

    @precondition(lambda self: self.running is not None)
    @rule()
    def finish(self) -> None:
        assert self.running is not None
        response_id, key = self.running
        self.running = None
        held, found, unwanted = self.gate.done(response_id, key)
        assert held
        assert found == key
        assert unwanted == (key in self.unwanted)

    @invariant()
    def agrees(self) -> None:
        if self.running is not None:
            response_id, key = self.running
            assert self.gate.wants(response_id) == (key not in self.unwanted)
            assert (response_id in self.cancelled) == (key in self.unwanted)
        assert self.gate.free == (self.running is None and not self.asked)


TestServer = Server.TestCase
TestServer.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
