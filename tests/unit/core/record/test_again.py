"""A turn of a record answered again: what the model knew, and what is never run."""

from __future__ import annotations

from typing import Any

import orjson

from app.core.call import events
from app.core.record.again import Moment, SecondAnswer, find_moment
from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Faults
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Part, Say
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Scripted, Stage
from tests.support.simulated_call import MODEL, PRICES, START, Echo, SimulatedCall, tool_call
from tests.unit.core.record.test_replay import record_of

LOOK = tool_call("check_availability", date="2026-12-01")


def call_with_a_tool() -> SimulatedCall:
    call = SimulatedCall(tool=lambda run: {"ok": True, "slots": ["nine"]})
    call.advance(1.0)
    call.script("Which day?", LOOK, "Nine is free.")
    call.say("A cleaning, please.")
    call.say("Tuesday.", wait=3.0)
    call.say("Nine then.", wait=3.0)
    return call


def moment_of(call: SimulatedCall, turn: int) -> Moment:
    found = find_moment(record_of(call), turn)
    assert found is not None
    return found


class Asked:
    """A second answer against the rehearsal model's session, in no time."""

    def __init__(self, moment: Moment, *replies: list[Part] | str, **agent: Any) -> None:
        stage = Stage(Echo(), Pace(), Faults())
        for reply in replies:
            stage.script.append(Scripted([Say(reply)] if isinstance(reply, str) else reply))
        changed = moment.state.agent.model_copy(update=agent)
        self.second = SecondAnswer(moment, changed, MODEL, PRICES)
        self.session: Session | None = None
        self.actions: list[events.Action] = []
        self._stage, self._now = stage, START + 1000
        self._do(self.second.start(self._now))
        for _ in range(1000):
            if not self.second.over:
                self._tick()

    def _tick(self) -> None:
        assert self.session is not None
        self._now = self.session.deadline()
        self.session.tick(self._now)
        self._pump()

    def _do(self, actions: list[events.Action]) -> None:
        self.actions += actions
        for action in actions:
            if isinstance(action, events.OpenModel):
                self.session = Session(
                    self._stage, MODEL, number=1, now=self._now, wall_at_start=self._now, faults={}
                )
                self.session.open()
                self._do(self.second.handle(events.ModelOpened(action.session), self._now))
            elif isinstance(action, events.ToModel):
                assert self.session is not None
                self.session.receive(action.raw, self._now)
                self._pump()

    def _pump(self) -> None:
        assert self.session is not None
        while self.session.channel.out:
            out = self.session.channel.out.pop(0)
            assert not isinstance(out, Drop)
            self._do(self.second.handle(events.FromModel(1, out), self._now))

    def sent(self, kind: str) -> list[dict[str, Any]]:
        raws = [orjson.loads(a.raw) for a in self.actions if isinstance(a, events.ToModel)]
        return [event for event in raws if event["type"] == kind]


def test_the_model_gets_what_was_heard_up_to_the_turn() -> None:
    call = SimulatedCall()
    call.advance(1.0)
    call.script("On which day would you like to come?", "Tuesday it is.")
    call.say("A cleaning, please.")
    call.hear(3)
    call.transcript.append({"role": "user", "content": "Tuesday."})
    call.request()
    call.advance(2.0)
    moment = moment_of(call, 2)
    said = [(item.kind, item.text) for item in moment.items]
    assert said[-3:] == [
        ("user", "A cleaning, please."),
        ("assistant", "On which day"),
        ("user", "Tuesday."),
    ]
    assert all("Tuesday it is" not in text for _, text in said)
    asked = Asked(moment, "Fine.", instructions="Be very brief.")
    assert (asked.second.over, asked.second.text) == ("answered", "Fine.")
    [session] = asked.sent("session.update")
    assert "Be very brief." in session["session"]["instructions"]
    assert session["session"]["tools"], "the tools are offered"
    told = [item["item"]["content"][0]["text"] for item in asked.sent("conversation.item.create")]
    assert told[-2:] == ["On which day", "Tuesday."]
    assert asked.second.cost.usd > 0


def test_a_call_that_was_made_gets_its_result_and_nothing_is_run() -> None:
    moment = moment_of(call_with_a_tool(), 2)
    assert [(tool.name, tool.arguments) for tool in moment.tools] == [
        ("check_availability", {"date": "2026-12-01"})
    ]
    asked = Asked(moment, LOOK, "Only nine is free.")
    assert (asked.second.over, asked.second.text) == ("answered", "Only nine is free.")
    [made] = asked.second.called
    assert "nine" in str(made.output)
    assert not any(isinstance(action, events.RunTool) for action in asked.actions)


def test_a_call_that_was_not_made_is_shown_only() -> None:
    moment = moment_of(call_with_a_tool(), 2)
    other = tool_call("book_appointment", name="Dana")
    asked = Asked(moment, other, "It is booked.")
    assert asked.second.over == "not_run"
    assert [(one.name, one.output) for one in asked.second.called] == [("book_appointment", None)]
    assert asked.second.text == ""


def test_later_turns_know_the_tools_and_results_as_they_were() -> None:
    moment = moment_of(call_with_a_tool(), 3)
    kinds = [item.kind for item in moment.items]
    assert kinds.count("call") == kinds.count("output") == 1
    assert moment.tools == ()
    asked = Asked(moment, "Booked? No.")
    assert asked.session is not None
    held = [item.as_seen()["type"] for item in asked.session.channel.conversation]
    assert held.count("function_call_output") == 1


def test_a_turn_that_is_not_in_the_record_is_not_found() -> None:
    assert find_moment(record_of(call_with_a_tool()), 9) is None


def test_a_model_that_is_away_ends_it() -> None:
    second = SecondAnswer(moment_of(call_with_a_tool(), 2), SimulatedCall().agent, MODEL, PRICES)
    opened = second.start(START)
    for attempt in range(1, 5):
        number = next(a.session for a in opened if isinstance(a, events.OpenModel))
        opened = second.handle(events.ModelLost(number, "unreachable"), START + attempt)
        if second.over:
            break
    assert second.over == "the model is away (unreachable)"
    second = SecondAnswer(moment_of(call_with_a_tool(), 2), SimulatedCall().agent, MODEL, PRICES)
    second.start(START)
    second.handle(events.ModelLost(1, "invalid_api_key", fatal=True), START)
    assert "invalid_api_key" in second.over
