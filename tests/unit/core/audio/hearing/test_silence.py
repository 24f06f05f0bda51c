"""Silence, and sounds without words: when the caller is asked, and when they are let go."""

from __future__ import annotations

import pytest

from app.core.audio.hearing.silence import LONGEST_SPEECH_S, NoiseWatch, Silence
from tests.support.audio_sim import agent

FRAME = 0.02


def watch(**changes: object) -> NoiseWatch:
    return NoiseWatch(
        agent(
            turn_taking__unheard_after_ms=5000,
            turn_taking__unheard_prompts=2,
            audio__idle_ms=12_000,
            **changes,
        )
    )


def clear(noise: NoiseWatch, seconds: float, now: float) -> float:
    """Somebody is heard clearly for a while."""
    for _ in range(round(seconds / FRAME)):
        now += FRAME
        noise.clear_voice(FRAME, now)
    return now


def test_nothing_is_due_on_a_quiet_line() -> None:
    noise = watch()
    assert noise.due() is None
    assert not noise.noisy
    assert noise.committed()


def test_a_sound_that_goes_on_is_waited_for_some_seconds() -> None:
    noise = watch()
    noise.sound_began(100.0)
    assert noise.due() == 105.0
    noise.sound_began(103.0)
    assert noise.due() == 105.0, "from the first sound on"


def test_words_end_the_watch() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.words("When are you open?", answered=True)
    assert noise.due() is None


def test_sounds_that_end_and_come_again_do_not_begin_anew() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.sound_ended()
    assert noise.due() == 112.0, "quiet now: as long as any silence"
    noise.sound_began(104.0)
    assert noise.due() == 105.0


def test_the_silence_that_retell_sets_counts_too() -> None:
    noise = watch(turn_taking__reminder_trigger_ms=20_000)
    noise.sound_began(100.0)
    noise.sound_ended()
    assert noise.due() == 120.0
    noise = watch(turn_taking__reminder_trigger_ms=1000)
    noise.sound_began(100.0)
    noise.sound_ended()
    assert noise.due() == 105.0, "never earlier than while it sounds"


def test_somebody_who_is_heard_clearly_is_given_time() -> None:
    """A long sentence: the words come only after its end."""
    noise = watch()
    noise.sound_began(100.0)
    now = clear(noise, 9.0, 100.0)
    assert noise.due() == pytest.approx(now + 5.0)
    assert noise.spoken


def test_but_not_for_ever() -> None:
    noise = watch()
    noise.sound_began(100.0)
    clear(noise, 60.0, 100.0)
    assert noise.due() == pytest.approx(100.0 + LONGEST_SPEECH_S + 5.0)


def test_a_clatter_is_nobody_speaking() -> None:
    noise = watch()
    noise.sound_began(100.0)
    clear(noise, 0.2, 103.0)
    assert noise.due() == 105.0
    assert not noise.spoken
    noise.sound_began(104.0)
    clear(noise, 0.2, 104.0)
    assert not noise.spoken, "each sound is looked at for itself"


def test_the_caller_is_asked_twice_and_then_let_go() -> None:
    noise = watch()
    noise.sound_began(100.0)
    assert noise.speak_up(105.0)
    assert noise.noisy
    assert noise.due() == 110.0
    noise.agent_spoke(108.0)
    assert noise.due() == 113.0, "from the end of the question on"
    assert noise.speak_up(113.0)
    assert not noise.speak_up(118.0)


def test_after_words_the_count_begins_anew() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.speak_up(105.0)
    noise.speak_up(110.0)
    noise.words("Hello?", answered=False)
    assert (noise.noisy, noise.prompts) == (False, 0)
    noise.sound_began(120.0)
    assert noise.speak_up(125.0)


def test_what_the_agent_said_was_heard_and_the_watch_ends_in_quiet() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.sound_ended()
    noise.agent_spoke(103.0)
    assert noise.due() is None


def test_on_a_noisy_line_only_a_clear_voice_is_answered_before_its_words() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.speak_up(105.0)
    noise.sound_began(110.0)
    assert not noise.committed()
    noise.sound_began(112.0)
    clear(noise, 0.5, 112.0)
    assert noise.committed()
    assert noise.noisy, "until its words are known"


def test_a_committed_sound_is_over() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.committed()
    assert noise.due() == 112.0


def test_noise_that_was_answered_counts() -> None:
    """Turn after turn without a word: after the first one they are no longer answered."""
    noise = watch()
    noise.sound_began(100.0)
    assert noise.committed()
    noise.words("  ", answered=True)
    assert (noise.noisy, noise.prompts) == (True, 1)
    noise.words("", answered=False)
    assert noise.prompts == 1


def test_a_transcription_that_fails_is_no_noise() -> None:
    """Somebody was heard: the model may have understood them."""
    noise = watch()
    noise.sound_began(100.0)
    clear(noise, 1.0, 100.0)
    noise.committed()
    noise.words("", answered=True)
    assert (noise.noisy, noise.prompts) == (False, 0)


def test_without_transcripts_a_clear_voice_is_understood() -> None:
    noise = watch(audio__transcription=None)
    noise.sound_began(100.0)
    noise.speak_up(105.0)
    noise.sound_began(110.0)
    assert not noise.committed()
    assert noise.noisy
    noise.sound_began(112.0)
    clear(noise, 1.0, 112.0)
    assert noise.committed()
    assert (noise.noisy, noise.prompts, noise.due()) == (False, 0, None)


def test_a_lost_session_tells_no_end() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.session_gone()
    assert noise.due() == 112.0


def test_an_answer_on_its_way_is_waited_for_and_let_through_the_noise() -> None:
    noise = watch()
    noise.sound_began(100.0)
    assert noise.wait_on(105.0)
    assert noise.noisy
    assert noise.prompts == 0
    assert noise.due() == 110.0
    assert not noise.wait_on(110.0), "it was noisy before"
    noise = watch()
    noise.sound_began(100.0)
    noise.sound_ended()
    assert not noise.wait_on(112.0)
    assert not noise.noisy, "one sound, and it is over"
    noise.sound_began(113.0)
    noise.sound_ended()
    assert noise.wait_on(125.0)
    assert noise.noisy, "it comes again and again"


def test_the_count_survives_a_process() -> None:
    noise = watch()
    noise.sound_began(100.0)
    noise.speak_up(105.0)
    noise.understood()
    noise.sound_began(110.0)
    noise.speak_up(115.0)
    noise.speak_up(120.0)
    assert noise.to_state() == {"prompts": 2, "asked": 3}
    later = watch()
    later.restore(None)
    assert later.prompts == 0
    later.restore(noise.to_state())
    assert (later.prompts, later.asked, later.noisy) == (2, 3, False)
    later.sound_began(130.0)
    assert not later.speak_up(135.0)


def test_a_silence_is_asked_about_and_then_the_caller_is_let_go() -> None:
    silence = Silence(agent(audio__idle_ms=12_000, audio__idle_prompts=2))
    assert silence.over_at() is None
    silence.begin(100.0)
    silence.begin(103.0)
    assert silence.over_at() == 112.0, "from its begin on"
    assert silence.prompt()
    assert silence.over_at() is None
    silence.begin(120.0)
    silence.broken()
    assert silence.over_at() is None
    assert silence.prompt()
    assert not silence.prompt()


def test_an_answer_begins_the_count_of_silences_anew() -> None:
    silence = Silence(agent(audio__idle_prompts=1))
    assert silence.prompt()
    silence.broken()
    assert not silence.prompt(), "a sound is no answer"
    silence.broken(answered=True)
    assert silence.prompt()


def test_the_limits_of_silence_that_retell_sets() -> None:
    silence = Silence(
        agent(turn_taking__reminder_trigger_ms=5000, turn_taking__reminder_max_count=0)
    )
    silence.begin(100.0)
    assert silence.over_at() == 105.0
    assert not silence.prompt()
