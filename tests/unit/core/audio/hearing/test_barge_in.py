"""The three steps of a barge-in: mute, decide, give up the turn or go on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.agent.audio import BargeInSettings
from app.core.agent.definition import TurnTaking
from app.core.audio.hearing.barge_in import MUTE, BargeIn, Decision, Verdict
from app.core.audio.hearing.levels import CLEAR_VOICE, QUIET, VOICE, Sound
from app.core.language.backchannel import Floor

SETTINGS = BargeInSettings(window_ms=1200, speech_ms=1000, breath_ms=150)
FRAME = 0.02


def machine(settings: BargeInSettings = SETTINGS) -> BargeIn:
    return BargeIn(settings, TurnTaking())


def run(barge: BargeIn, sound: Sound, seconds: float, now: float) -> tuple[Decision | None, float]:
    """Feed frames of one loudness until something is decided or the time is over."""
    for _ in range(round(seconds / FRAME)):
        now += FRAME
        decision = barge.level(sound, FRAME, now) or barge.tick(now)
        if decision is not None:
            return decision, now
    return None, now


def begun(voice: float = 0.1) -> tuple[BargeIn, float]:
    """A machine that was told of a sound, `voice` seconds after it became audible."""
    barge = machine()
    assert run(barge, QUIET, 1.0, 0.0)[0] is None
    decision, now = run(barge, CLEAR_VOICE, voice, 1.0)
    assert decision is None
    assert barge.started(Floor.AGENT, now) == MUTE
    assert barge.deciding
    return barge, now


@pytest.mark.parametrize("voice", [0.08, 0.3, 0.5, 0.8, 0.94])
def test_the_agent_goes_on_a_quarter_of_a_second_after_a_sound_it_heard_clearly(
    voice: float,
) -> None:
    """A breath, a "mm-hm", a drawn-out "mm-hm": voice detection has not told of the end yet."""
    barge, now = begun(0.08)
    decision, ended = run(barge, CLEAR_VOICE, voice - 0.08, now)
    assert decision is None
    decision, at = run(barge, QUIET, 1.0, ended)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - ended == pytest.approx(0.25, abs=FRAME)
    assert not barge.deciding


def test_a_long_sound_is_speech_before_the_window_ends() -> None:
    barge, now = begun(0.1)
    decision, at = run(barge, CLEAR_VOICE, 2.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(0.9, abs=2 * FRAME)


def test_short_gaps_belong_to_the_sound() -> None:
    """The closed lips of a "p" make a sentence no shorter, and pauses are none of it."""
    barge, now = begun(0.1)
    for _ in range(4):
        assert run(barge, QUIET, 0.1, now)[0] is None
        decision, now = run(barge, CLEAR_VOICE, 0.14, now + 0.1)
        if decision is not None:
            break
    assert decision == Decision(Verdict.YIELD, "speech")
    barge, now = begun(0.1)
    for _ in range(4):
        assert run(barge, QUIET, 0.2, now)[0] is None
        decision, now = run(barge, CLEAR_VOICE, 0.1, now + 0.2)
        assert decision is None or decision.why != "speech" or now > 1.1 + 1.2


def test_a_faint_sound_is_over_only_after_a_longer_silence() -> None:
    """Much of a soft voice is not heard: its end is not believed at once."""
    barge = machine()
    _, now = run(barge, QUIET, 1.0, 0.0)
    _, now = run(barge, VOICE, 0.1, now)
    assert barge.started(Floor.AGENT, now) == MUTE
    _, ended = run(barge, VOICE, 0.2, now)
    decision, at = run(barge, QUIET, 1.0, ended)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - ended == pytest.approx(0.6, abs=2 * FRAME)


def test_one_clear_frame_is_enough_to_hear_the_end() -> None:
    barge = machine()
    _, now = run(barge, QUIET, 1.0, 0.0)
    _, now = run(barge, VOICE, 0.1, now)
    barge.started(Floor.AGENT, now)
    _, now = run(barge, CLEAR_VOICE, FRAME, now)
    _, ended = run(barge, VOICE, 0.1, now)
    decision, at = run(barge, QUIET, 1.0, ended)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - ended == pytest.approx(0.25, abs=FRAME)


def test_a_clear_sound_of_before_says_nothing_about_a_faint_one() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, QUIET, 1.0, now)
    assert decision == Decision(Verdict.RESUME, "short")
    barge.stopped(0.1, now)
    _, now = run(barge, QUIET, 1.0, now)
    assert barge.started(Floor.AGENT, now) == MUTE
    _, ended = run(barge, VOICE, 0.2, now)
    decision, at = run(barge, QUIET, 1.0, ended)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - ended == pytest.approx(0.6, abs=2 * FRAME)


def test_while_voice_detection_says_speech_a_faint_sound_is_no_breath() -> None:
    """A quiet caller: 40 ms of "stop, wait a moment please" rise above the line."""
    barge = machine()
    _, now = run(barge, QUIET, 2.0, 0.0)
    _, now = run(barge, VOICE, 0.04, now)
    barge.started(Floor.AGENT, now)
    decision, now = run(barge, QUIET, 0.5, now)
    assert decision is None
    _, now = run(barge, VOICE, 0.04, now)
    decision, now = run(barge, QUIET, 0.5, now)
    assert decision is None
    _, now = run(barge, VOICE, 0.04, now)
    decision, now = run(barge, QUIET, 0.5, now)
    assert decision == Decision(Verdict.YIELD, "speech"), "the window is over, and it still speaks"


def test_voice_in_a_sound_that_was_gone_on_into_silences_the_agent_again() -> None:
    """ "Stop ... wait a moment": the agent came back in the pause."""
    barge, now = begun(0.1)
    _, now = run(barge, CLEAR_VOICE, 0.3, now)
    decision, now = run(barge, QUIET, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "short")
    decision, again = run(barge, CLEAR_VOICE, 1.0, now)
    assert decision == MUTE
    assert again - now == pytest.approx(0.06, abs=FRAME)
    assert barge.deciding
    decision, at = run(barge, CLEAR_VOICE, 2.0, again)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(0.6, abs=2 * FRAME), "what was said before the pause counts"


def test_a_sound_that_came_back_is_over_only_after_a_longer_silence() -> None:
    """Else the agent's voice would come back in every pause of a sentence."""
    barge, now = begun(0.1)
    _, now = run(barge, QUIET, 0.3, now)
    decision, now = run(barge, CLEAR_VOICE, 1.0, now)
    assert decision == MUTE
    _, ended = run(barge, CLEAR_VOICE, 0.1, now)
    decision, at = run(barge, QUIET, 1.0, ended)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - ended == pytest.approx(0.6, abs=2 * FRAME)
    barge.stopped(1.2, at)
    _, now = run(barge, QUIET, 1.0, at)
    _, now = run(barge, CLEAR_VOICE, 0.1, now)
    assert barge.started(Floor.AGENT, now) == MUTE
    decision, at = run(barge, QUIET, 1.0, now)
    assert at - now == pytest.approx(0.25, abs=FRAME), "the next sound is another one"


def test_voice_with_short_gaps_silences_the_agent_again() -> None:
    barge, now = begun(0.1)
    _, now = run(barge, QUIET, 0.3, now)
    for _ in range(2):
        decision, now = run(barge, CLEAR_VOICE, FRAME, now)
        assert decision is None
        decision, now = run(barge, QUIET, 2 * FRAME, now)
        assert decision is None
    decision, now = run(barge, CLEAR_VOICE, FRAME, now)
    assert decision == MUTE


def test_a_second_remark_after_the_first_is_gone_on_into_too() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, QUIET, 0.35, now)
    assert decision == Decision(Verdict.RESUME, "short")
    decision, now = run(barge, CLEAR_VOICE, 0.3, now + 0.3)
    assert decision == MUTE
    _, now = run(barge, CLEAR_VOICE, 0.2, now)
    decision, _ = run(barge, QUIET, 1.0, now)
    assert decision == Decision(Verdict.RESUME, "short")


def test_clicks_do_not_silence_the_agent_again() -> None:
    """Single frames, far apart, after the agent went on."""
    barge, now = begun(0.1)
    decision, now = run(barge, QUIET, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "short")
    for _ in range(5):
        decision, now = run(barge, CLEAR_VOICE, FRAME, now)
        assert decision is None
        decision, now = run(barge, QUIET, 0.14, now)
        assert decision is None


def test_after_voice_detections_end_no_voice_silences_the_agent_without_it() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, QUIET, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "short")
    assert barge.stopped(0.1, now) is None
    assert run(barge, CLEAR_VOICE, 3.0, now)[0] is None


def test_voice_before_the_agent_had_the_floor_counts_little() -> None:
    """A caller who talks, or a crowd, long before voice detection tells of a begin."""
    barge = machine()
    _, now = run(barge, CLEAR_VOICE, 5.0, 0.0)
    assert barge.started(Floor.AGENT, now) == MUTE
    decision, at = run(barge, CLEAR_VOICE, 2.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(0.7, abs=2 * FRAME)


def test_voice_long_before_the_begin_is_none_of_the_sound() -> None:
    barge = machine()
    _, now = run(barge, CLEAR_VOICE, 0.9, 0.0)
    _, now = run(barge, QUIET, 0.6, now)
    assert barge.started(Floor.AGENT, now) == MUTE
    decision, now = run(barge, CLEAR_VOICE, 0.4, now)
    assert decision is None


def test_words_of_a_backchannel_let_the_agent_go_on_at_once() -> None:
    barge, now = begun()
    assert barge.heard("mhm", True, now + 0.3) == Decision(Verdict.RESUME, "backchannel")


def test_a_backchannel_so_far_goes_on_when_the_sound_is_over() -> None:
    barge, now = begun()
    _, now = run(barge, CLEAR_VOICE, 0.2, now)
    assert barge.heard("Yeah. ", False, now) is None
    decision, _ = run(barge, QUIET, 0.5, now)
    assert decision == Decision(Verdict.RESUME, "backchannel")


def test_a_backchannel_so_far_goes_on_when_voice_detection_says_so() -> None:
    barge, now = begun()
    assert barge.heard("Yeah. ", False, now) is None
    assert barge.stopped(0.4, now + 0.3) == Decision(Verdict.RESUME, "backchannel")


def test_the_words_of_one_sound_are_not_the_next_ones() -> None:
    barge, now = begun()
    assert barge.heard("Yeah. ", False, now) is None
    decision, now = run(barge, QUIET, 0.5, now)
    assert decision == Decision(Verdict.RESUME, "backchannel")
    decision, now = run(barge, CLEAR_VOICE, 0.3, now)
    assert decision == MUTE
    decision, now = run(barge, QUIET, 0.8, now)
    assert decision == Decision(Verdict.RESUME, "short")
    barge.stopped(0.9, now)
    barge, now = begun()
    barge.heard("Yeah. ", False, now)
    barge.abandon()
    assert barge.started(Floor.AGENT, now) == MUTE
    assert barge.stopped(0.4, now + 0.1) is None


def test_a_command_stops_at_the_first_word() -> None:
    barge, now = begun()
    assert barge.heard("Stop. ", False, now + 0.2) == Decision(Verdict.YIELD, "command")


def test_real_words_stop_the_agent_and_half_words_do_not_count() -> None:
    barge, now = begun()
    assert barge.heard("I ne", False, now + 0.1) is None or barge.deciding is False
    barge, now = begun()
    assert barge.heard("nev", False, now + 0.1) is None
    assert barge.heard("", False, now + 0.1) is None
    decision = barge.heard("I need the Friday ", False, now + 0.2)
    assert decision == Decision(Verdict.YIELD, "words")


def test_an_answer_to_a_question_stops_the_agent() -> None:
    barge = machine()
    assert barge.started(Floor.CALLER, 1.0) == MUTE
    assert barge.heard("yes", True, 1.3) == Decision(Verdict.YIELD, "words")


def test_no_words_are_noise() -> None:
    barge, now = begun()
    assert barge.heard("", True, now + 0.3) == Decision(Verdict.RESUME, "noise")
    assert barge.heard("stop", True, now + 0.4) is None, "it is decided"


def test_the_end_told_by_voice_detection_counts_too() -> None:
    barge, now = begun()
    assert barge.stopped(0.1, now + 0.3) == Decision(Verdict.RESUME, "breath")
    barge, now = begun()
    assert barge.stopped(1.1, now + 0.3) == Decision(Verdict.YIELD, "speech")
    barge, now = begun()
    assert barge.stopped(0.4, now + 0.3) is None
    assert barge.tick(now + 1.19) is None
    assert barge.tick(now + 1.2) == Decision(Verdict.RESUME, "short")
    assert barge.tick(now + 9.0) is None


def test_ears_that_heard_nothing_are_not_believed() -> None:
    """A voice too soft for the level meter: only the model's voice detection and the window."""
    barge = machine()
    _, now = run(barge, QUIET, 2.0, 0.0)
    assert barge.started(Floor.AGENT, now) == MUTE
    decision, at = run(barge, QUIET, 2.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(1.2, abs=2 * FRAME)


def test_the_end_of_a_long_sound_that_was_heard_badly() -> None:
    """Our own ears took it for short; they had heard little of it."""
    barge = machine()
    _, now = run(barge, QUIET, 1.0, 0.0)
    _, now = run(barge, VOICE, 0.1, now)
    barge.started(Floor.AGENT, now)
    decision, now = run(barge, QUIET, 0.7, now)
    assert decision == Decision(Verdict.RESUME, "short")
    assert barge.stopped(1.5, now + 1) == Decision(Verdict.YIELD, "speech")
    assert barge.stopped(1.5, now + 2) is None


def test_the_length_of_a_sound_that_was_heard_clearly_is_known() -> None:
    """Two remarks with a pause between them are one long sound to voice detection."""
    barge, now = begun(0.1)
    decision, now = run(barge, QUIET, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "short")
    assert barge.stopped(1.5, now + 1) is None


def test_late_words_can_still_interrupt() -> None:
    barge, now = begun(0.1)
    assert barge.late("stop", Floor.AGENT) is None  # not while it is being decided
    run(barge, QUIET, 1.0, now)
    assert barge.late("mhm", Floor.AGENT) is None
    assert barge.late("stop", Floor.AGENT) == Decision(Verdict.YIELD, "command")
    assert barge.late("I need Friday", Floor.AGENT) == Decision(Verdict.YIELD, "words")


def test_a_second_sound_in_the_window_goes_on_with_the_first() -> None:
    barge, now = begun(0.1)
    _, now = run(barge, CLEAR_VOICE, 0.2, now)
    assert barge.stopped(0.3, now) is None
    assert barge.started(Floor.AGENT, now) is None
    decision, _ = run(barge, CLEAR_VOICE, 1.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")


def test_a_second_sound_has_not_ended_with_the_first() -> None:
    barge = machine()
    assert barge.started(Floor.AGENT, 1.0) == MUTE
    assert barge.stopped(0.3, 1.4) is None
    assert barge.started(Floor.AGENT, 1.6) is None
    assert barge.deadline == pytest.approx(2.2), "the pause is no longer for it"
    assert barge.tick(2.2) == Decision(Verdict.YIELD, "speech")
    barge = machine()
    barge.started(Floor.AGENT, 1.0)
    barge.stopped(0.3, 1.4)
    barge.started(Floor.AGENT, 1.6)
    assert barge.stopped(1.4, 2.0) == Decision(Verdict.YIELD, "speech")


def test_an_abandoned_sound_decides_nothing() -> None:
    barge, now = begun()
    barge.abandon()
    assert not barge.deciding
    assert barge.heard("stop", True, now) is None
    assert barge.stopped(3.0, now) is None
    assert run(barge, CLEAR_VOICE, 1.0, now)[0] is None


def test_a_turn_that_was_given_up_is_not_given_up_again() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, CLEAR_VOICE, 2.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert run(barge, CLEAR_VOICE, 3.0, now)[0] is None
    assert barge.stopped(4.0, now) is None


TEXTS = ["", "mhm", "yeah okay", "stop", "wait", "I need Friday instead", "m", "uh huh", "Fri"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frames"), st.sampled_from(list(Sound)), st.integers(1, 60)),
        st.tuples(st.just("started"), st.sampled_from(list(Floor)), st.just(0)),
        st.tuples(st.just("heard"), st.sampled_from(TEXTS), st.booleans()),
        st.tuples(st.just("late"), st.sampled_from(TEXTS), st.just(0)),
        st.tuples(st.just("stopped"), st.floats(0, 3), st.just(0)),
        st.tuples(st.just("abandon"), st.just(0), st.just(0)),
    ),
    max_size=50,
)


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_every_mute_is_answered_once_and_in_time(steps: list[tuple[str, object, object]]) -> None:
    """Never resume what was given up, never stay mute beyond the window, never decide twice."""
    barge, now = machine(), 0.0
    muted_at: float | None = None
    gave_up = False

    def seen(decision: Decision | None) -> None:
        nonlocal muted_at, gave_up
        if decision is None:
            return
        if decision.verdict is Verdict.MUTE:
            assert muted_at is None
            muted_at, gave_up = now, False
        elif decision.verdict is Verdict.RESUME:
            assert muted_at is not None
            assert not gave_up
            muted_at = None
        else:
            muted_at, gave_up = None, True

    for kind, first, second in steps:
        if kind == "frames":
            for _ in range(int(second)):  # type: ignore[call-overload]
                now += FRAME
                seen(barge.level(first, FRAME, now))  # type: ignore[arg-type]
                seen(barge.tick(now))
                assert muted_at is None or now - muted_at < 1.2 + 2 * FRAME
        elif kind == "started":
            seen(barge.started(first, now))  # type: ignore[arg-type]
        elif kind == "heard":
            seen(barge.heard(str(first), bool(second), now))
        elif kind == "late":
            seen(barge.late(str(first), Floor.AGENT))
        elif kind == "stopped":
            seen(barge.stopped(float(first), now))  # type: ignore[arg-type]
        else:
            barge.abandon()
            muted_at = None
        assert barge.deciding == (muted_at is not None)
        assert (barge.deadline is None) == (muted_at is None)
    now += 1.5
    seen(barge.tick(now))
    assert muted_at is None
