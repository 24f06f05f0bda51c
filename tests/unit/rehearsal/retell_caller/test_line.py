"""Retell's side of a call: turns, discards, barge-in, actions, reminders, keepalive."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.agent.definition import Agent
from app.protocol import retell_llm
from app.protocol.retell_llm import AgentConfig, CallAction
from app.rehearsal.retell_caller import events, rules
from app.rehearsal.retell_caller.line import Line
from app.rehearsal.retell_caller.remarks import LineSettings, Remark

INSTANT = LineSettings(word_s=0.0, end_of_turn_s=0.0)
PACED = LineSettings(word_s=0.5, end_of_turn_s=0.2)


class Bench:
    """A line with a clock and a place for what it sent."""

    def __init__(self, settings: LineSettings = INSTANT, *, config: bool = True) -> None:
        self.now = 100.0
        self.line = Line({"call_id": "call_1"}, now=self.now, settings=settings)
        self.line.link.connected()
        self.seen: list[events.Event] = []
        self.sent: list[dict[str, Any]] = []
        if config:
            self.receive(retell_llm.config())

    def receive(self, frame: bytes) -> None:
        self.line.receive(frame.decode(), self.now)
        self._gather()

    def say(self, text: str, **modifiers: Any) -> None:
        self.line.say(Remark(text, **modifiers), self.now)
        self._gather()

    def run(self, seconds: float, *, echo: bool = True) -> None:
        """Let time pass; the server echoes keepalives meanwhile."""
        end = self.now + seconds
        while True:
            at = self.line.next_time()
            self.now = end if at is None else min(end, max(at, self.now))
            before = len(self.sent)
            self.line.tick(self.now)
            self._gather()
            for frame in self.sent[before:]:
                if echo and frame["interaction_type"] == "ping_pong":
                    self.receive(retell_llm.ping_pong(frame["timestamp"]))
            if self.now >= end:
                return

    def begin(self, text: str = "Hello. ") -> None:
        self.receive(retell_llm.response(0, text, True))

    def answer(self, id_: int, text: str, complete: bool = True, **more: Any) -> None:
        self.receive(retell_llm.response(id_, text, complete, **more))

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]

    def requests(self) -> list[dict[str, Any]]:
        return [f for f in self.sent if f["interaction_type"].endswith("_required")]

    def transcript(self) -> list[tuple[str, str]]:
        return [(item["role"], item["content"]) for item in self.line.transcript.plain()]

    def _gather(self) -> None:
        self.seen += [event for _, event in self.line.events]
        self.line.events.clear()
        self.sent += [orjson.loads(frame) for frame in self.line.link.outbox.send]
        self.line.link.outbox.send.clear()


def test_everything_it_sends_is_what_our_parser_reads() -> None:
    bench = Bench()
    bench.begin()
    bench.say("I need a cleaning.")
    kinds = {type(retell_llm.parse(orjson.dumps(frame))) for frame in bench.sent}
    assert kinds == {
        retell_llm.CallDetails,
        retell_llm.PingPong,
        retell_llm.Update,
        retell_llm.ResponseRequired,
    }


def test_nothing_is_said_before_the_begin_message() -> None:
    bench = Bench()
    bench.run(1.0)
    assert not bench.of(events.Word)
    bench.begin("Hi there. ")
    assert bench.transcript() == [("agent", "Hi there. ")]
    assert bench.line.transcript.plain()[0]["metadata"] == {"response_id": 0}


def test_without_config_there_is_no_keepalive_and_no_call_object() -> None:
    bench = Bench(config=False)
    bench.begin()
    bench.run(30.0)
    assert {frame["interaction_type"] for frame in bench.sent} == {
        "update_only",
        "reminder_required",
    }


def test_a_turn_grows_word_by_word_and_ends_in_a_request() -> None:
    bench = Bench(PACED)
    bench.begin("Hello. ")
    bench.sent.clear()
    bench.say("two words")
    assert [frame.get("turntaking") for frame in bench.sent] == ["user_turn", None]
    bench.run(0.5)
    assert bench.sent[-1]["transcript"][-1]["content"] == "two words "
    assert not bench.requests()
    bench.run(0.7)
    request = bench.requests()[0]
    assert request["response_id"] == 1
    words = request["transcript"][-1]["words"]
    assert [word["word"] for word in words] == ["two", "words"]
    assert words[1]["start"] - words[0]["start"] == pytest.approx(0.5)


def test_speech_starts_at_the_first_complete_sentence() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.answer(1, "Let me", False)
    assert len(bench.transcript()) == 2
    bench.run(0.25)
    bench.answer(1, " see. We have", False)
    assert bench.transcript()[-1] == ("agent", "Let me see. ")
    bench.answer(1, " ten.", True)
    done = bench.of(events.AgentDone)[-1]
    assert done.text == "Let me see. We have ten."
    assert (done.first_frame, done.first_sentence) == (0.0, 0.25)


def test_a_price_does_not_end_a_sentence() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.answer(1, "At 3.", False)
    assert bench.transcript()[-1][0] == "user"
    bench.answer(1, "30 then.", True)
    assert bench.transcript()[-1] == ("agent", "At 3.30 then. ")


def test_barge_in_cuts_the_transcript_to_what_was_spoken() -> None:
    bench = Bench(PACED)
    bench.begin("One two three four five. ")
    bench.say("wait", after_words=3)
    bench.run(10.0)
    assert bench.transcript() == [("agent", "One two three "), ("user", "wait ")]
    done = bench.of(events.AgentDone)[0]
    assert done.cut
    assert done.text == "One two three"
    assert [r["response_id"] for r in bench.requests()] == [1]


def test_barge_in_is_exact_without_delays_too() -> None:
    bench = Bench()
    bench.say("stop", after_words=2)
    bench.begin("One two three four. ")
    assert bench.transcript() == [("agent", "One two "), ("user", "stop ")]


def test_a_late_remark_is_spoken_after_a_short_turn() -> None:
    bench = Bench()
    bench.say("yes", after_words=50)
    bench.begin("Hello. ")
    assert bench.transcript() == [("agent", "Hello. "), ("user", "yes ")]
    assert len(bench.requests()) == 1


def test_two_requests_for_one_turn() -> None:
    bench = Bench()
    bench.begin()
    bench.say("book it for Monday no Tuesday", early=4)
    ids = [(r["response_id"], r["transcript"][-1]["content"]) for r in bench.requests()]
    assert ids == [(1, "book it for Monday "), (2, "book it for Monday no Tuesday ")]
    bench.answer(1, "Monday it is.")
    bench.answer(2, "Tuesday it is.")
    assert bench.transcript()[-1] == ("agent", "Tuesday it is. ")
    assert [stale.id for stale in bench.of(events.Stale)] == [1]


def test_the_agent_waits_while_the_caller_speaks() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(2.0)
    bench.say("one two three four", early=1)
    bench.answer(1, "Too early. ")
    bench.run(1.0)
    assert bench.transcript()[-1][0] == "user"
    bench.run(2.0)
    assert bench.requests()[-1]["response_id"] == 2


def test_a_filtered_backchannel_leaves_the_agent_speaking() -> None:
    bench = Bench(PACED)
    bench.begin("One two three four five. ")
    bench.say("mm-hm", after_words=2, request=False)
    bench.run(10.0)
    assert bench.transcript() == [
        ("agent", "One two three "),
        ("user", "mm-hm "),
        ("agent", "four five. "),
    ]
    entries = bench.line.transcript.plain()
    assert entries[1]["metadata"] == {"is_backchannel": True}
    assert [e["metadata"]["response_id"] for e in (entries[0], entries[2])] == [0, 0]
    assert not bench.requests()


def test_protected_speech_is_not_interrupted() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("bye")
    bench.run(2.0)
    bench.answer(1, "Goodbye then. ", True, action=CallAction(end_call=True), protected=True)
    bench.say("wait please")
    bench.run(10.0)
    assert bench.line.ended == "agent_hangup"
    assert not bench.of(events.ActionLost)
    assert bench.transcript()[-2:] == [("agent", "Goodbye then. "), ("user", "wait please ")]


def test_what_was_said_over_protected_speech_is_asked_about_after_it() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("hi")
    bench.run(2.0)
    bench.answer(1, "Please hold on for this. ", True, protected=True)
    bench.say("but why")
    bench.run(10.0)
    assert [r["response_id"] for r in bench.requests()] == [1, 2]
    assert bench.of(events.AgentDone)[-1].cut is False


@pytest.mark.parametrize(
    ("action", "done", "ended"),
    [
        (CallAction(end_call=True, transfer_number="+1", digit_to_press="1"), "end_call", True),
        (
            CallAction(transfer_number="+14155550177", digit_to_press="1"),
            "transfer_call +14155550177",
            True,
        ),
        (CallAction(digit_to_press="1"), "press_digit 1", False),
    ],
)
def test_actions_follow_the_speech_in_their_order(
    action: CallAction, done: str, ended: bool
) -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("go")
    bench.run(2.0)
    bench.answer(1, "Doing it now. ", True, action=action)
    bench.run(0.6)
    assert not bench.of(events.ActionDone)
    bench.run(2.0)
    assert [event.action for event in bench.of(events.ActionDone)] == [done]
    assert bool(bench.line.ended) is ended


def test_barge_in_loses_the_action() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("a person please")
    bench.run(2.0)
    bench.answer(1, "I connect you now. ", True, action=CallAction(transfer_number="+1555"))
    bench.say("right")
    bench.run(10.0)
    assert [event.action for event in bench.of(events.ActionLost)] == ["transfer_call +1555"]
    assert bench.line.ended is None
    assert bench.requests()[-1]["response_id"] == 2


def test_content_after_completion_is_stale() -> None:
    bench = Bench()
    bench.begin()
    bench.answer(0, "Hello again. ")
    assert bench.of(events.Stale) == [events.Stale(0, "Hello again. ", None)]


def test_an_empty_begin_message_waits_for_the_caller() -> None:
    bench = Bench()
    bench.begin("")
    assert bench.of(events.AgentDone)[0].text == ""
    assert bench.line.idle


def test_reminders_come_after_silence_and_are_bounded() -> None:
    bench = Bench()
    bench.begin()
    bench.run(9.9)
    assert not bench.requests()
    bench.run(0.2)
    assert [r["interaction_type"] for r in bench.requests()] == ["reminder_required"]
    bench.answer(1, "Are you there? ")
    bench.run(60.0)
    assert len(bench.requests()) == 1
    bench.say("yes")
    bench.answer(2, "Good. ")
    bench.run(11.0)
    assert bench.requests()[-1]["interaction_type"] == "reminder_required"


def test_no_reminder_while_an_answer_is_owed() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hello")
    bench.answer(1, "One moment. ", False)
    bench.run(15.0)
    assert [r["response_id"] for r in bench.requests()] == [1]


def test_update_agent_changes_the_reminders() -> None:
    bench = Bench()
    config = AgentConfig(reminder_trigger_ms=2000, reminder_max_count=2)
    bench.receive(retell_llm.update_agent(config))
    bench.begin()
    bench.run(2.1)
    bench.answer(1, "Hello? ")
    bench.run(2.1)
    assert len(bench.requests()) == 2


def test_agent_interrupt_speaks_at_once_and_cancels_what_was_open() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("hi")
    bench.run(1.0)
    bench.answer(1, "This is a long story. ", False)
    interrupt = {
        "response_type": "agent_interrupt",
        "interrupt_id": 1,
        "content": "We close now.",
        "content_complete": True,
        "no_interruption_allowed": True,
    }
    bench.receive(orjson.dumps(interrupt))
    bench.answer(1, "Still the story.", True)
    bench.run(10.0)
    assert bench.transcript()[-2:] == [("agent", "This "), ("agent", "We close now. ")]
    assert bench.line.transcript.plain()[-1]["metadata"] == {"interrupt_id": 1}
    assert [stale.id for stale in bench.of(events.Stale)] == [1]


def test_tool_calls_are_in_the_transcript_that_asks_for_them() -> None:
    bench = Bench()
    bench.begin()
    bench.say("book")
    bench.receive(retell_llm.tool_call_invocation("t1", "check_availability", '{"date":"x"}'))
    bench.run(0.5)
    bench.receive(retell_llm.tool_call_result("t1", '{"ok":true}', True))
    bench.answer(1, "Done. ")
    bench.say("thanks")
    roles = [entry["role"] for entry in bench.requests()[-1]["transcript_with_tool_calls"]]
    assert roles == [
        "agent",
        "user",
        "tool_call_invocation",
        "tool_call_result",
        "agent",
        "user",
    ]
    returned = bench.of(events.ToolReturned)[0]
    assert (returned.name, returned.successful, returned.took) == ("check_availability", True, 0.5)


def test_a_remark_can_wait_for_a_tool() -> None:
    bench = Bench(PACED)
    bench.begin()
    bench.run(1.0)
    bench.say("book it")
    bench.run(2.0)
    bench.say("and hurry", after_tool="book_appointment")
    bench.receive(retell_llm.tool_call_invocation("t1", "book_appointment", "{}"))
    bench.run(3.0)
    assert bench.transcript()[-1] == ("user", "and hurry ")
    assert bench.requests()[-1]["response_id"] == 2


@pytest.mark.parametrize(
    "frame",
    [
        '{"response_type":"response","response_id":1,"content":"x","content_complete":"true"}',
        '{"response_type":"response","response_id":"1","content":"x","content_complete":true}',
        '{"response_type":"response","response_id":1,"content":null,"content_complete":true}',
        '{"response_type":"tool_call_invocation","tool_call_id":"t","name":"n","arguments":{}}',
        '{"response_type":"config","config":{"auto_reconnect":"yes"}}',
        '{"response_type":"update_agent","agent_config":{"responsiveness":3}}',
        '{"response_type":"hello"}',
        "[]",
        "no json",
    ],
)
def test_frames_that_retell_would_drop_are_faults(frame: str) -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.receive(frame.encode())
    assert len(bench.of(events.Fault)) == 1
    assert bench.line.requests.open


def test_sentences_that_run_together_are_a_fault() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.answer(1, "One moment.", False)
    bench.answer(1, "Here it is.", True)
    assert "run together" in bench.of(events.Fault)[0].what


def test_a_binary_frame_ends_the_call() -> None:
    bench = Bench()
    bench.line.receive(b"{}", bench.now)
    assert bench.line.ended == "error_llm_websocket_corrupt_payload"
    assert bench.line.link.outbox.close == 1007


def test_an_unanswered_request_is_noticed_once() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.run(20.1)
    bench.run(30.0)
    assert bench.of(events.NoAnswer) == [events.NoAnswer(1, 20.0)]


def test_a_turn_that_is_never_completed_is_noticed() -> None:
    bench = Bench()
    bench.begin()
    bench.say("hi")
    bench.answer(1, "One moment. ", False)
    bench.run(20.1)
    assert len(bench.of(events.NoAnswer)) == 1


class TestSocket:
    def test_pings_every_two_seconds_and_reconnects_without_an_echo(self) -> None:
        bench = Bench()
        bench.begin()
        bench.run(4.0)
        pings = sum(frame["interaction_type"] == "ping_pong" for frame in bench.sent)
        assert pings == 3
        bench.receive(retell_llm.ping_pong(1))
        bench.run(4.9, echo=False)
        before = bench.line.link.open
        assert before
        bench.run(0.2, echo=False)
        assert not bench.line.link.open
        assert bench.line.link.outbox.connect_at == pytest.approx(bench.now + 0.5, abs=0.2)

    def test_lost_keepalive_ends_the_call_after_two_reconnects(self) -> None:
        bench = Bench()
        bench.begin()
        for socket in range(3):
            bench.run(5.1, echo=False)
            assert bench.line.link.sockets == socket + 1
            if bench.line.ended is None:
                bench.line.link.connected()
                bench.receive(retell_llm.config())
        assert bench.line.ended == "error_llm_websocket_lost_connection"

    def test_1006_reconnects_four_times(self) -> None:
        bench = Bench()
        bench.begin()
        for _ in range(4):
            bench.line.link.lost(1006, bench.now)
            assert bench.line.ended is None
            bench.line.link.connected()
        bench.line.link.lost(1006, bench.now)
        assert bench.line.ended == "error_llm_websocket_runtime"

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (1000, "agent_hangup"),
            (1005, "error_llm_websocket_open"),
            (1001, "error_llm_websocket_runtime"),
            (1011, "error_llm_websocket_runtime"),
        ],
    )
    def test_close_codes(self, code: int, reason: str) -> None:
        bench = Bench()
        bench.begin()
        bench.line.link.lost(code, bench.now)
        assert bench.line.ended == reason

    def test_three_attempts_to_open(self) -> None:
        line = Line({}, now=0.0)
        line.link.failed_to_open("403", 0.0)
        assert line.link.outbox.connect_at == rules.OPEN_GAP_S
        line.link.failed_to_open("403", 3.0)
        line.link.failed_to_open("403", 6.0)
        assert line.ended == "error_llm_websocket_open"

    def test_a_request_made_while_the_socket_was_away_is_sent_on_the_next(self) -> None:
        bench = Bench()
        bench.begin()
        bench.line.link.lost(1006, bench.now)
        bench.say("are you there")
        assert not bench.requests()
        bench.line.link.connected()
        bench.receive(retell_llm.config())
        assert [r["response_id"] for r in bench.requests()] == [1]

    def test_an_answer_may_go_on_over_a_reconnect(self) -> None:
        bench = Bench()
        bench.begin()
        bench.say("hello")
        bench.answer(1, "One moment. ", False)
        bench.line.link.lost(1006, bench.now)
        bench.line.link.connected()
        bench.receive(retell_llm.config())
        bench.answer(1, "Here I am. ", True)
        assert bench.transcript()[-1] == ("agent", "One moment. Here I am. ")
        assert [r["response_id"] for r in bench.requests()] == [1]

    def test_a_second_greeting_after_a_reconnect_is_told(self) -> None:
        bench = Bench()
        bench.begin("Hello. ")
        bench.line.link.lost(1006, bench.now)
        bench.line.link.connected()
        bench.begin("Hello. ")
        assert bench.of(events.Stale) == [events.Stale(0, "Hello. ", None)]
        bench.answer(0, "")
        assert bench.of(events.Stale)[1].late == 0.0

    def test_a_deaf_line_hears_and_says_nothing_until_it_gives_up(self) -> None:
        bench = Bench()
        bench.begin()
        bench.line.link.deaf = True
        bench.sent.clear()
        bench.say("hello")
        bench.answer(1, "Lost. ")
        assert bench.sent == []
        bench.run(5.1)
        assert bench.line.link.outbox.abandon
        bench.line.link.connected()
        bench.receive(retell_llm.config())
        assert [r["response_id"] for r in bench.requests()] == [1]


def test_the_default_agent_lines_are_speakable_without_a_blank_at_the_end() -> None:
    lines = Agent(name="A", business="B", instructions="C").lines
    bench = Bench()
    bench.begin(lines.greeting)
    assert bench.of(events.AgentDone)[0].text == lines.greeting
