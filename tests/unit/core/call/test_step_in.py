"""Somebody at the console steps into a call, on both channels."""

from __future__ import annotations

import pytest

from app.core.call import events, notes
from app.core.call.step_in import MOST_GUIDANCE, SteppedIn
from tests.support.audio_sim import Sim
from tests.support.simulated_call import SimulatedCall


def interrupts(call: SimulatedCall) -> list[dict[str, object]]:
    return [frame for frame in call.frames if frame["response_type"] == "agent_interrupt"]


def answered() -> SimulatedCall:
    call = SimulatedCall()
    call.advance(1.0)
    call.say("Hello there.")
    return call


def test_a_line_is_said_at_once_and_noted() -> None:
    call = answered()
    call.feed(events.StepIn("say", "One moment, please.", by="Ann"))
    (frame,) = interrupts(call)
    assert (frame["content"], frame["content_complete"]) == ("One moment, please.", True)
    assert "end_call" not in frame
    assert SteppedIn("say", "One moment, please.", "Ann") in call.notes


def test_a_line_takes_the_place_of_an_answer_that_is_under_way() -> None:
    call = SimulatedCall()
    call.advance(1.0)
    call.transcript.append({"role": "user", "content": "Hello there."})
    call.request()
    call.feed(events.StepIn("say", "One moment, please."))
    frames = len(call.frames)
    call.advance(20.0)
    assert call.frames[frames:] == []
    ended = [note.ended for note in call.notes if isinstance(note, notes.TurnEnded)]
    assert ended == ["stepped_in"]
    # The caller goes on, and is answered.
    call.transcript.append({"role": "agent", "content": "One moment, please."})
    call.transcript.append({"role": "user", "content": "All right."})
    call.request()
    call.advance(2.0)
    assert call.frames[-1]["content_complete"]
    assert ("assistant", "One moment, please.") in call.model_view()


def test_two_lines_have_numbers_of_their_own() -> None:
    call = answered()
    call.feed(events.StepIn("say", "One."))
    call = call.moved()
    call.advance(1.0)
    call.feed(events.StepIn("say", "Two."))
    assert interrupts(call)[-1]["interrupt_id"] == 2


def test_an_instruction_reaches_the_model_for_the_rest_of_the_call() -> None:
    call = answered()
    call.feed(events.StepIn("instruct", "Offer ten percent off."))
    call.advance(1.0)
    assert "Offer ten percent off." in call.session.channel.config["instructions"]
    assert not interrupts(call)
    call = call.moved()
    call.advance(1.0)
    assert "Offer ten percent off." in call.session.channel.config["instructions"]


def test_instructions_are_bounded() -> None:
    call = answered()
    for number in range(MOST_GUIDANCE + 5):
        call.feed(events.StepIn("instruct", f"Instruction {number}."))
    assert len(call.call.state.guidance) == MOST_GUIDANCE
    assert call.call.state.guidance[-1] == f"Instruction {MOST_GUIDANCE + 4}."


def test_a_muted_tool_is_not_offered_any_more() -> None:
    call = answered()
    call.feed(events.StepIn("mute", "book_appointment"))
    call.advance(1.0)
    offered = [tool["name"] for tool in call.session.channel.config["tools"]]
    assert "book_appointment" not in offered
    assert "check_availability" in offered


def test_ending_and_transferring() -> None:
    call = answered()
    call.feed(events.StepIn("end"))
    (frame,) = interrupts(call)
    assert frame["end_call"] is True
    assert frame["content"] == call.agent.lines.goodbye
    other = answered()
    other.feed(events.StepIn("transfer", "I hand you over.", "+14155550188"))
    (frame,) = interrupts(other)
    assert (frame["transfer_number"], frame["content"]) == ("+14155550188", "I hand you over.")


def spoken(sim: Sim) -> str:
    return " ".join(u.content for u in sim.call.transcript if u.role == "agent")


@pytest.fixture
def sim() -> Sim:
    sim = Sim()
    sim.start()
    sim.until_silent()
    return sim


def test_a_line_is_spoken_over_the_telephone(sim: Sim) -> None:
    sim._feed(events.StepIn("say", "One moment, please."))
    sim.until_silent()
    assert "One moment, please." in spoken(sim)
    assert sim.ended is None


def test_the_telephone_is_hung_up_after_the_last_words(sim: Sim) -> None:
    sim._feed(events.StepIn("end", "We have to stop here."))
    sim.until(lambda: sim.ended is not None)
    assert "We have to stop here." in spoken(sim)
    assert sim.ended is not None
    assert sim.ended.kind == "end"


def test_the_telephone_is_handed_over(sim: Sim) -> None:
    sim._feed(events.StepIn("transfer", "", "+14155550188"))
    sim.until(lambda: sim.ended is not None)
    assert sim.ended is not None
    assert (sim.ended.kind, sim.ended.number) == ("transfer", "+14155550188")


def test_an_instruction_changes_the_audio_session(sim: Sim) -> None:
    sim._feed(events.StepIn("instruct", "Offer ten percent off."))
    sim.run(1.0)
    (session,) = sim.sessions.values()
    assert "Offer ten percent off." in session.channel.config["instructions"]
    assert session.channel.config["output_modalities"] == ["audio"]


def test_nothing_is_said_into_a_call_that_has_ended(sim: Sim) -> None:
    sim._feed(events.StepIn("end"))
    sim.until(lambda: sim.ended is not None)
    assert sim.call.handle(events.StepIn("say", "Hello?"), sim.now) == []
