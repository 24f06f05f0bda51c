"""Turn taking, continuity and tools of a text call, against the rehearsal model's session."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.core.agent.definition import Agent, Budget
from app.core.call import events
from app.core.language.words import words
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Call, Say
from app.rehearsal.realtime_server.response import NEVER
from tests.support.simulated_call import SimulatedCall, make_agent, tool_call

SLOW = Pace(first=0.3, delta=0.05)


def view_words(call: SimulatedCall) -> list[tuple[str, tuple[str, ...]]]:
    """The model's view, neighbours of one role joined, as words."""
    joined: list[tuple[str, tuple[str, ...]]] = []
    for role, text in call.model_view():
        if not words(text):
            continue
        if joined and joined[-1][0] == role:
            joined[-1] = (role, joined[-1][1] + words(text))
        else:
            joined.append((role, words(text)))
    return joined


def heard_words(call: SimulatedCall) -> list[tuple[str, tuple[str, ...]]]:
    """What was heard, in the same form."""
    joined: list[tuple[str, tuple[str, ...]]] = []
    for entry in call.transcript:
        role = {"agent": "assistant", "user": "user"}[entry["role"]]
        if joined and joined[-1][0] == role:
            joined[-1] = (role, joined[-1][1] + words(entry["content"]))
        else:
            joined.append((role, words(entry["content"])))
    return joined


def started(**settings: Any) -> SimulatedCall:
    call = SimulatedCall(make_agent(**settings), pace=SLOW)
    call.advance(1)
    return call


def test_greets_at_once_and_answers_in_sentences() -> None:
    call = started()
    assert [f["response_type"] for f in call.frames[:2]] == ["config", "response"]
    assert call.text(0) == "Hello, how can I help you?"
    assert call.completed(0) == 1
    call.script("Sure, I can help. Which day would suit you? Monday is free.")
    call.say("I need an appointment", wait=5)
    assert call.text(1) == "Sure, I can help. Which day would suit you? Monday is free."
    assert call.completed(1) == 1
    contents = [f["content"] for f in call.responses(1)]
    assert contents[0] == "Sure,"
    assert contents[-3:] == [" Which day would suit you?", " Monday is free.", ""]
    assert not call.stage.violations


def test_newer_request_supersedes_and_the_model_remembers_what_was_heard() -> None:
    call = started()
    call.script("One two three four five six seven eight nine ten eleven twelve.", "Fine.")
    call.say("Count please", wait=0.62)
    assert 3 <= len(words(call.text(1))) <= 8
    call.hear(2)
    call.transcript.append({"role": "user", "content": "wait, stop"})
    at = len(call.frames)
    call.request()
    call.advance(3)
    assert all(f.get("response_id") != 1 for f in call.frames[at:])
    assert call.text(2) == "Fine."
    assert view_words(call)[:-1] == heard_words(call)
    assert not call.stage.violations


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.0035, 0.005, 0.2, 0.31, 0.5])
def test_ten_interruptions_leave_one_speaker(gap: float) -> None:
    call = started()
    for number in range(10):
        call.script(f"Answer number {number} goes on and on and on and on.")
    for number in range(10):
        call.hear(number % 3)
        call.transcript.append({"role": "user", "content": f"no, wait {number}"})
        call.request()
        call.advance(gap)
    call.advance(10)
    assert call.completed(call.response_id) == 1
    assert sum(call.completed(n) for n in range(1, 10)) == (0 if gap < 1 else 9)
    assert all(s.responding.deadline() == NEVER for s in call.sessions.values())
    assert view_words(call)[: len(heard_words(call))] == heard_words(call)
    assert not call.stage.violations


def test_backchannel_lets_the_answer_go_on_while_the_model_still_speaks() -> None:
    call = started()
    call.script("We are open from Monday to Friday. On Saturday we close at noon. That is all.")
    call.say("When are you open?", wait=0.75)
    so_far = call.text(1)
    assert so_far
    call.hear(3)
    call.transcript.append({"role": "user", "content": "mm-hm"})
    call.request()
    call.advance(6)
    rest = "from Monday to Friday. On Saturday we close at noon. That is all."
    assert " ".join(call.text(2).split()) == rest
    assert call.completed(2) == 1
    assert call.asked_model() == 1, "the model was not asked again"
    call.hear()
    call.script("You are welcome.")
    call.transcript.append({"role": "user", "content": "Thanks, that helps a lot"})
    call.request()
    call.advance(4)
    assert view_words(call)[: len(heard_words(call))] == heard_words(call)
    assert not call.stage.violations


def test_backchannel_after_the_answer_was_generated_says_the_rest() -> None:
    call = started()
    call.script("We are open from Monday to Friday. On Saturday we close at noon.")
    call.say("When are you open?", wait=10)
    call.hear(5)
    call.transcript.append({"role": "user", "content": "okay"})
    call.request()
    call.advance(1)
    assert " ".join(call.text(2).split()) == "to Friday. On Saturday we close at noon."
    assert call.completed(2) == 1
    assert call.asked_model() == 1


def test_yes_after_a_question_is_an_answer() -> None:
    call = started()
    call.script("Shall I book Monday at nine?", "Done.")
    call.say("Book me in", wait=5)
    call.say("yeah", wait=5)
    assert call.text(2) == "Done."


def test_unintelligible_audio_gets_an_honest_line() -> None:
    call = started()
    call.say("(unintelligible audio)")
    assert call.text(1) == call.agent.lines.missed
    assert call.completed(1) == 1
    assert call.asked_model() == 0


def test_reminder_asks_the_model_with_a_note_that_does_not_stay() -> None:
    call = started()
    call.hear()
    call.script("Are you there?")
    call.request(reminder=True)
    call.advance(3)
    assert call.text(1) == "Are you there?"
    call.say("Yes I am, sorry about that", wait=3)
    kinds = [item.kind for item in call.call.model.conversation.history.items]
    assert "note" not in kinds
    assert not call.stage.violations


def test_tool_result_goes_on_in_the_same_turn() -> None:
    call = started()
    call.script(
        [Say("Let me see."), Call("check_availability", '{"date":"2026-11-23"}')],
        "Monday at nine is free.",
    )
    call.say("Is Monday free for a cleaning", wait=5)
    assert call.text(1) == "Let me see. Monday at nine is free."
    assert call.completed(1) == 1
    kinds = [f["response_type"] for f in call.frames]
    assert kinds.index("tool_call_invocation") < kinds.index("tool_call_result")


def test_slow_tool_gets_a_holding_line_with_a_blank() -> None:
    call = started()
    call.tool_s = 2.0
    call.script(tool_call("check_availability"), "Monday is free.")
    call.say("Is there anything free next week", wait=8)
    line = call.agent.lines.slow_tool[0]
    assert call.text(1) == f"{line} Monday is free."
    call.say("Then let us take it please", wait=4)
    assert view_words(call)[: len(heard_words(call))] == heard_words(call)


def test_result_that_never_comes_is_told_honestly() -> None:
    call = started(tool_deadline_ms=3000)
    call.tool_s = 60.0
    call.script(tool_call("check_availability"), "It is noted.")
    call.say("Is there anything free next week", wait=9)
    assert call.text(1).endswith("It is noted.")
    call.advance(60)
    call.script("Here it is.")
    call.say("And now, what did you find", wait=4)
    assert any("Late result" in item.text for item in call.call.model.conversation.history.items)


def late_tool(name: str, /, **arguments: str) -> SimulatedCall:
    """A call in which a tool has had no answer in time, and the caller was told so."""
    call = started(tool_deadline_ms=3000)
    call.tool_s = 60.0
    call.script(tool_call(name, **arguments), "That takes longer than usual.")
    call.say("Please do it for me now", wait=9)
    assert call.text(1).endswith("That takes longer than usual.")
    return call


def outputs(call: SimulatedCall) -> list[str]:
    return [
        item.text for item in call.call.model.conversation.history.items if item.kind == "output"
    ]


def test_nobody_waits_again_for_a_tool_that_is_late() -> None:
    call = late_tool("book_appointment", slot_id="s1", name="Ann Lee")
    call.script("Thank you, goodbye.")
    call.say("No that is all thank you", wait=1.5)
    assert call.text(2) == "Thank you, goodbye."
    assert len(outputs(call)) == 1
    assert not call.stage.violations


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("check_availability", {}, "cannot be seen"),
        ("book_appointment", {"slot_id": "s1", "name": "Ann Lee"}, "not known yet"),
    ],
)
def test_what_is_late_is_told_as_it_is(name: str, arguments: dict[str, str], told: str) -> None:
    (output,) = outputs(late_tool(name, **arguments))
    assert told in output


def test_a_late_result_outlives_the_process() -> None:
    call = late_tool("book_appointment", slot_id="s1", name="Ann Lee")
    other = call.moved()
    assert [run.key for run in other.ran] == [run.key for run in call.ran]
    other.advance(70)
    third = other.moved()
    assert third.ran == [], "the result is known"
    third.advance(1)
    third.script("By the way, it is booked.")
    third.say("What about parking at your place", wait=3)
    assert any("Late result" in item.text for item in third.call.model.conversation.history.items)


def test_running_tool_is_not_cancelled_by_new_words() -> None:
    call = started()
    call.tool_s = 1.5
    call.script(tool_call("book_appointment", slot_id="s1", name="Ann Lee"), "It is booked.")
    call.say("Yes book it for me please", wait=0.6)
    assert len(call.ran) == 1
    call.say("And what does it cost", wait=6)
    assert len(call.ran) == 1
    assert call.text(2).endswith("It is booked.")
    assert call.completed(2) == 1
    assert not call.stage.violations


def test_after_an_interruption_nothing_commits_before_the_cooldown() -> None:
    call = started(cooldown_ms=1500)
    call.script("I have nine, ten and eleven on Monday, which one would you like?")
    call.say("Monday", wait=1.2)
    call.hear(3)
    call.transcript.append({"role": "user", "content": "no, take nine"})
    call.script(tool_call("book_appointment", slot_id="s9", name="Ann Lee"))
    call.request()
    asked = call.now
    call.advance(1.0)
    assert not call.ran, "held in the cool-down"
    call.retell(
        interaction_type="update_only",
        transcript=[*call.transcript, {"role": "user", "content": "no wait"}],
        turntaking="user_turn",
    )
    call.transcript.append({"role": "user", "content": "no wait, ten"})
    call.script(tool_call("book_appointment", slot_id="s10", name="Ann Lee"), "Booked at ten.")
    call.request()
    call.advance(6)
    assert [run.arguments["slot_id"] for run in call.ran] == ["s10"]
    assert call.now > asked + 1.5
    assert call.text(3).endswith("Booked at ten.")
    assert not call.stage.violations


def test_end_of_call_is_sent_with_content_and_again_after_a_barge_in() -> None:
    call = started()
    call.script(tool_call("end_call", message="Goodbye and take care."))
    call.say("That was all, bye", wait=3)
    frame = call.responses(1)[-1]
    assert frame["content"] == "Goodbye and take care."
    assert frame["end_call"]
    assert frame["content_complete"]
    assert frame["no_interruption_allowed"]
    call.hear(1)
    call.transcript.append({"role": "user", "content": "thank you, bye"})
    call.request()
    call.advance(1)
    again = call.responses(2)[-1]
    assert again["end_call"]
    assert again["content"]


def test_nobody_is_hung_up_on_while_they_ask() -> None:
    call = started()
    call.script(tool_call("end_call"), "You can park behind the house.")
    call.say("That was all, bye", wait=3)
    call.hear(1)
    call.transcript.append({"role": "user", "content": "oh, where can I park?"})
    call.request()
    call.advance(3)
    assert call.text(2) == "You can park behind the house."
    assert not any(f.get("end_call") for f in call.responses(2))


def test_a_transfer_goes_along_with_the_answer_until_it_is_taken_back() -> None:
    call = started()
    call.script(tool_call("transfer_call", message="I will connect you."), "About a minute.")
    call.say("Let me talk to a person", wait=3)
    assert call.responses(1)[-1]["transfer_number"] == "+14155550177"
    call.hear(2)
    call.transcript.append({"role": "user", "content": "how long will that take?"})
    call.request()
    call.advance(3)
    assert call.text(2).startswith("About a minute.")
    assert call.responses(2)[-1]["transfer_number"] == "+14155550177"
    call.hear(2)
    call.script("Alright, I stay with you.")
    call.transcript.append({"role": "user", "content": "no, stop, don't transfer me"})
    call.request()
    call.advance(3)
    assert call.text(3) == "Alright, I stay with you."
    assert "transfer_number" not in call.responses(3)[-1]
    assert call.noted("action_taken_back")


def test_no_dead_air_when_the_model_stalls() -> None:
    call = started()
    call.fault("stall", count=1)
    call.script("Never said.", "Here I am.")
    call.say("Hello there, anybody in", wait=1.85)
    assert call.text(1) == call.agent.lines.holding[0] + " "
    call.advance(8)
    assert call.text(1).endswith("I am.")
    assert call.completed(1) == 1


def test_a_model_that_is_gone_ends_in_an_apology() -> None:
    call = started()
    call.fault("refuse")
    call.session.channel.drop("rst", 1006)
    call._pump(max(call.sessions))
    call.say("Hello there, anybody in", wait=20)
    assert call.agent.lines.apology in call.text(1)
    assert call.responses(1)[-1]["end_call"]
    assert call.completed(1) == 1


def test_fatal_refusal_falls_back_at_once() -> None:
    call = SimulatedCall(make_agent(fallback="transfer"), pace=SLOW)
    call.fault("error_at_start", code="insufficient_quota")
    call.advance(1)
    call.say("Hello there, anybody in", wait=1)
    assert call.agent.lines.apology in call.text(1)
    assert call.responses(1)[-1]["transfer_number"] == "+14155550177"


@pytest.mark.parametrize("how", ["rst", "fin", "close"])
def test_lost_session_in_mid_sentence_goes_on_with_its_memory(how: str) -> None:
    call = started()
    call.script("First sentence here. Second one follows now.", "And the rest.")
    call.fault("drop", how=how, after=5, count=1)
    call.say("Tell me about it please", wait=8)
    assert call.completed(1) == 1
    assert call.text(1).startswith("First sentence here.")
    assert call.text(1).endswith("And the rest.")
    assert len(call.responses(0)) == 1, "greeted once"
    assert len(call.sessions) == 2
    view = [words(text) for _, text in call.model_view()]
    said = words(call.text(1))
    assert view[0] + view[1] == heard_words(call)[0][1] + heard_words(call)[1][1]
    assert sum(view[2:], ()) == said, "what was said stays, the rest follows"
    assert not call.stage.violations


@pytest.mark.parametrize(
    "reason", ["max_output_tokens", "content_filter"], ids=["tokens", "filter"]
)
def test_incomplete_response_ends_in_complete_speech(reason: str) -> None:
    call = started()
    call.script("Here is a very long answer without", "an end to it.")
    call.fault("incomplete", reason=reason, count=1)
    call.say("Tell me about it please", wait=8)
    assert call.completed(1) == 1
    assert call.text(1).rstrip()[-1] in ".?!"


def test_failed_response_is_asked_for_again() -> None:
    call = started()
    call.fault("failed", count=1)
    call.script("Here I am.", "Here I am.")
    call.say("Tell me about it please", wait=8)
    assert call.text(1) == "Here I am."
    assert call.completed(1) == 1


def test_two_message_items_are_two_sentences() -> None:
    call = started()
    call.script([Say("One moment.", phase="commentary"), Say("It is nine.")])
    call.say("What is the time", wait=4)
    assert call.text(1) == "One moment. It is nine."


def test_renewal_happens_between_turns_and_keeps_the_conversation() -> None:
    call = SimulatedCall(make_agent(), pace=SLOW)
    call.stage.session_seconds = 400.0
    call.advance(1)
    call.stage.session_seconds = 3600.0
    call.script("Sure.")
    call.say("Please remember the word apple", wait=130)
    assert len(call.sessions) == 2
    assert not call.sessions[1].live
    call.script("It was apple.")
    call.say("Which word was it", wait=3)
    assert call.text(2) == "It was apple."
    assert view_words(call)[: len(heard_words(call))] == heard_words(call)
    assert len(call.responses(0)) == 1


def test_expired_session_without_renewal_goes_on() -> None:
    call = started()
    call.script("Sure.")
    call.say("Please remember the word apple", wait=2)
    call.session.channel.drop("close", 1001)
    call._pump(max(call.sessions))
    call.advance(1)
    call.script("It was apple.")
    call.say("Which word was it", wait=3)
    assert call.text(2) == "It was apple."


def test_state_goes_to_another_process_in_mid_answer() -> None:
    call = started()
    call.script("A long answer that is never finished.", "A long answer, finished.")
    call.say("Tell me about it please", wait=0.5)
    state = call.call.to_state()
    other = SimulatedCall(call.agent, pace=SLOW, start=False)
    other.stage.script.extend(call.stage.script)
    other.now = call.now
    other.resume(state)
    other.advance(5)
    assert other.text(0) == ""
    assert other.text(1) == "A long answer, finished."
    assert other.completed(1) == 1
    assert other.frames[0]["response_type"] == "config"


def test_state_goes_to_another_process_while_a_tool_runs() -> None:
    call = started()
    call.tool_s = 60.0
    call.script(tool_call("book_appointment", slot_id="s1", name="Ann Lee"))
    call.say("Yes book it for me please", wait=0.6)
    other = SimulatedCall(call.agent, pace=SLOW, start=False)
    other.now = call.now
    other.script("It is booked.")
    other.resume(call.call.to_state())
    other.advance(5)
    assert [run.key for run in other.ran] == [run.key for run in call.ran]
    assert other.text(1).endswith("It is booked.")
    assert other.completed(1) == 1


def test_a_call_that_was_greeted_and_nothing_is_known_of_goes_on() -> None:
    call = SimulatedCall(pace=SLOW, start=False)
    call.begin(greet=False)
    call.advance(1)
    assert call.text(0) == ""
    call.transcript.append({"role": "agent", "content": "Hello, how can I help you?"})
    call.script("On weekdays.")
    call.say("When are you open", wait=3)
    assert call.text(1) == "On weekdays."
    assert view_words(call)[: len(heard_words(call))] == heard_words(call)


def test_drain_waits_for_the_turn() -> None:
    call = started()
    call.script("A long answer.")
    call.say("Tell me about it please", wait=0.2)
    call.feed(events.Drain())
    early = call.dropped
    assert not early
    call.advance(3)
    assert call.dropped
    assert call.completed(1) == 1


def test_bad_frames_harm_nothing() -> None:
    call = started()
    for raw in (b"{", b"[]", b'{"interaction_type":7}', b'{"interaction_type":"new_thing"}'):
        call.feed(events.FromRetell(raw))
    call.retell(interaction_type="response_required", response_id="1", transcript=[])
    call.retell(interaction_type="response_required", response_id="x", transcript="x")
    call.script("Fine.")
    call.say("Tell me about it please", wait=3)
    assert call.text(1) == "Fine."


def test_stale_request_is_ignored() -> None:
    call = started()
    call.script("Fine.", "Second.")
    call.say("Tell me about it please", wait=3, response_id=5)
    at = len(call.frames)
    call.request(3)
    call.advance(2)
    assert len(call.frames) == at


def test_smoke_test_of_a_bare_client_is_answered() -> None:
    call = started()
    call.script("Welcome.")
    call.retell(interaction_type="response_required", response_id=1, transcript=[])
    call.advance(3)
    assert call.text(1) == "Welcome."
    assert call.completed(1) == 1


def test_a_spent_budget_ends_the_call_politely() -> None:
    call = SimulatedCall(make_agent(Budget(end_usd=0.000_01)), pace=SLOW)
    call.advance(1)
    call.script("Sure.")
    call.say("Tell me about it please", wait=3)
    assert [note["alarm"] for note in call.noted("budget")] == ["end"]
    call.say("And more of it please", wait=1)
    assert call.text(2) == call.agent.lines.time_up
    assert call.responses(2)[-1]["end_call"]
    assert call.asked_model() == 1


def test_the_model_is_told_of_several_requests_for_the_rest_of_the_call() -> None:
    asked = "an appointment; an appointment for your son"

    def told(call: SimulatedCall, text: str) -> bool:
        items = call.call.model.conversation.history.items
        return any(item.kind == "note" and text in item.text for item in items)

    call = started()
    call.hear()
    call.say("I need an appointment for me and one for my son.", wait=3)
    assert told(call, asked)
    call.hear()
    call.say("On Tuesday, please.", wait=3)
    assert told(call, asked)
    assert not call.stage.violations
    other = started()
    other.hear()
    other.say("A cleaning or a filling, whichever is quicker.", wait=3)
    assert not told(other, "several things")


def test_a_tool_of_the_agents_file_runs_with_its_own_holding_line() -> None:
    order = {
        "name": "order_status",
        "description": "Look up an order.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
        "url": "https://shop.example/orders/{number}",
        "holding_line": "I am asking the warehouse.",
    }
    agent = Agent.model_validate({**make_agent().model_dump(), "tools": ["end_call", order]})
    call = SimulatedCall(agent, pace=SLOW)
    call.advance(1)
    call.tool_s = 2.0

    call.script(tool_call("order_status", number=7), "It is on its way.")
    call.say("Where is my order", wait=8)
    assert call.text(1) == "I am asking the warehouse. It is on its way."
    assert call.ran[0].arguments == {"number": 7}

    call.script(tool_call("order_status", number="seven"), "Which number is it?")
    call.say("And the other one", wait=4)
    assert len(call.ran) == 1
    assert "number must be of type integer." in outputs(call)[-1]

    call.script(tool_call("check_availability"), "I cannot do that.")
    call.say("Is Monday free", wait=4)
    assert "There is no tool named check_availability." in outputs(call)[-1]


# -- waiting ----------------------------------------------------------------------------------


def longest_silence(call: SimulatedCall, begin: float) -> float:
    """The longest time without words from `begin` until the turn was complete."""
    said = [
        at
        for at, frame in zip(call.times, call.frames, strict=True)
        if frame["response_type"] == "response" and frame["content"] and at >= begin
    ]
    return max(b - a for a, b in zip([begin, *said], said, strict=False))


@pytest.mark.parametrize("seconds", [6.0, 9.0, 12.0])
def test_a_model_lost_in_mid_answer_leaves_nobody_in_silence(seconds: float) -> None:
    call = started()
    call.script("First sentence here. Second one follows now.", *["And the rest."] * 4)
    call.fault("drop", how="rst", after=5, count=1)
    call.fault("refuse", status=503)
    begin = call.now
    call.later(seconds, call.stage.faults.clear)
    call.say("Tell me about it please", wait=30)
    assert longest_silence(call, begin) <= 4.0
    assert call.completed(1) == 1
    assert call.text(1).startswith("First sentence here.")
    if seconds < 9.5:
        assert call.text(1).endswith("And the rest.")


def test_a_first_word_that_never_comes_is_waited_for_with_signs() -> None:
    call = started()
    call.fault("stall")
    begin = call.now
    call.say("Hello there, anybody in", wait=30)
    assert longest_silence(call, begin) <= 4.0
    assert call.agent.lines.apology in call.text(1)
    assert call.noted("gave_up") == [{"response_id": 1, "cause": "no_answer"}]


def test_an_answer_that_is_lost_again_and_again_is_given_up() -> None:
    call = started()
    call.script(*["One two three four five six seven eight nine ten." for _ in range(9)])
    call.fault("drop", how="rst", after=4)
    call.say("Tell me about it please", wait=60)
    assert call.completed(1) == 1
    assert call.agent.lines.apology in call.text(1)
    assert call.noted("gave_up")[0]["cause"] == "sessions_lost"
    assert call.noted("turn")[-1]["lost"] == 4


# -- other servers ----------------------------------------------------------------------------


def test_each_answer_is_asked_for_in_writing() -> None:
    call = started()
    call.script("Sure.")
    call.say("Tell me about it please", wait=3)
    created = [
        orjson.loads(a.raw)
        for a in call.actions
        if isinstance(a, events.ToModel) and b"response.create" in a.raw
    ]
    assert [c["response"]["output_modalities"] for c in created] == [["text"]]


def server_says(call: SimulatedCall, kind: str, **members: Any) -> None:
    raw = orjson.dumps({"type": kind, "event_id": f"e{len(call.events)}", **members})
    call.feed(events.FromModel(call.call.model.number, raw))


def asked(**settings: Any) -> SimulatedCall:
    """A call that has asked a server which says nothing by itself."""
    call = started(**settings)
    call.fault("no_created")
    call.fault("stall")
    call.say("Tell me about it please", wait=0.1)
    return call


def test_a_server_that_gives_no_metadata_back_is_understood() -> None:
    call = asked()
    server_says(call, "response.created", response={"id": "resp_a", "metadata": None})
    words_of = {"response_id": "resp_a", "item_id": "it_a", "output_index": 0}
    server_says(call, "response.output_text.delta", delta="We are open.", **words_of)
    server_says(
        call, "response.done", response={"id": "resp_a", "status": "completed", "output": []}
    )
    assert call.text(1) == "We are open."
    assert call.completed(1) == 1


def test_a_server_that_speaks_all_the_same_is_read_by_its_transcript() -> None:
    call = asked()
    server_says(call, "response.created", response={"id": "resp_a"})
    said = {"response_id": "resp_a", "item_id": "it_a", "output_index": 0}
    server_says(call, "response.output_audio.delta", delta="AAAA", **said)
    server_says(call, "response.output_audio_transcript.delta", delta="We are open.", **said)
    server_says(
        call, "response.done", response={"id": "resp_a", "status": "completed", "output": []}
    )
    assert call.text(1) == "We are open."


def test_settings_that_are_refused_are_tried_once_without_the_optional_ones() -> None:
    call = started()
    update = next(
        orjson.loads(a.raw)
        for a in call.actions
        if isinstance(a, events.ToModel) and b"session.update" in a.raw
    )
    assert "tool_choice" in update["session"]
    error = {"code": "unknown_parameter", "message": "no", "event_id": update["event_id"]}
    before = len(call.actions)
    server_says(call, "error", error=error)
    again = [orjson.loads(a.raw) for a in call.actions[before:] if isinstance(a, events.ToModel)]
    assert [event["type"] for event in again] == ["session.update"]
    assert "tool_choice" not in again[0]["session"]
    assert again[0]["session"]["instructions"]
    call.script("Never said.")
    call.say("Tell me about it please", wait=0.0)
    server_says(call, "error", error={**error, "event_id": again[0]["event_id"]})
    assert call.agent.lines.apology in call.text(1)
    assert call.noted("gave_up")[0]["cause"] == "session_refused"


def test_a_turn_tells_how_long_the_caller_had_been_silent() -> None:
    call = SimulatedCall()
    call.advance(1.0)
    call.transcript.append({"role": "user", "content": "A cleaning"})
    for said in ("A cleaning", "A cleaning, please."):
        call.transcript[-1]["content"] = said
        call.retell(interaction_type="update_only", transcript=call.transcript)
        call.advance(0.2)
    call.advance(0.2)
    call.request()
    call.advance(2.0)
    call.hear()
    call.request(reminder=True)
    call.advance(2.0)
    assert [turn.get("pause_ms") for turn in call.noted("turn")] == [400.0, None]
