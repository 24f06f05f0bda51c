"""The three steps of a barge-in: mute, decide, give up the turn or go on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.agent.definition import BargeInSettings, TurnTaking
from app.core.audio.barge_in import MUTE, BargeIn, Decision, Verdict
from app.core.language.backchannel import Floor

SETTINGS = BargeInSettings(window_ms=800, speech_ms=600, breath_ms=150)
FRAME = 0.02


def machine(settings: BargeInSettings = SETTINGS) -> BargeIn:
    return BargeIn(settings, TurnTaking())


def run(barge: BargeIn, loud: bool, seconds: float, now: float) -> tuple[Decision | None, float]:
    """Feed frames of one loudness until something is decided or the time is over."""
    for _ in range(round(seconds / FRAME)):
        now += FRAME
        decision = barge.level(loud, FRAME, now) or barge.tick(now)
        if decision is not None:
            return decision, now
    return None, now


def begun(voice: float = 0.1) -> tuple[BargeIn, float]:
    """A machine that was told of a sound, `voice` seconds after it became audible."""
    barge = machine()
    assert run(barge, False, 1.0, 0.0)[0] is None
    decision, now = run(barge, True, voice, 1.0)
    assert decision is None
    assert barge.started(Floor.AGENT, now) == MUTE
    assert barge.deciding
    return barge, now


def test_a_breath_is_over_soon_and_the_agent_goes_on() -> None:
    barge, now = begun(0.1)
    decision, at = run(barge, False, 1.0, now)
    assert decision == Decision(Verdict.RESUME, "breath")
    assert at - now == pytest.approx(0.2, abs=2 * FRAME)
    assert not barge.deciding


def test_a_long_sound_is_speech_before_the_window_ends() -> None:
    barge, now = begun(0.1)
    decision, at = run(barge, True, 1.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(0.5, abs=2 * FRAME)


def test_a_short_sound_without_words_waits_for_the_window() -> None:
    barge, now = begun(0.1)
    decision, later = run(barge, True, 0.3, now)
    assert decision is None
    decision, at = run(barge, False, 1.0, later)
    assert decision == Decision(Verdict.RESUME, "short")
    assert at - now == pytest.approx(0.8, abs=2 * FRAME)


def test_words_of_a_backchannel_let_the_agent_go_on_at_once() -> None:
    barge, now = begun()
    assert barge.heard("mhm", True, now + 0.3) == Decision(Verdict.RESUME, "backchannel")


def test_a_backchannel_so_far_goes_on_when_the_sound_is_over() -> None:
    barge, now = begun()
    _, now = run(barge, True, 0.2, now)
    assert barge.heard("Yeah. ", False, now) is None
    decision, _ = run(barge, False, 0.5, now)
    assert decision == Decision(Verdict.RESUME, "backchannel")


def test_a_command_stops_at_the_first_word() -> None:
    barge, now = begun()
    assert barge.heard("Stop. ", False, now + 0.2) == Decision(Verdict.YIELD, "command")


def test_real_words_stop_the_agent_and_half_words_do_not_count() -> None:
    barge, now = begun()
    assert barge.heard("I ne", False, now + 0.1) is None or barge.deciding is False
    barge, now = begun()
    assert barge.heard("nev", False, now + 0.1) is None
    decision = barge.heard("never mind the Friday ", False, now + 0.2)
    assert decision is not None
    assert decision.verdict is Verdict.YIELD


def test_no_words_are_noise() -> None:
    barge, now = begun()
    assert barge.heard("", True, now + 0.3) == Decision(Verdict.RESUME, "noise")


def test_the_end_told_by_voice_detection_counts_too() -> None:
    barge, now = begun()
    assert barge.stopped(0.1, now + 0.3) == Decision(Verdict.RESUME, "breath")
    barge, now = begun()
    assert barge.stopped(0.9, now + 0.3) == Decision(Verdict.YIELD, "speech")
    barge, now = begun()
    assert barge.stopped(0.4, now + 0.3) is None
    assert barge.tick(now + 0.8) == Decision(Verdict.RESUME, "short")


def test_ears_that_heard_nothing_are_not_believed() -> None:
    """A voice too soft for the level meter: only the model's voice detection and the window."""
    barge = machine()
    _, now = run(barge, False, 2.0, 0.0)
    assert barge.started(Floor.AGENT, now) == MUTE
    decision, at = run(barge, False, 1.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert at - now == pytest.approx(0.8, abs=2 * FRAME)


def test_a_remark_that_goes_on_is_an_interruption_after_all() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, False, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "breath")
    decision, now = run(barge, True, 1.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")
    assert barge.stopped(2.0, now) is None


def test_the_end_of_a_long_sound_taken_for_a_breath() -> None:
    barge, now = begun(0.1)
    decision, now = run(barge, False, 0.3, now)
    assert decision == Decision(Verdict.RESUME, "breath")
    assert barge.stopped(1.5, now + 1) == Decision(Verdict.YIELD, "speech")
    assert barge.stopped(1.5, now + 2) is None


def test_late_words_can_still_interrupt() -> None:
    barge, now = begun(0.1)
    assert barge.late("stop", Floor.AGENT) is None  # not while it is being decided
    run(barge, False, 1.0, now)
    assert barge.late("mhm", Floor.AGENT) is None
    assert barge.late("stop", Floor.AGENT) == Decision(Verdict.YIELD, "command")


def test_a_second_sound_in_the_window_goes_on_with_the_first() -> None:
    barge, now = begun(0.1)
    _, now = run(barge, True, 0.2, now)
    assert barge.stopped(0.3, now) is None
    assert barge.started(Floor.AGENT, now) is None
    decision, _ = run(barge, True, 1.0, now)
    assert decision == Decision(Verdict.YIELD, "speech")


def test_an_abandoned_sound_decides_nothing() -> None:
    barge, now = begun()
    barge.abandon()
    assert barge.heard("stop", True, now) is None
    assert barge.stopped(3.0, now) is None
    assert run(barge, True, 1.0, now)[0] is None


TEXTS = ["", "mhm", "yeah okay", "stop", "wait", "I need Friday instead", "m", "uh huh", "Fri"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frames"), st.booleans(), st.integers(1, 60)),
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
                seen(barge.level(bool(first), FRAME, now))
                seen(barge.tick(now))
                assert muted_at is None or now - muted_at < 0.8 + 2 * FRAME
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
    now += 1.0
    seen(barge.tick(now))
    assert muted_at is None
