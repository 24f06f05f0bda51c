"""Audio calls in which events are missing, come twice, late, or in an order that makes no sense."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest

from app.core.audio.playback import MARK_PATIENCE_S
from app.core.call.events import (
    FromModel,
    FromPhone,
    OpenModel,
    RunTool,
    ToModel,
    ToolDone,
)
from app.protocol import twilio
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Call
from tests.support.audio_sim import Sim, agent

LONG = (
    "We are open from Monday to Friday, from eight in the morning until five in the afternoon, and "
    "on Wednesdays until seven in the evening."
)


def talking(sim: Sim, seconds: float = 1.0) -> None:
    """Let the agent be so far into a long answer."""
    sim.script(LONG)
    sim.speak("When are you open?")
    sim.until(lambda: sim.call.voice.play.sounding)
    sim.run(seconds)


def model_says(sim: Sim, kind: str, **members: Any) -> list[Any]:
    """An event of the model's session; what was decided upon it."""
    raw = orjson.dumps({"type": kind, "event_id": "event_x", **members})
    actions = sim.call.handle(FromModel(sim.call.model.number, raw), sim.now)
    sim._do(actions)
    return actions


def started(sim: Sim, item: str) -> list[Any]:
    return model_says(sim, "input_audio_buffer.speech_started", item_id=item, audio_start_ms=0)


def test_speech_that_starts_twice_mutes_once(greeted: Sim) -> None:
    talking(greeted)
    for item in ("u1", "u1", "u2"):
        started(greeted, item)
    assert len(greeted.told("muted")) == 1
    greeted.run(2.0)
    # Nothing was heard in the caller's audio, and no end was told: at the deadline it is decided.
    decided = greeted.told("barge_in") + greeted.told("backchannel")
    assert len(decided) == 1
    assert greeted.call.sounds.barge.deadline is None


def test_an_end_of_speech_without_a_begin_is_nothing(greeted: Sim) -> None:
    talking(greeted)
    model_says(greeted, "input_audio_buffer.speech_stopped", item_id="u9", audio_end_ms=900)
    assert greeted.told("muted") == []
    greeted.until_silent(1.0)
    assert greeted.heard[-1] == ["agent", LONG]


def test_speech_whose_end_is_not_told_is_a_turn_once_it_is_committed(greeted: Sim) -> None:
    greeted.script("Good morning.")
    started(greeted, "u1")
    greeted.run(0.5)
    model_says(greeted, "input_audio_buffer.committed", item_id="u1", previous_item_id=None)
    greeted.until(lambda: greeted.heard[-1][1].endswith("Good morning."), 5)


def test_speech_while_the_phone_holds_nothing_clears_nothing(greeted: Sim) -> None:
    """The model was asked and has not begun to speak."""
    greeted.script(LONG)
    greeted.speak("When are you open?")
    greeted.until(lambda: greeted.types().count("response.create") == 1)
    clears = greeted.handset.clears
    started(greeted, "u1")
    greeted._flush()
    assert greeted.told("muted")
    assert greeted.handset.clears == clears


def test_audio_after_its_item_was_cut_is_not_heard(greeted: Sim) -> None:
    talking(greeted, 1.5)
    item = greeted.call.voice.play._items[0].item_id
    response = str(greeted.call.model.responses.gate.response_id)
    greeted.script("Yes?")
    greeted.speak("Stop please, I have another question.")
    greeted.until(lambda: greeted.call.state.interruptions == 1)
    frames = greeted.handset.frames
    late = b64encode(b"\x11" * 8000).decode()
    model_says(
        greeted, "response.output_audio.delta", response_id=response, item_id=item, delta=late
    )
    done = {"id": response, "object": "realtime.response", "status": "cancelled", "output": []}
    model_says(greeted, "response.done", response=done)
    greeted.run(0.1)
    assert greeted.handset.frames == frames
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Yes?"], 10)
    assert b"\x11" * 80 not in bytes(greeted.handset.heard)


def test_audio_that_is_none_is_noted(greeted: Sim) -> None:
    greeted.stage.pace = Pace(0.0, 0.1, 0.05, 0.0, 1.0)
    talking(greeted)
    response, item = (
        str(greeted.call.model.responses.gate.response_id),
        greeted.call.voice.play._items[0].item_id,
    )
    for delta in ("abc", 7):
        model_says(
            greeted, "response.output_audio.delta", response_id=response, item_id=item, delta=delta
        )
    assert len(greeted.told("bad_event")) == 2
    greeted.until_silent(1.0)
    assert greeted.heard[-1] == ["agent", LONG]


# -- marks ------------------------------------------------------------------------------------


def no_marks(sim: Sim) -> None:
    """A phone that returns no marks from now on."""
    sim._return_marks = sim.handset.marks.clear  # type: ignore[method-assign]


def test_marks_that_never_come_do_not_hold_the_call_up(greeted: Sim) -> None:
    no_marks(greeted)
    greeted.script("We open at eight.")
    greeted.speak("When do you open?")
    greeted.until(lambda: greeted.call.voice.play.sounding, 5)
    greeted.until(lambda: bool(greeted.told("marks_missing")), 15)
    assert not greeted.handset.playing
    assert greeted.told("turn")[-1]["ended"] == "answered"
    assert not greeted.call.voice.play.pending
    # And so a caller who says nothing is asked about, as ever.
    greeted.until(lambda: bool(greeted.told("idle")), 30)
    assert greeted.violations == []


def test_without_marks_nothing_is_said_to_be_heard(greeted: Sim) -> None:
    """No proof that it was played: the item is deleted and not cut somewhere."""
    no_marks(greeted)
    talking(greeted, 2.0)
    greeted.script("Yes?")
    greeted.speak("Stop please, I have another question.")
    greeted.until(lambda: greeted.call.state.interruptions == 1)
    greeted.run(0.5)
    assert "conversation.item.truncate" not in greeted.types()
    assert "conversation.item.delete" in greeted.types()
    assert greeted.violations == []


def test_marks_on_time_are_not_missed(greeted: Sim) -> None:
    talking(greeted)
    greeted.until_silent(MARK_PATIENCE_S + 1.0)
    assert greeted.told("marks_missing") == []


# -- words ------------------------------------------------------------------------------------


def test_a_transcription_that_fails_leaves_the_answer_alone(greeted: Sim) -> None:
    greeted.script("We open at eight.")
    started(greeted, "u1")
    stopped = {"item_id": "u1", "audio_end_ms": 2000}
    model_says(greeted, "input_audio_buffer.speech_stopped", **stopped)
    model_says(greeted, "input_audio_buffer.committed", item_id="u1", previous_item_id=None)
    before = greeted.call.cost.transcribed_s
    kind = "conversation.item.input_audio_transcription.failed"
    model_says(greeted, kind, item_id="u1", content_index=0, error={"code": "audio_unintelligible"})
    assert greeted.told("transcription_failed") == [{"item_id": "u1"}]
    assert greeted.call.cost.transcribed_s == before, "what failed is not charged"
    greeted.until(lambda: greeted.heard[-1][1].endswith("We open at eight."), 10)


def test_a_failed_transcription_during_the_goodbye_ends_the_call_all_the_same(greeted: Sim) -> None:
    greeted.script([Call("end_call", '{"message":"Goodbye and take care."}')], "Goodbye.")
    greeted.speak("That was all, thank you.")
    greeted.until(
        lambda: greeted.call.ending.pending is not None and greeted.call.voice.play.sounding
    )
    started(greeted, "u7")
    model_says(greeted, "input_audio_buffer.speech_stopped", item_id="u7", audio_end_ms=0)
    model_says(greeted, "input_audio_buffer.committed", item_id="u7", previous_item_id=None)
    kind = "conversation.item.input_audio_transcription.failed"
    model_says(greeted, kind, item_id="u7", content_index=0, error={})
    greeted.until(lambda: greeted.ended is not None, 10)


def test_the_servers_own_account_of_a_transcription_counts(greeted: Sim) -> None:
    started(greeted, "u1")
    model_says(greeted, "input_audio_buffer.committed", item_id="u1", previous_item_id=None)
    before = greeted.call.cost.transcribed_s
    model_says(
        greeted,
        "conversation.item.input_audio_transcription.completed",
        item_id="u1",
        content_index=0,
        transcript="Hello.",
        usage={"type": "duration", "seconds": 7.5},
    )
    assert greeted.call.cost.transcribed_s - before == pytest.approx(7.5)


def test_words_without_a_sound_are_kept_and_harm_nothing(greeted: Sim) -> None:
    kind = "conversation.item.input_audio_transcription.completed"
    model_says(greeted, kind, item_id="u404", content_index=0, transcript="Hello?")
    greeted.run(1.0)
    assert greeted.types().count("response.create") == 0
    greeted.script("Yes.")
    greeted.speak("Are you there?")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Yes."], 10)


# -- after the end ----------------------------------------------------------------------------


def test_nothing_is_opened_after_the_end(greeted: Sim) -> None:
    """A key, a voice and a tool's result arrive while the line is being closed."""
    greeted.script([Call("end_call", "{}")], "Goodbye.")
    greeted.speak("Bye.")
    greeted.until(lambda: greeted.ended is not None, 10)
    decided = []
    for frame in (
        {"event": "dtmf", "dtmf": {"digit": "#"}},
        {"event": "media", "media": {"payload": b64encode(b"\x10" * 160).decode()}},
        {"event": "mark", "mark": {"name": "1:1"}},
        {"event": "stop", "stop": {"callSid": "CA1"}},
        {"event": "stop", "stop": {"callSid": "CA1"}},
    ):
        decided += greeted.call.handle(FromPhone(twilio.read(orjson.dumps(frame))), greeted.now)
    assert [a for a in decided if isinstance(a, OpenModel | ToModel)] == []
    assert greeted.call.deadline() is None


def test_a_tool_that_answers_after_the_caller_left_opens_nothing() -> None:
    sim = Sim(agent=agent()).start()
    sim.until_silent(2.0)
    sim.script([Call("check_availability", '{"date":"2026-11-27"}')])
    sim.speak("Is there anything on Friday?")
    sim.until(lambda: bool(sim.ran), 10)
    call_id = next(iter(sim.call.tools.calls.open))
    stop = orjson.dumps({"event": "stop", "stop": {"callSid": "CA1"}})
    sim._do(sim.call.handle(FromPhone(twilio.read(stop)), sim.now))
    decided = sim.call.handle(ToolDone(call_id, True, {"slots": []}), sim.now)
    assert [a for a in decided if isinstance(a, OpenModel | ToModel | RunTool)] == []
    assert sim.call.model.conversation.history.has_output(call_id), (
        "the result is in the call's record"
    )
