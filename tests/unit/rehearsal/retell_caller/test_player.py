"""What a caller's manner makes of a call: interruptions, hums, hesitation, pauses. No sockets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson

from app.protocol import retell_llm
from app.rehearsal.retell_caller import events
from app.rehearsal.retell_caller.line import Line
from app.rehearsal.retell_caller.manner import Habits
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.player import Player, line_settings
from app.rehearsal.retell_caller.scenario import MannerSpec, parse

SCRIPT = """
steps:
  - hear: how can I help
  - say: I would like a cleaning tomorrow in the morning.
  - converse:
      - {when: your name, say: Dana Reyes., times: 9}
    until: booked
"""
GREETING = "Thank you for calling, how can I help you today with your teeth and all the rest? "
ASK = "Sure thing. May I have your name before I go on and look at all of the free times? "


class Room:
    """One call on a line; the agent answers each request with the next of `answers`."""

    def __init__(self, manner: MannerSpec, *answers: str, speed: float = 1.0) -> None:
        (spec,) = parse(SCRIPT).calls
        spec = spec.model_copy(update={"manner": manner})
        self.now = 100.0
        settings = line_settings(spec.line, speed=speed)
        self.line = Line({"call_id": "call_1"}, now=self.now, settings=settings)
        self.outcome = Outcome("call_1")
        self.seen: list[tuple[float, events.Event]] = []
        self.answers = list(answers)
        self.player = Player(
            spec,
            self.line,
            self.outcome,
            today=dt.date(2026, 11, 27),
            heard={},
            start=lambda other: lambda: None,
        )
        self.line.link.connected()
        self.line.receive(retell_llm.config().decode(), self.now)
        self.line.receive(retell_llm.response(0, GREETING, True).decode(), self.now)

    def run(self, seconds: float = 90.0) -> None:
        end = self.now + seconds
        while self.now < end and not self.line.ended:
            self.line.tick(self.now)
            self._turn()
            self.now += 0.02

    def _turn(self) -> None:
        while self.line.events:
            told, self.line.events[:] = list(self.line.events), []
            for at, event in told:
                self.seen.append((at, event))
                self.outcome.event(at, event)
                self.player.event(at, event)
            self.player.tick(self.now)
        self.player.tick(self.now)
        sent, self.line.link.outbox.send = self.line.link.outbox.send, []
        for raw in sent:
            self._answer(orjson.loads(raw))

    def _answer(self, frame: dict[str, Any]) -> None:
        if frame["interaction_type"] == "ping_pong":
            self.line.receive(retell_llm.ping_pong(frame["timestamp"]).decode(), self.now)
        elif frame["interaction_type"] == "response_required":
            text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            answer = retell_llm.response(frame["response_id"], text, True)
            self.line.receive(answer.decode(), self.now)

    def of(self, kind: type) -> list[Any]:
        return [event for _, event in self.seen if isinstance(event, kind)]


def test_who_is_patient_lets_the_agent_finish() -> None:
    room = Room(MannerSpec(), ASK, "It is booked. ")
    room.run()
    assert room.outcome.failures == []
    assert [done.cut for done in room.of(events.AgentDone)] == [False, False, False]
    assert room.outcome.said == ["I would like a cleaning tomorrow in the morning.", "Dana Reyes."]


def test_who_interrupts_begins_once_they_have_heard_enough() -> None:
    room = Room(MannerSpec(interrupts=1.0, seed=3), ASK, "It is booked. ")
    room.run()
    assert room.outcome.failures == []
    greeting, asked, booked = room.of(events.AgentDone)
    assert (greeting.cut, asked.cut, booked.cut) == (True, True, False)
    assert "how can I help" in greeting.text
    assert "your name" in asked.text
    assert not asked.text.endswith("free times? ")


def test_who_hums_is_asked_for_nothing() -> None:
    room = Room(MannerSpec(hums=1.0), ASK, "It is booked. ")
    room.run()
    assert room.outcome.failures == []
    assert len(room.outcome.said) == 4, "two remarks and two hums"
    assert len(room.of(events.Asked)) == 2


def test_who_hesitates_is_asked_twice() -> None:
    room = Room(MannerSpec(hesitates=1.0), "Let me see. ", ASK, "It is booked. ")
    room.run()
    assert room.outcome.failures == []
    assert [asked.early for asked in room.of(events.Asked)] == [True, False, False]


def test_who_thinks_is_slower_and_without_delay_nobody_thinks() -> None:
    def first_word(manner: MannerSpec, speed: float) -> float:
        room = Room(manner, ASK, "It is booked. ", speed=speed)
        room.run()
        heard = next(at for at, event in room.seen if isinstance(event, events.AgentDone))
        said = next(
            at for at, event in room.seen if isinstance(event, events.Word) and event.role == "user"
        )
        return said - heard

    assert first_word(MannerSpec(), 1.0) < 0.1
    assert 0.3 < first_word(MannerSpec(thinks_ms=5000, seed=1), 1.0) <= 5.1
    assert first_word(MannerSpec(thinks_ms=5000, seed=1), 0.0) < 0.1


def test_habits_do_not_depend_on_the_order_they_are_asked_in() -> None:
    spec = MannerSpec(seed="a", interrupts=0.5, hums=0.5, hesitates=0.5, thinks_ms=1000)
    one, other = Habits(spec), Habits(spec)
    turns = range(30)
    forward = [(one.interrupts(t), one.hum(t), one.hesitates(t, 9), one.pause_s(t)) for t in turns]
    backward = [
        (other.interrupts(t), other.hum(t), other.hesitates(t, 9), other.pause_s(t))
        for t in reversed(turns)
    ]
    assert forward == backward[::-1]
    assert 5 < sum(step[0] is not None for step in forward) < 25
