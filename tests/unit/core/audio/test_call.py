"""A call over audio, decided by the core against the rehearsal model, in virtual time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from app.protocol import twilio
from app.protocol.twilio import BYTES_PER_MS
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Call, Say
from tests.support.audio_sim import Sim, agent

LONG = (
    "We are open from Monday to Friday, from eight in the morning until five in the afternoon, and "
    "on Wednesdays until seven in the evening. We are closed on public holidays."
)


def talking(sim: Sim, text: str = LONG, seconds: float = 1.0) -> None:
    """Let the agent be `seconds` into saying `text`."""
    sim.script(text)
    sim.speak("When are you open?")
    sim.until(lambda: sim.call.voice.play.sounding)
    sim.run(seconds)
    assert sim.call.voice.play.pending


def truncations(sim: Sim) -> list[dict[str, Any]]:
    return [e for _, e in sim.sent if e["type"] == "conversation.item.truncate"]


# -- the ordinary way -------------------------------------------------------------------------


def test_greeting_is_spoken_at_once_and_whole() -> None:
    sim = Sim().start()
    sim.until_silent()
    assert sim.heard[0][1].endswith(sim.agent.lines.greeting)
    assert len(sim.heard) == 1
    turn = sim.told("turn")[0]
    assert turn["ended"] == "answered"
    assert turn["first_ms"] < 200
    assert sim.handset.dry <= 1
    assert sim.violations == []


def test_the_greeting_begins_with_the_announcement_where_calls_are_recorded() -> None:
    sim = Sim(agent(recording={"enabled": True})).start()
    sim.until_silent()
    assert "This call is recorded. " + sim.agent.lines.greeting in sim.heard[0][1]
    quiet = Sim(agent(recording={"enabled": False})).start()
    quiet.until_silent()
    assert "recorded" not in quiet.heard[0][1]


def test_a_question_is_answered_in_order_of_speech(greeted: Sim) -> None:
    greeted.script("We open at eight.")
    greeted.speak("When do you open?")
    greeted.until_silent(1.0)
    assert greeted.heard[1:] == [["user", "When do you open?"], ["agent", "We open at eight."]]
    assert greeted.types().count("response.create") == 1
    assert greeted.violations == []


def test_a_turn_tells_how_long_the_caller_had_been_silent(greeted: Sim) -> None:
    greeted.script("We open at eight.")
    greeted.speak("When do you open?")
    greeted.until_silent(1.0)
    pause = greeted.told("turn")[-1]["pause_ms"]
    silence = 800  # until voice detection takes a sound for over
    assert silence <= pause < silence + 300


def test_late_transcripts_take_their_place(greeted: Sim) -> None:
    """The caller's words come after the answer has begun, and still stand before it."""
    greeted.script("At eight.")
    greeted.speak("When do you open?")
    greeted.until(lambda: greeted.call.voice.play.sounding)
    assert greeted.call.awaits_words
    assert [role for role, _ in greeted.heard] == ["agent"]
    greeted.until_silent(1.0)
    assert [role for role, _ in greeted.heard] == ["agent", "user", "agent"]


def test_frames_are_paced_and_the_phone_never_runs_dry(greeted: Sim) -> None:
    before = len(greeted.frames_out)
    greeted.handset.dry = greeted.handset.longest_buffer = 0
    talking(greeted)
    greeted.until_silent()
    media = [at for at, kind in greeted.frames_out[before:] if kind == "media"]
    gaps = [b - a for a, b in pairwise(media)]
    assert greeted.handset.dry <= 1  # the end
    assert greeted.handset.longest_buffer <= 260 * BYTES_PER_MS
    assert max(gaps[11:]) <= 0.04


def test_caller_audio_goes_up_in_gathered_stretches(greeted: Sim) -> None:
    greeted.run(3.0)
    appended = [e for _, e in greeted.sent if e["type"] == "input_audio_buffer.append"]
    assert 49 <= len(appended) <= 51
    assert {len(e["audio"]) for e in appended} == {640}


# -- barge-in ---------------------------------------------------------------------------------


def test_an_interruption_mutes_at_once_and_cuts_to_what_was_heard(greeted: Sim) -> None:
    talking(greeted, seconds=2.0)
    clears = greeted.handset.clears
    greeted.speak("No wait, I want to book something instead please.")
    greeted.script("Of course.")
    greeted.until(lambda: greeted.handset.clears > clears, 1.0)
    frames = greeted.handset.frames
    greeted.until(lambda: bool(greeted.told("turn")), 2.0)
    assert greeted.handset.frames == frames, "nothing is sent while it is decided"
    cut = truncations(greeted)
    assert len(cut) == 1
    # It spoke for two seconds, and for as long as voice detection took.
    assert 1900 <= cut[0]["audio_end_ms"] <= 2400
    greeted.until_silent(1.0)
    said = greeted.heard[2][1]
    assert LONG.startswith(said)
    assert 0 < len(said) < len(LONG) / 2
    assert greeted.heard[-1] == ["agent", "Of course."]
    assert greeted.call.state.interruptions == 1
    assert greeted.violations == []


def test_mute_needs_no_more_than_the_frame_it_is_told_in(greeted: Sim) -> None:
    talking(greeted)
    greeted.speak("Stop there please, I have a question.")
    greeted.until(lambda: bool(greeted.told("muted")))
    at = next(at for at, note in greeted.notes if note.kind == "muted")
    assert [t for t, kind in greeted.frames_out if kind == "clear"][-1] == at


def test_a_breath_lets_the_agent_go_on_where_it_stopped(greeted: Sim) -> None:
    talking(greeted)
    greeted.speak(None, seconds=0.1)
    greeted.until(lambda: bool(greeted.told("muted")), 1.0)
    greeted.until_silent(2.0)
    assert len(greeted.told("muted")) == 1
    assert [note["why"] for note in greeted.told("backchannel")] == ["short"]
    assert greeted.told("barge_in") == []
    assert len(greeted.told("caller_audio")) == 1
    assert greeted.heard[-1] == ["agent", LONG]
    assert truncations(greeted) == []
    assert "response.cancel" not in greeted.types()
    assert greeted.types().count("response.create") == 1
    assert greeted.violations == []


def test_nothing_is_said_twice_or_lost_over_a_breath(greeted: Sim) -> None:
    """What the phone played, gaps aside, is the agent's audio with a small overlap."""
    talking(greeted, seconds=1.5)
    item = greeted.call.voice.play._items[0].item_id
    session = greeted.sessions[max(greeted.sessions)]
    start = len(greeted.handset.heard) - 1600 * BYTES_PER_MS
    greeted.speak(None, seconds=0.1)
    greeted.until_silent(2.0)
    audio = next(i for i in session.channel.conversation if i.wire["id"] == item).audio
    played = bytes(greeted.handset.heard[max(0, start) :])
    missing = [n for n in range(0, len(audio) - 40, 40) if audio[n : n + 40] not in played]
    assert len(missing) <= 2


def test_a_backchannel_in_words_lets_the_agent_go_on(greeted: Sim) -> None:
    talking(greeted)
    greeted.speak("mhm", seconds=0.35)
    greeted.until_silent(2.0)
    assert len(greeted.told("muted")) == 1
    assert len(greeted.told("backchannel")) == 1
    assert greeted.told("barge_in") == []
    assert ["agent", LONG][1] in " ".join(text for _, text in greeted.heard)
    assert greeted.types().count("response.create") == 1
    assert greeted.violations == []


def test_a_short_command_stops_the_agent_as_soon_as_its_words_are_known(greeted: Sim) -> None:
    talking(greeted)
    greeted.script("Yes?")
    greeted.speak("Stop.", seconds=0.3)
    greeted.until_silent(2.0)
    assert len(greeted.told("muted")) == 1
    assert len(greeted.told("barge_in")) == 1
    assert greeted.heard[-1] == ["agent", "Yes?"]
    assert greeted.violations == []


def test_an_answer_to_the_last_word_of_a_question_is_answered(greeted: Sim) -> None:
    """ "Yes" while the question's last half second still plays is an answer, not a remark."""
    greeted.script("Shall I book it for you?")
    greeted.speak("Friday at ten would be fine with me.")
    greeted.until(lambda: greeted.call.voice.play.sounding)
    greeted.until(
        lambda: (
            greeted.call.state.turn is not None
            and greeted.call.state.turn.wait.state == "playing"
            and greeted.call.voice.play.left_ms(greeted.now) < 500
        )
    )
    greeted.script("Done.")
    greeted.speak("Yes.", seconds=0.3)
    greeted.until_silent(2.5)
    assert greeted.heard[-1] == ["agent", "Done."]
    assert greeted.violations == []


def test_a_remark_long_before_the_question_is_asked_is_no_answer_to_it(greeted: Sim) -> None:
    """The transcript has the question already, the caller has not heard it."""
    said = "We have Friday at eight, at nine thirty, and at ten past eleven. Which one is best?"
    talking(greeted, said, seconds=1.2)
    greeted.until(lambda: "best?" in greeted.call.record.last("agent"), 2)
    greeted.speak("mhm", seconds=0.35)
    greeted.until_silent(2.0)
    assert greeted.told("barge_in") == []
    assert greeted.heard[-1] == ["agent", said] or greeted.heard[-2] == ["agent", said]
    assert greeted.types().count("response.create") == 1
    assert greeted.violations == []


def test_speech_before_the_answer_began_takes_the_answer_back(greeted: Sim) -> None:
    """The caller goes on after a pause: the answer that was being made is never heard."""
    greeted.stage.pace = Pace(0.3, 1.0, 0.01, 0.01, 8.0)
    greeted.script("An answer too early.", "The right answer.")
    greeted.speak("I would like to book")
    greeted.until(lambda: greeted.types().count("response.create") == 1)
    greeted.speak("an appointment for a cleaning next Friday.")
    greeted.until_silent(3.0)
    assert greeted.heard[-1] == ["agent", "The right answer."]
    assert "too early" not in str(greeted.heard)
    assert "too early" not in str(greeted.items)
    assert greeted.violations == []


def test_unheard_items_are_deleted_and_never_truncated(greeted: Sim) -> None:
    greeted.script([Say("One."), Say("Two, which nobody will hear for a good while yet.")])
    greeted.speak("Tell me two things.")
    greeted.until(lambda: greeted.call.voice.play.sounding)
    greeted.until(lambda: greeted.call.model.responses.gate.free)
    greeted.script("Sorry.")
    greeted.speak("Actually hold on for a second please.")
    greeted.until_silent(2.0)
    deleted = [e for e in greeted.types() if e == "conversation.item.delete"]
    assert deleted
    assert "nobody will hear" not in str(greeted.items)
    assert greeted.violations == []


def test_late_audio_of_a_cancelled_response_is_not_heard() -> None:
    sim = Sim(faults=[Fault.parse({"kind": "slow_cancel", "seconds": 0.5, "response": 2})]).start()
    sim.until_silent(2.0)
    sim.stage.pace = Pace(0.0, 0.1, 0.05, 0.0, 1.0)
    talking(sim, seconds=1.0)
    sim.script("I see.")
    sim.speak("No no no, that is not what I asked for.")
    sim.until(lambda: sim.call.state.interruptions == 1)
    frames = sim.handset.frames
    sim.run(0.4)
    assert sim.handset.frames == frames
    sim.until_silent(2.0)
    assert sim.heard[-1] == ["agent", "I see."]
    assert sim.violations == []


# -- tools ------------------------------------------------------------------------------------

CHECK = Call("check_availability", '{"date":"2026-11-27"}')
BOOK = Call("book_appointment", '{"slot_id":"s1","name":"Ann Lee"}')


def ok(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "slots": []}


def test_a_tool_runs_and_its_result_is_spoken() -> None:
    sim = Sim(tool=ok).start()
    sim.until_silent(2.0)
    sim.script([Say("Let me see."), CHECK], "Friday at ten is free.")
    sim.speak("Is there anything on Friday?")
    sim.until_silent(1.5)
    assert [name for _, name, *_ in sim.ran] == ["check_availability"]
    assert sim.heard[-1] == ["agent", "Let me see. Friday at ten is free."]
    assert sim.told("turn")[-1]["tools"] == ["check_availability"]
    assert sim.violations == []


def test_a_slow_tool_gets_a_line_in_the_agents_own_voice() -> None:
    sim = Sim(tool=ok, tool_s=3.0).start()
    sim.until_silent(3.0)
    assert set(sim.kept) >= {sim.agent.lines.slow_tool[0]}
    sim.script([CHECK], "Friday at ten is free.")
    sim.speak("Is there anything on Friday?")
    sim.until(lambda: bool(sim.told("holding_line")))
    assert sim.told("holding_line") == [{"why": "hold_tool"}]
    sim.until_silent(1.5)
    assert sim.heard[-1][1].split(". ")[0] + "." in sim.agent.lines.slow_tool
    assert sim.heard[-1][1].endswith("Friday at ten is free.")
    assert sim.violations == []


def test_a_tools_own_line_is_said_by_the_model_while_the_tool_runs() -> None:
    orders = {
        "name": "order_status",
        "description": "Look up an order.",
        "parameters": {"type": "object", "properties": {}},
        "url": "https://shop.example/orders",
        "holding_line": "I am asking the warehouse.",
    }
    sim = Sim(agent=agent(tools=["end_call", orders]), tool=ok, tool_s=3.0).start()
    sim.until_silent(3.0)
    sim.script([Call("order_status", "{}")], "I am asking the warehouse.", "It is on its way.")
    sim.speak("Where is my order?")
    sim.until(lambda: bool(sim.told("holding_line")))
    asked = [e for _, e in sim.sent if e["type"] == "response.create"][-1]["response"]
    assert asked["tool_choice"] == "none"
    sim.until_silent(1.5)
    assert sim.heard[-1] == ["agent", "I am asking the warehouse. It is on its way."]
    assert sim.violations == []


def test_a_side_effect_waits_for_the_cool_down_after_an_interruption(greeted: Sim) -> None:
    greeted.tool = ok
    talking(greeted)
    greeted.script([BOOK], "It is booked.")
    greeted.speak("No no, please book the ten o'clock one for me.")
    greeted.until(lambda: bool(greeted.ran), 10)
    spoke_until = greeted._speech[-1][1]
    # The caller has to be quiet for the cool-down, counted from the end of their turn.
    assert greeted.ran[0][0] - spoke_until >= 1.5
    greeted.until_silent(1.5)
    assert greeted.heard[-1][1].endswith("It is booked.")
    assert greeted.violations == []


def test_a_side_effect_waits_for_the_callers_words(greeted: Sim) -> None:
    """The worker asks whether the caller said yes: their words must have come."""
    greeted.tool = ok
    greeted.script([BOOK], "It is booked.")
    greeted.speak("Yes please, book it.")
    greeted.until(lambda: bool(greeted.ran), 10)
    assert greeted.heard[-1] == ["user", "Yes please, book it."]
    assert greeted.call.transcript[-1].content == "Yes please, book it."


def test_words_that_never_come_hold_nothing_up_for_long(greeted: Sim) -> None:
    greeted.tool = ok
    greeted.script([BOOK], "It is booked.")
    greeted.speak("Yes.", seconds=0.5)
    session = greeted.sessions[max(greeted.sessions)]
    session.channel.later = lambda *_: None  # type: ignore[method-assign]
    greeted.until(lambda: bool(greeted.ran), 10)
    assert 1.4 <= greeted.ran[0][0] - greeted.call.state.caller_spoke_at <= 1.8
    greeted.until(lambda: greeted.heard[-1][1].endswith("It is booked."), 10)


def test_a_correction_during_the_cool_down_replaces_the_side_effect(greeted: Sim) -> None:
    greeted.tool = ok
    talking(greeted)
    greeted.script([BOOK], [Call("book_appointment", '{"slot_id":"s2","name":"Ann Lee"}')], "Done.")
    greeted.speak("No no, please book the ten o'clock one for me.")
    greeted.until(lambda: greeted.call.tools.calls.held, 10)
    greeted.speak("Sorry, I mean the eleven o'clock one.")
    greeted.until(lambda: greeted.heard[-1][1].endswith("Done."), 20)
    assert [arguments["slot_id"] for _, _, arguments, _ in greeted.ran] == ["s2"]
    assert greeted.violations == []


def test_speech_while_a_tool_runs_never_cancels_it() -> None:
    sim = Sim(tool=ok, tool_s=2.5).start()
    sim.until_silent(2.0)
    sim.script([BOOK], "Booked, and yes, there is parking.")
    sim.speak("Book the ten o'clock one.")
    sim.until(lambda: bool(sim.ran))
    sim.speak("Is there parking?")
    sim.until(lambda: "parking." in sim.heard[-1][1] and sim.heard[-1][0] == "agent", 15)
    assert len(sim.ran) == 1
    assert sim.violations == []


# -- the end ----------------------------------------------------------------------------------


def test_goodbye_is_heard_before_the_call_ends(greeted: Sim) -> None:
    greeted.script(
        [Call("end_call", '{"message":"Goodbye and take care."}')], "Goodbye and take care."
    )
    greeted.speak("That was all, thank you.")
    greeted.until(lambda: greeted.ended is not None)
    assert greeted.ended is not None
    assert greeted.ended.kind == "end"
    assert greeted.heard[-1] == ["agent", "Goodbye and take care."]
    assert not greeted.handset.playing
    assert greeted.violations == []


def test_goodbye_said_with_the_call_of_the_tool_is_not_said_twice(greeted: Sim) -> None:
    greeted.script([Say("Bye now."), Call("end_call", "{}")])
    greeted.speak("Thank you, bye.")
    greeted.until(lambda: greeted.ended is not None)
    assert greeted.heard[-1] == ["agent", "Bye now."]


def test_nobody_is_hung_up_on_while_they_ask(greeted: Sim) -> None:
    greeted.script(
        [Say("Goodbye, have a nice day and thank you for calling."), Call("end_call", "{}")]
    )
    greeted.speak("That was all, thank you.")
    greeted.until(
        lambda: greeted.call.ending.pending is not None and greeted.call.voice.play.sounding
    )
    greeted.script("We open at eight.")
    greeted.speak("Oh wait, one more thing, when do you open?")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "We open at eight."], 15)
    greeted.run(2.0)
    assert greeted.ended is None
    assert greeted.told("action_taken_back")
    assert greeted.violations == []


def test_a_farewell_into_the_goodbye_lets_the_call_end(greeted: Sim) -> None:
    greeted.script(
        [Say("Goodbye, have a nice day and thank you for calling."), Call("end_call", "{}")]
    )
    greeted.speak("That was all, thank you.")
    greeted.until(
        lambda: greeted.call.ending.pending is not None and greeted.call.voice.play.sounding
    )
    greeted.speak("Thanks, bye.", seconds=0.5)
    greeted.until(lambda: greeted.ended is not None, 15)


def test_a_transfer_names_its_number(greeted: Sim) -> None:
    greeted.script([Call("transfer_call", "{}")], "I connect you.")
    greeted.speak("I want to talk to a person.")
    greeted.until(lambda: greeted.ended is not None)
    assert greeted.ended is not None
    assert (greeted.ended.kind, greeted.ended.number) == ("transfer", "+14155550142")


def test_the_caller_leaves_and_the_session_is_closed_at_once(greeted: Sim) -> None:
    talking(greeted)
    greeted.hang_up()
    greeted.now += 1.0
    greeted.gone = False
    greeted._step()
    assert greeted.sessions == {}
    assert greeted.call.closing.ended


# -- silence, keys, money ---------------------------------------------------------------------


def test_a_silent_caller_is_asked_twice_and_then_let_go(greeted: Sim) -> None:
    greeted.script("Are you still there?", "Hello?", "Goodbye.")
    greeted.until(lambda: greeted.ended is not None, 60)
    assert [note["prompts"] for note in greeted.told("idle")] == [1, 2, 3]
    assert greeted.heard[-1][1].endswith("Are you still there? Hello? Goodbye.")
    assert greeted.violations == []


def test_an_answer_to_the_prompt_starts_the_count_anew(greeted: Sim) -> None:
    greeted.script("Are you still there?", "Good.", "Are you still there?")
    greeted.until(lambda: len(greeted.told("idle")) == 1, 20)
    greeted.until_silent(1.0)
    greeted.speak("Yes, I am here.")
    greeted.until(lambda: len(greeted.told("idle")) == 2, 30)
    assert greeted.told("idle")[1] == {"prompts": 1}


def test_keys_are_one_number_and_stop_the_agent(greeted: Sim) -> None:
    talking(greeted)
    greeted.script("Thank you.")
    greeted.press("12")
    greeted.run(0.5)
    assert not greeted.call.voice.play.pending
    greeted.press("3#")
    greeted.until_silent(1.5)
    assert ["user", "[Keys pressed on the telephone: 1 2 3]"] in greeted.heard
    assert greeted.heard[-1] == ["agent", "Thank you."]
    assert greeted.violations == []


def test_keys_end_with_a_pause(greeted: Sim) -> None:
    greeted.script("Thank you.")
    greeted.press("42")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Thank you."], 6)
    assert ["user", "[Keys pressed on the telephone: 4 2]"] in greeted.heard


def test_a_budget_that_is_used_up_ends_the_call_politely() -> None:
    sim = Sim(agent=agent(budget__warn_usd=0.001, budget__end_usd=0.02)).start()
    sim.until_silent(2.0)
    for _ in range(12):
        if sim.ended is None and sim.call.ending.pending is None:
            sim.script("Certainly, that is no problem at all, and I am happy to help you with it.")
            sim.speak("Could you tell me something?")
            sim.run(8.0)
    sim.until(lambda: sim.ended is not None)
    assert [note["alarm"] for note in sim.told("budget")] == ["warn", "end"]
    assert sim.told("cost")[-1]["usd"] >= 0.02
    assert sim.heard[-1][1].endswith(sim.agent.lines.time_up) or "Certainly" in sim.heard[-1][1]
    assert sim.violations == []


# -- continuity -------------------------------------------------------------------------------


def test_a_lost_session_is_replaced_and_nobody_is_greeted_twice(greeted: Sim) -> None:
    greeted.script("We open at eight.")
    greeted.speak("When do you open?")
    greeted.until_silent(1.0)
    greeted.lose_model()
    greeted.run(1.0)
    assert len(greeted.sessions) == 1
    assert [role for role, _ in greeted.items] == ["assistant", "user", "assistant"]
    greeted.script("And we close at five.")
    greeted.speak("And when do you close?")
    greeted.until_silent(1.5)
    assert greeted.heard[-1] == ["agent", "And we close at five."]
    assert str(greeted.heard).count("Thank you for calling") == 1
    assert greeted.violations == []


def test_speech_that_was_cut_off_with_the_session_is_heard_by_the_next_one(greeted: Sim) -> None:
    greeted.speak("I would like to come in on Friday.", seconds=1.4)
    greeted.run(1.0)
    assert greeted.call.sounds.speaking
    greeted.lose_model()
    greeted.stage.hear("I would like to come in on Friday.")
    greeted.script("Friday it is.")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Friday it is."], 10)
    assert greeted.told("audio_fed_again")
    assert greeted.told("audio_lost") == []
    assert greeted.heard[-2] == ["user", "I would like to come in on Friday."]
    assert greeted.violations == []


def test_words_not_yet_known_are_heard_again(greeted: Sim) -> None:
    """The session is lost after it took the caller's turn and before it told the words."""
    greeted.speak("Friday please.", seconds=0.6)
    greeted.until(lambda: greeted.types().count("response.create") == 1)
    greeted.lose_model()
    greeted.stage.script.clear()
    greeted.stage.hear("Friday please.")
    greeted.script("Friday it is.")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Friday it is."], 10)
    assert greeted.heard[-2] == ["user", "Friday please."]
    assert greeted.violations == []


def test_a_session_lost_in_the_middle_of_an_answer_goes_on(greeted: Sim) -> None:
    greeted.stage.pace = Pace(0.0, 0.1, 0.05, 0.0, 1.0)
    talking(greeted, seconds=2.0)
    greeted.script("and that is all.")
    greeted.lose_model()
    greeted.until_silent(2.0)
    assert greeted.heard[-1][1].endswith("and that is all.")
    creates = [e for _, e in greeted.sent if e["type"] == "conversation.item.create"]
    assert any("cut your answer off" in str(e) for e in creates)
    assert greeted.violations == []


def test_a_caller_who_waits_for_a_new_session_hears_a_holding_line(greeted: Sim) -> None:
    greeted.speak("When do you open?")
    greeted.until(lambda: greeted.types().count("response.create") == 1)
    greeted.refuse = 3
    greeted.lose_model()
    greeted.stage.hear("When do you open?")
    greeted.script("At eight.")
    greeted.until(lambda: bool(greeted.told("holding_line")), 5)
    assert any(greeted.heard[-1][1].endswith(line) for line in greeted.agent.lines.holding)
    greeted.until(lambda: greeted.heard[-1][1].endswith("At eight."), 15)
    assert greeted.violations == []


def test_a_model_that_is_gone_for_good_is_apologised_for_in_the_agents_voice(greeted: Sim) -> None:
    greeted.run(3.0)
    assert any("technical problem" in line for line in greeted.kept)
    greeted.lose_model("4000", fatal=True)
    greeted.until(lambda: greeted.ended is not None)
    assert greeted.ended is not None
    assert greeted.ended.say == ""
    assert "technical problem" in greeted.heard[-1][1]


def test_without_a_voice_the_apology_is_left_to_the_telephone() -> None:
    sim = Sim(refuse=-1).start()
    sim.until(lambda: sim.ended is not None)
    assert sim.ended is not None
    assert "technical problem" in sim.ended.say
    assert sim.ended.kind == "end"


def test_a_stalled_model_is_asked_again() -> None:
    sim = Sim(faults=[Fault.parse({"kind": "no_created", "response": 2, "count": 1})]).start()
    sim.until_silent(2.0)
    sim.script("Lost.", "We open at eight.")
    sim.speak("When do you open?")
    sim.until(lambda: sim.heard[-1][1].endswith("We open at eight."), 20)
    assert sim.told("holding_line")


def test_the_call_goes_on_in_another_process(greeted: Sim) -> None:
    greeted.script("We open at eight.")
    greeted.speak("When do you open?")
    greeted.until_silent(1.0)
    greeted.script("So, as I said.")
    greeted.resume()
    greeted.until_silent(1.0)
    assert str(greeted.heard).count("Thank you for calling") == 1
    assert greeted.heard[-1][1] == "We open at eight. So, as I said."
    assert greeted.violations == []


def test_drain_waits_for_the_agent_to_finish(greeted: Sim) -> None:
    from app.core.call.events import Drain

    talking(greeted)
    greeted._feed(Drain())
    assert not greeted.dropped
    greeted.until(lambda: greeted.dropped, 20)
    assert greeted.heard[-1] == ["agent", LONG]


def test_a_session_near_its_end_is_renewed_while_nobody_speaks(greeted: Sim) -> None:
    session = max(greeted.sessions)
    greeted.call.model.connection.expires_at = greeted.now + 200
    greeted.until(lambda: max(greeted.sessions) > session, 5)
    greeted.run(0.5)
    assert greeted.told("model_renewal")
    assert len(greeted.sessions) == 1
    assert greeted.told("audio_lost") == []
    greeted.script("Fine.")
    greeted.speak("How are you?")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "Fine."], 10)
    assert str(greeted.heard).count("Thank you for calling") == 1
    assert greeted.violations == []


def test_no_renewal_while_somebody_speaks(greeted: Sim) -> None:
    talking(greeted)
    session = max(greeted.sessions)
    greeted.call.model.connection.expires_at = greeted.now + 200
    greeted.run(2.0)
    assert max(greeted.sessions) == session
    greeted.until_silent()
    greeted.until(lambda: max(greeted.sessions) > session, 5)
    assert greeted.heard[-1] == ["agent", LONG]


def test_broken_frames_harm_nothing(greeted: Sim) -> None:
    from app.core.call.events import FromModel, FromPhone

    for raw in ("", "{", '{"event":"media","media":{"payload":"*"}}', '{"event":"new"}'):
        greeted._feed(FromPhone(twilio.read(raw)))
    for data in (b"", b"{}", b'{"type":"response.output_audio.delta"}'):
        greeted._feed(FromModel(greeted.call.model.number, data))
    assert len(greeted.told("bad_frame")) == 3
    assert len(greeted.told("bad_event")) == 3
    greeted.script("Yes.")
    greeted.speak("Are you there?")
    greeted.until_silent(1.0)
    assert greeted.heard[-1] == ["agent", "Yes."]


def test_the_model_is_told_of_several_requests_for_the_rest_of_the_call(greeted: Sim) -> None:
    """As soon as the words are known: the answer to them may have begun by then."""

    def told(text: str) -> bool:
        return any(text in str(event) for _, event in greeted.sent)

    greeted.script("Let us see.", "On Tuesday.")
    greeted.speak("I need an appointment for me and one for my son.")
    greeted.until_silent(1.0)
    greeted.speak("On Tuesday, please.")
    greeted.until_silent(1.0)
    assert told("an appointment; an appointment for your son")
    assert greeted.violations == []


def test_one_request_is_not_told_as_several(greeted: Sim) -> None:
    greeted.script("Let us see.", "On Tuesday.")
    greeted.speak("A cleaning or a filling, whichever is quicker.")
    greeted.until_silent(1.0)
    greeted.speak("On Tuesday, please.")
    greeted.until_silent(1.0)
    assert not any("several things" in str(event) for _, event in greeted.sent)
