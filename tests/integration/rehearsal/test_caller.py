"""The rehearsed caller over real sockets, against a server that says what the test wants."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from app.protocol import retell_llm
from app.protocol.retell_llm import CallAction
from app.rehearsal.retell_caller import events, rules
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.play import Stage, play
from app.rehearsal.retell_caller.scenario import parse
from tests.support.scripted_agent import cut, scripted_agent
from tests.support.waiting import eventually


def send(sock: ServerConnection, *frames: bytes) -> None:
    for frame in frames:
        sock.send(frame.decode())


def booking_agent(sock: ServerConnection, number: int, frame: dict[str, Any]) -> None:
    """Asks for the name, books, and hangs up."""
    if not frame["interaction_type"].endswith("_required"):
        return
    id_ = frame["response_id"]
    said = frame["transcript"][-1]["content"]
    if "Dana" in said:
        send(
            sock,
            retell_llm.response(id_, "Let me check. ", False),
            retell_llm.tool_call_invocation("t1", "book_appointment", '{"name":"Dana Reyes"}'),
            retell_llm.tool_call_result("t1", '{"ok":true}', True),
            retell_llm.response(id_, "You are booked at 10:15. Anything else?", True),
        )
    elif "bye" in said:
        action = CallAction(end_call=True)
        send(sock, retell_llm.response(id_, "Goodbye! ", True, action=action, protected=True))
    else:
        send(
            sock,
            retell_llm.response(id_, "Sure. What is ", False),
            retell_llm.response(id_, "your name?", True),
        )


BOOKING = """
steps:
  - hear: how can I help
  - say: I need a cleaning.
  - converse:
      - {when: your name, say: Dana Reyes.}
    until: booked
  - hear: 'at (?P<time>[\\d:]+)'
    not: sorry
  - say: Thanks for {time}, bye.
expect:
  ended: agent_hangup
  heard: [let me check]
  never_heard: [apolog]
  heard_once: [how can I help]
  tools: [{name: book_appointment, arguments: {name: dana}, successful: true}]
  never_tools: [cancel_appointment]
  actions: [end_call]
  bookings: [{name: Dana, start: "T10:15"}]
  record: {status: ended, turns: 4}
  max_silence: 15s
"""


def run(text: str, url: str, **stage: Any) -> list[Outcome]:
    return play(parse(text), Stage(url, speed=stage.pop("speed", 0), **stage))


def test_a_scenario_is_played_to_its_end() -> None:
    record = {
        "status": "ended",
        "turns": 4,
        "bookings": [{"name": "Dana Reyes", "start": "2026-11-24T10:15:00-08:00"}],
    }
    seen: list[events.Event] = []
    with scripted_agent(booking_agent) as agent:
        (outcome,) = run(
            BOOKING,
            agent.url,
            fetch=lambda call_id: record,
            watch=lambda number, call_id, at, event: seen.append(event),
        )
    assert outcome.failures == []
    assert outcome.faults == []
    assert outcome.said[-1] == "Thanks for 10:15, bye."
    assert agent.paths == [f"/llm-websocket/{outcome.call_id}"]
    eventually(lambda: agent.closed == [1000])
    assert agent.kinds("call_details")[0]["call"]["call_id"] == outcome.call_id
    assert isinstance(seen[-1], events.Ended)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("how can I help\n  - say", "how may we\n  - say"), "step 1: expected to hear"),
        (("not: sorry", "not: booked"), "expected not to hear"),
        (("when: your name", "when: your age"), "no entry of converse answers this"),
        (("until: booked", "until: never"), "no entry of converse answers this"),
        (("ended: agent_hangup", "ended: call_transfer"), "ended by agent_hangup"),
        (("heard: [let me check]", "heard: [my pleasure]"), "never heard"),
        (("never_heard: [apolog]", "never_heard: [goodbye]"), "heard 'goodbye'"),
        (("heard_once: [how can I help]", "heard_once: [e]"), "4 times, not once"),
        (("name: dana}", "name: eve}"), "was not called"),
        (("never_tools: [cancel_appointment]", "never_tools: [book_appointment]"), "was called"),
        (("actions: [end_call]", "actions: []"), "actions were"),
        (('start: "T10:15"', 'start: "T11:15"'), "no booking"),
        (("turns: 4", "turns: 5"), "turns is 4, not 5"),
        (("max_silence: 15s", "max_silence: 0s"), "the caller waited"),
    ],
)
def test_every_expectation_can_fail(change: tuple[str, str], wrong: str, fast_record: None) -> None:
    record = {"status": "ended", "turns": 4, "bookings": [{"name": "Dana", "start": "xT10:15"}]}
    assert change[0] in BOOKING
    with scripted_agent(booking_agent) as agent:
        (outcome,) = run(BOOKING.replace(*change), agent.url, fetch=lambda call_id: record)
    assert not outcome.ok
    assert wrong in outcome.failures[0]


@pytest.fixture
def fast_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rehearsal.retell_caller.play.RECORD_WAIT_S", 0.0)


def test_a_cut_connection_is_made_again_and_the_call_goes_on() -> None:
    def answer(sock: ServerConnection, number: int, frame: dict[str, Any]) -> bool | None:
        if frame["interaction_type"] != "response_required":
            return None
        if number == 1:
            send(sock, retell_llm.response(1, "One moment. ", False))
            cut(sock)
            return False
        send(sock, retell_llm.response(frame["response_id"], "Here I am. ", True))
        return None

    text = """
line: {asks_again: true}
steps:
  - say: Hello?
  - say: Are you there?
    barge_in: 2
  - hear: here I am
"""
    with scripted_agent(answer) as agent:
        (outcome,) = run(text, agent.url)
    assert outcome.failures == []
    assert outcome.sockets == 2
    assert agent.kinds("response_required")[-1]["response_id"] == 2
    assert agent.paths[0] == agent.paths[1]


def test_the_caller_can_lose_the_connection_itself() -> None:
    text = """
steps:
  - hear: help
  - lose: connection
  - say: Dana here.
  - hear: booked
"""
    with scripted_agent(booking_agent) as agent:
        (outcome,) = run(text, agent.url)
    assert outcome.failures == []
    assert agent.closed[0] == 1006
    assert outcome.sockets == 2


def test_a_half_dead_connection_is_given_up_without_a_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "PING_LOST_S", 0.3)
    monkeypatch.setattr(rules, "PING_EVERY_S", 0.1)
    text = """
steps:
  - hear: help
  - lose: keepalive
  - say: Dana here.
  - hear: booked
"""
    with scripted_agent(booking_agent) as agent:
        (outcome,) = run(text, agent.url)
        assert outcome.failures == []
        assert outcome.sockets == 2
    eventually(lambda: sorted(map(str, agent.closed)) == ["1000", "1006"])


def test_a_refused_handshake_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "OPEN_GAP_S", 0.05)
    seen: list[events.Event] = []
    with scripted_agent(booking_agent) as agent:
        agent.refuse = 3
        (outcome,) = run(
            "steps: []", agent.url, watch=lambda number, call_id, at, event: seen.append(event)
        )
    assert outcome.failures == ["the call ended by error_llm_websocket_open"]
    assert [event.why for event in seen if isinstance(event, events.Refused)] == [
        "refused with HTTP 403"
    ] * 3


def test_a_server_that_closes_with_an_error_code_kills_the_call() -> None:
    def answer(sock: ServerConnection, number: int, frame: dict[str, Any]) -> bool | None:
        if frame["interaction_type"] == "response_required":
            sock.close(1011)
            return False
        return None

    with scripted_agent(answer) as agent:
        (outcome,) = run("steps: [{say: hi}, {hear: x}]", agent.url)
    assert outcome.failures == ["the call ended by error_llm_websocket_runtime"]


def test_a_fault_of_the_server_fails_the_call() -> None:
    def answer(sock: ServerConnection, number: int, frame: dict[str, Any]) -> None:
        if frame["interaction_type"] == "response_required":
            sock.send('{"response_type":"response","response_id":1,"content":"x"}')
            send(sock, retell_llm.response(1, "Fine.", True))

    with scripted_agent(answer) as agent:
        (outcome,) = run("steps: [{say: hi}, {hear: fine}]", agent.url)
    assert outcome.failures == []
    assert not outcome.ok
    assert "content_complete must be bool" in outcome.faults[0]


def test_silence_until_the_reminder() -> None:
    def answer(sock: ServerConnection, number: int, frame: dict[str, Any]) -> None:
        if frame["interaction_type"] == "reminder_required":
            send(sock, retell_llm.response(frame["response_id"], "Still there? ", True))

    text = """
line: {reminder_trigger_ms: 100}
steps:
  - hear: help
  - silence: reminder
  - hear: still there
"""
    with scripted_agent(answer) as agent:
        (outcome,) = run(text, agent.url)
    assert outcome.failures == []
    assert outcome.reminders == 1


def test_a_second_call_runs_while_the_first_waits() -> None:
    text = """
steps:
  - hear: help
  - meanwhile:
      caller: {from_number: "+15550002"}
      steps:
        - say: Dana.
        - hear: booked
        - hang_up: true
  - say: bye
expect: {ended: agent_hangup}
"""
    with scripted_agent(booking_agent, greeting="Help? ") as agent:

        def both(sock: ServerConnection, number: int, frame: dict[str, Any]) -> None:
            if number == 2 and frame["interaction_type"] == "call_details":
                send(sock, retell_llm.response(0, "Help? ", True))
            booking_agent(sock, number, frame)

        agent.answer = both
        (outcome,) = run(text, agent.url)
    assert outcome.failures == []
    calls = [frame["call"]["from_number"] for frame in agent.kinds("call_details")]
    assert calls == ["+14155550191", "+15550002"]


def test_a_silent_server_fails_within_the_patience() -> None:
    text = """
line: {patience_ms: 200}
steps:
  - say: Hello?
  - hear: x
"""
    with scripted_agent(lambda sock, number, frame: None) as agent:
        (outcome,) = run(text, agent.url)
    assert outcome.failures == ["the agent said nothing for 0 s"]
    eventually(lambda: agent.closed == [1000])
