"""Lines on which the caller cannot be heard: the call says something, or ends."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.protocol.g711 import mu_law as mulaw
from app.protocol.twilio import SILENCE
from app.rehearsal.realtime_server.reply import Call
from tests.support.audio_sim import Sim, agent
from tests.unit.core.audio.test_odd_orders import model_says, started, talking

_RNG = random.Random(3)
#: White noise that the rehearsal's voice detection takes for speech.
HISS = bytes(mulaw(_RNG.randint(-1500, 1500)) for _ in range(160))
UNHEARD = "I am having trouble hearing you."
GOODBYE = "I still cannot hear you."


def spoken(sim: Sim) -> list[float]:
    """When frames of the agent's voice left."""
    return [at for at, kind in sim.frames_out if kind == "media"]


def longest_gap(sim: Sim, since: float) -> float:
    """The longest time in which the agent said nothing."""
    times = [since, *(at for at in spoken(sim) if at > since), sim.now]
    return max(b - a for a, b in pairwise(times))


def stopped(sim: Sim, item: str) -> None:
    model_says(sim, "input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=1500)


def committed(sim: Sim, item: str) -> None:
    model_says(sim, "input_audio_buffer.committed", item_id=item, previous_item_id=None)


def transcript(sim: Sim, item: str, words: str) -> None:
    kind = "conversation.item.input_audio_transcription.completed"
    model_says(sim, kind, item_id=item, content_index=0, transcript=words)


def test_steady_noise_is_asked_into_and_then_let_go() -> None:
    """Voice detection hears speech from the first moment on, and tells of no end."""
    sim = Sim(line=HISS).start()
    begin = sim.now
    sim.until(lambda: bool(sim.told("turn")), 10)
    assert sim.told("turn")[0]["ended"] == "answered", "the greeting is heard"
    sim.until(lambda: sim.ended is not None, 60)
    assert sim.now - begin < 40
    assert longest_gap(sim, begin) < 7
    said = " ".join(text for role, text in sim.heard if role == "agent")
    assert said.count(UNHEARD) == 2
    assert GOODBYE in said
    assert [note["prompts"] for note in sim.told("noisy_line")] == [1, 2, 3]
    assert sim.call.summary()["unheard"] == 3
    assert sim.violations == []


def test_the_limits_are_the_agents() -> None:
    patient = agent(turn_taking__unheard_after_ms=8000, turn_taking__unheard_prompts=0)
    sim = Sim(agent=patient, line=HISS).start()
    sim.until(lambda: bool(sim.told("turn")), 60)
    begin = sim.now
    sim.until(lambda: bool(sim.told("noisy_line")), 60)
    assert 7.9 <= sim.now - begin < 9
    sim.until(lambda: sim.ended is not None, 10)
    said = " ".join(text for role, text in sim.heard if role == "agent")
    assert UNHEARD not in said
    assert GOODBYE in said


def test_once_the_noise_is_over_the_caller_is_heard_again() -> None:
    sim = Sim(line=HISS).start()
    sim.until(lambda: len(sim.told("noisy_line")) == 1, 20)
    sim.run(1.0)
    sim.line = SILENCE * 160
    sim.until_silent(1.5)
    sim.script("We are open until five.")
    sim.speak("Until when are you open?")
    sim.until_silent(2.0)
    assert sim.heard[-2:] == [
        ["user", "Until when are you open?"],
        ["agent", "We are open until five."],
    ]
    assert sim.call.sounds.noise.prompts == 0
    assert not sim.call.sounds.noise.noisy
    talking(sim)
    sim.speak("Stop please, I have another question.")
    sim.until(lambda: sim.call.state.interruptions == 1, 5)


def test_on_a_noisy_line_noise_does_not_stop_the_agent(greeted: Sim) -> None:
    started(greeted, "n1")
    greeted.until(lambda: bool(greeted.told("noisy_line")), 10)
    greeted.notes.clear()
    greeted.run(1.0)
    for number in range(4):
        started(greeted, f"n{2 + number}")
        greeted.run(0.2)
        stopped(greeted, f"n{2 + number}")
        committed(greeted, f"n{2 + number}")
    assert greeted.told("muted") == []
    greeted.until_silent(0.5)
    assert UNHEARD in greeted.heard[-1][1]
    assert greeted.types().count("response.create") == 1, "noise is not answered"


def test_words_into_the_noise_stop_the_agent_and_are_answered(greeted: Sim) -> None:
    started(greeted, "n1")
    greeted.until(lambda: greeted.call.voice.play.sounding, 10)
    greeted.run(0.5)
    started(greeted, "n2")
    stopped(greeted, "n2")
    committed(greeted, "n2")
    assert greeted.told("barge_in") == []
    greeted.script("On Friday, gladly.")
    transcript(greeted, "n2", "Can I come on Friday?")
    assert len(greeted.told("barge_in")) == 1
    greeted.until(lambda: greeted.heard[-1] == ["agent", "On Friday, gladly."], 10)
    assert not greeted.call.sounds.noise.noisy


def test_a_clear_voice_is_answered_on_a_noisy_line_without_its_words(greeted: Sim) -> None:
    started(greeted, "n1")
    greeted.until(lambda: bool(greeted.told("noisy_line")), 10)
    stopped(greeted, "n1")
    greeted.until_silent(1.0)
    greeted.script("On Friday, gladly.")
    greeted.speak(None, seconds=1.5)
    greeted.until(lambda: greeted.heard[-1][1].endswith("On Friday, gladly."), 10)


def test_a_key_is_heard_through_the_noise(greeted: Sim) -> None:
    started(greeted, "n1")
    greeted.until(lambda: bool(greeted.told("noisy_line")), 10)
    greeted.script("One, thank you.")
    greeted.press("1#")
    greeted.until(lambda: greeted.heard[-1] == ["agent", "One, thank you."], 10)
    assert not greeted.call.sounds.noise.noisy


def test_a_voice_detection_that_never_ends_a_speech_holds_nothing_back(greeted: Sim) -> None:
    """The line itself is quiet."""
    begin = greeted.now
    started(greeted, "n1")
    before = greeted.call.sounds.speaking
    assert before
    greeted.until(lambda: bool(greeted.told("noisy_line")), 10)
    assert greeted.now - begin < 6
    assert not greeted.call.sounds.speaking
    greeted.until_silent(0.5, limit=10)
    greeted.run(0.1)
    assert not greeted.call.model.hold
    greeted.until(lambda: greeted.ended is not None, 40)


def test_sounds_that_come_and_go_without_end_are_spoken_into(greeted: Sim) -> None:
    """None of them becomes a turn."""
    talking(greeted, 1.0)
    begin, number = greeted.now, 0
    while greeted.ended is None:
        number += 1
        started(greeted, f"n{number}")
        greeted.run(0.1)
        stopped(greeted, f"n{number}")
        greeted.run(0.05)
        assert greeted.now - begin < 60
    assert longest_gap(greeted, begin) < 14
    assert GOODBYE in str(greeted.heard)


def test_a_long_story_is_listened_to(greeted: Sim) -> None:
    """Half a minute without a pause: the words come at its end."""
    greeted.script("I see.")
    greeted.speak("It began in spring and went on and on.", seconds=0.3)
    for number in range(75):
        greeted.speak(None, seconds=0.3, after=0.4 * (number + 1))
    greeted.run(35.0)
    assert greeted.told("noisy_line") == []
    assert ["user", "It began in spring and went on and on."] in greeted.heard


def test_an_answer_that_waits_for_a_tool_is_heard_through_the_noise() -> None:
    sim = Sim(tool=lambda name, arguments: {"ok": True, "slots": []}, tool_s=9.5).start()
    sim.until_silent(2.0)
    sim.script([Call("check_availability", '{"date":"2026-11-27"}')], "There is nothing on Friday.")
    sim.speak("Is there anything on Friday?")
    sim.until(lambda: bool(sim.ran), 10)
    begin = sim.now
    sim.line = HISS
    sim.until(lambda: "There is nothing on Friday." in str(sim.heard), 20)
    assert sim.now - begin < 14
    assert longest_gap(sim, begin) < 7


def test_turns_without_a_word_are_answered_once() -> None:
    """A short noise every few seconds that voice detection takes for a sentence."""
    sim = Sim().start()
    sim.until_silent(2.0)
    begin = sim.now
    number = 0
    while sim.ended is None:
        number += 1
        assert sim.now - begin < 90
        started(sim, f"n{number}")
        sim.run(0.5)
        stopped(sim, f"n{number}")
        committed(sim, f"n{number}")
        sim.run(0.4)
        transcript(sim, f"n{number}", "")
        sim.run(3.0)
    said = " ".join(text for role, text in sim.heard if role == "agent")
    assert GOODBYE in said
    assert longest_gap(sim, begin) < 15


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("started"), st.integers(0, 3)),
        st.tuples(st.just("stopped"), st.integers(0, 3)),
        st.tuples(st.just("committed"), st.integers(0, 3)),
        st.tuples(st.just("words"), st.sampled_from(["", "Hello?", "mhm", "stop"])),
        st.tuples(st.just("failed"), st.integers(0, 3)),
        st.tuples(st.just("time"), st.sampled_from([0.02, 0.3, 1.1, 2.5, 5.2])),
        st.tuples(st.just("line"), st.booleans()),
    ),
    min_size=4,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.booleans(), st.integers(1, 3))
def test_whatever_voice_detection_tells_the_call_says_something_or_ends(
    steps: list[tuple[str, Any]], transcribed: bool, rounds: int
) -> None:
    """Over and over, in any order, with words and without: never 20 s of nothing."""
    changes: dict[str, Any] = {} if transcribed else {"audio__transcription": None}
    sim = Sim(agent=agent(**changes)).start()
    begin, newest = sim.now, 0
    for _ in range(rounds):
        for kind, value in steps:
            if sim.ended is not None:
                break
            item = f"n{newest}"
            if kind == "started":
                newest += value
                started(sim, f"n{newest}")
            elif kind == "stopped":
                stopped(sim, item)
            elif kind == "committed":
                committed(sim, item)
            elif kind == "words":
                transcript(sim, item, value)
            elif kind == "failed":
                failed = "conversation.item.input_audio_transcription.failed"
                model_says(sim, failed, item_id=item, content_index=0, error={})
            elif kind == "line":
                sim.line = HISS if value else SILENCE * 160
            else:
                sim.run(value)
    sim.line = SILENCE * 160
    end = sim.now + 25
    while sim.ended is None and sim.now < end:
        sim.run(1.0)
    assert longest_gap(sim, begin) < 20
