"""Backchannels, answers, interruptions, commands."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.language.backchannel import (
    Floor,
    Kind,
    classify,
    floor_after,
    whole_sentences,
)
from app.core.language.backchannel_phrases import BACKCHANNELS, INTERRUPTS
from app.core.language.settings import BackchannelSettings

LISTENING = (
    "mhm|Uh-huh.|yeah|yeah yeah|oh okay|Right, right.|I see|okay got it|that's great|wow|"
    "oh that's too bad|uh huh sure|That makes sense.|thank you|hmm|no problem|Oh, is that right?|"
    "yeah I know|sounds really good|all right|of course, yes|ah okay cool"
)
TALK = (
    "I need Tuesday|what about Friday morning|my name is Ana|yeah and also the kids|okay so when|"
    "well|so|I think it was Monday|at three|the other one|is it covered by insurance|"
    "yes please|Huh?|what|yeah but"
)
COMMANDS = (
    "stop|wait|no|no no|hold on|okay wait|hang on a second|Stop talking!|no no no|excuse me|"
    "oh no|never mind|that's wrong|wait wait|one second please|cancel that|nope|Huh-uh.|nuh-uh"
)


@pytest.mark.parametrize("text", LISTENING.split("|"))
def test_listeners_do_not_interrupt(text: str) -> None:
    assert classify(text, Floor.AGENT) is Kind.BACKCHANNEL
    assert not classify(text, Floor.AGENT).stops_agent


@pytest.mark.parametrize("text", TALK.split("|"))
@pytest.mark.parametrize("floor", list(Floor))
def test_talk_interrupts(text: str, floor: Floor) -> None:
    assert classify(text, floor) is Kind.INTERRUPTION


@pytest.mark.parametrize("text", COMMANDS.split("|"))
@pytest.mark.parametrize("floor", list(Floor))
def test_commands_always_stop(text: str, floor: Floor) -> None:
    assert classify(text, floor) is Kind.COMMAND


@pytest.mark.parametrize("text", ["yeah", "uh-huh", "okay, sure", "that's fine"])
def test_after_a_question_it_is_an_answer(text: str) -> None:
    assert classify(text, Floor.CALLER) is Kind.ANSWER


@pytest.mark.parametrize("text", ["um", "uh, er", "hmm"])
def test_hesitation_is_no_answer(text: str) -> None:
    assert classify(text, Floor.CALLER) is Kind.BACKCHANNEL


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "(cough)", "[noise]"])
def test_noise_is_nothing(text: str) -> None:
    assert classify(text, Floor.AGENT) is Kind.NOTHING


@pytest.mark.parametrize(
    ("agent_said", "floor"),
    [
        ("", Floor.CALLER),
        ("Would you like Tuesday or Friday?", Floor.CALLER),
        ("Would you like Tuesday? I also", Floor.CALLER),
        ("Would you like Tuesday? I also have Friday at three and Monday.", Floor.AGENT),
        ("Let me look that up for you.", Floor.AGENT),
        ("I have three openings this week: Tuesday", Floor.AGENT),
    ],
)
def test_who_has_the_floor(agent_said: str, floor: Floor) -> None:
    assert floor_after(agent_said) is floor


def test_the_agents_own_lists_replace_the_languages() -> None:
    own = BackchannelSettings(backchannels=("genau", "ja ja"), interrupts=("halt",))
    assert classify("Genau, ja ja", Floor.AGENT, own) is Kind.BACKCHANNEL
    assert classify("yeah", Floor.AGENT, own) is Kind.INTERRUPTION
    assert classify("ja halt", Floor.AGENT, own) is Kind.COMMAND
    assert classify("stop", Floor.AGENT, own) is Kind.INTERRUPTION


@given(
    st.lists(st.sampled_from(BACKCHANNELS), max_size=3),
    st.sampled_from(("stop", "wait", "hold on", "no no")),
)
def test_no_command_is_missed_among_backchannels(before: list[str], command: str) -> None:
    text = ", ".join([*before, command])
    assert classify(text, Floor.AGENT).stops_agent


@example(["i suppose", "so i hear"])
@given(st.lists(st.sampled_from(BACKCHANNELS), min_size=1, max_size=3))
def test_backchannels_in_a_row_are_one(phrases: list[str]) -> None:
    assert not classify(", ".join(phrases), Floor.AGENT).stops_agent


def test_the_lists_do_not_contradict_each_other() -> None:
    assert not set(BACKCHANNELS) & set(INTERRUPTS)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100), st.sampled_from(list(Floor)))
def test_no_text_raises(text: str, floor: Floor) -> None:
    classify(text, floor)
    floor_after(text)


@pytest.mark.parametrize("hum", ["I see.", "Mhm.", "Okay.", "Uh-huh.", "Right.", "(inaudible)"])
def test_a_hum_does_not_break_a_sentence(hum: str) -> None:
    said = [("user", "Hi."), ("agent", "On Tuesday, "), ("user", hum), ("agent", "the eighth?")]
    assert whole_sentences(said) == [(0, "user", "Hi."), (1, "agent", "On Tuesday, the eighth?")]


def test_a_sentence_with_two_hums_is_whole() -> None:
    said = [("agent", "On"), ("user", "Mhm."), ("agent", "Tuesday"), ("user", "Okay.")]
    assert whole_sentences([*said, ("agent", "at ten.")]) == [(0, "agent", "On Tuesday at ten.")]


@pytest.mark.parametrize(
    ("before", "between"),
    [
        ("On Tuesday.", "Okay."),
        ("Shall I book it?", "Okay."),
        ("On Tuesday", "No, on Monday."),
        ("On Tuesday", "Wait."),
        ("", "Okay."),
    ],
)
def test_what_is_an_answer_stays(before: str, between: str) -> None:
    said = [("agent", before), ("user", between), ("agent", "And your name?")]
    assert whole_sentences(said) == [(place, *one) for place, one in enumerate(said)]
