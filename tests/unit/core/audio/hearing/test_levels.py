"""The levels of a line: its noise, the caller's voice, and which of them a frame is."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from app.core.audio.hearing.levels import CLEAR_VOICE, QUIET, VOICE, LineLevels, Sound, loudness
from app.protocol.g711 import mu_law as mulaw
from app.protocol.twilio import SILENCE


def tone(amplitude: float, size: int = 160) -> bytes:
    return bytes(
        mulaw(int(amplitude * math.sin(2 * math.pi * 400 * n / 8000))) for n in range(size)
    )


def noise(amplitude: int, seed: int) -> bytes:
    rng = random.Random(seed)
    return bytes(mulaw(rng.randint(-amplitude, amplitude)) for _ in range(160))


def crowd(seconds: float, amplitude: int) -> list[bytes]:
    """A noise that wavers by some decibels, some times a second, as many voices at once do."""
    return [
        noise(int(amplitude * 1.4 ** math.sin(number / 5 + 2 * math.sin(number / 17))), number)
        for number in range(int(seconds * 50))
    ]


def after(frames: list[bytes]) -> LineLevels:
    """The levels of a line that has carried these frames."""
    levels = LineLevels()
    for frame in frames:
        levels.hear(frame)
    return levels


def heard(levels: LineLevels, frames: list[bytes]) -> list[Sound]:
    return [levels.hear(frame) for frame in frames]


def test_loudness_is_logarithmic() -> None:
    assert loudness(b"") == 0
    assert loudness(SILENCE * 160) == 0
    steps = [loudness(tone(amplitude)) for amplitude in (250, 500, 1000, 2000, 4000, 8000, 16000)]
    assert all(10 <= b - a <= 22 for a, b in pairwise(steps[1:]))
    assert loudness(tone(32000)) <= 127


@pytest.mark.parametrize("hiss", [0, 20, 60, 200, 600])
def test_a_steady_line_is_quiet_and_a_voice_above_it_is_heard(hiss: int) -> None:
    levels = after([noise(hiss, seed) for seed in range(200)])
    assert heard(levels, [noise(hiss, 1000 + seed) for seed in range(100)]) == [QUIET] * 100
    voice = heard(levels, [tone(max(600, 8 * hiss))] * 25)
    assert voice[1:] == [CLEAR_VOICE] * 24
    ended = heard(levels, [noise(hiss, 2000 + seed) for seed in range(25)])
    assert ended[1:] == [QUIET] * 24


def test_a_voice_is_heard_from_the_first_frame_of_a_call() -> None:
    assert heard(LineLevels(), [tone(4000)] * 5)[1:] == [CLEAR_VOICE] * 4
    assert heard(LineLevels(), [SILENCE * 160] * 100) == [QUIET] * 100


def test_a_caller_who_is_hard_to_hear_is_heard_faintly() -> None:
    levels = after([noise(60, seed) for seed in range(200)])
    faint = heard(levels, [tone(170)] * 25)
    assert set(faint[1:]) == {VOICE}


def test_a_noise_that_begins_is_taken_for_a_voice_for_three_seconds_at_most() -> None:
    levels = after([noise(10, seed) for seed in range(300)])
    began = heard(levels, [noise(1000, seed) for seed in range(500)])
    assert set(began[5:100]) <= {VOICE, CLEAR_VOICE}
    assert began[175:].count(QUIET) >= 320
    # And when it ends, the line is as sensitive again as it was.
    heard(levels, [noise(10, seed) for seed in range(50)])
    assert heard(levels, [tone(400)] * 10)[1:] == [CLEAR_VOICE] * 9


def test_a_call_that_begins_in_noise_knows_it_after_half_a_second() -> None:
    levels = LineLevels()
    began = heard(levels, [noise(1000, seed) for seed in range(200)])
    assert began[25:].count(QUIET) >= 172


def test_the_noise_is_learned_through_the_pauses_of_speech() -> None:
    """A caller who speaks for ten seconds does not become the line's noise."""
    levels = after([noise(20, seed) for seed in range(200)])
    sentence = [*[tone(5000)] * 30, *[noise(20, 5)] * 4] * 15
    said = heard(levels, sentence)
    assert all(sound is CLEAR_VOICE for n, sound in enumerate(said) if 2 <= n % 34 < 30)
    assert levels.noise < 10


def test_a_crowd_in_the_background_is_the_line_and_a_voice_near_by_is_not() -> None:
    levels = after(crowd(10, 300))
    wavering = heard(levels, crowd(10, 300))
    assert wavering.count(QUIET) >= 0.98 * len(wavering)
    assert heard(levels, [tone(8000)] * 25)[1:] == [CLEAR_VOICE] * 24


def test_a_loud_callers_room_is_not_the_caller() -> None:
    """What is soft beside their usual voice is no voice of theirs; of a quiet caller it is."""
    loud = after([*[SILENCE * 160] * 100, *[tone(20_000)] * 100, *[SILENCE * 160] * 50])
    quiet = after([*[SILENCE * 160] * 100, *[tone(500)] * 100, *[SILENCE * 160] * 50])
    assert loud.speech > 80
    assert quiet.speech < 50
    assert set(heard(loud, [tone(90)] * 10)) == {QUIET}
    assert set(heard(quiet, [tone(90)] * 10)[1:]) == {VOICE}


def test_the_callers_usual_voice_is_followed_up_quickly_and_down_slowly() -> None:
    levels = after([*[SILENCE * 160] * 100, *[tone(20_000)] * 25])
    top = levels.speech
    assert top > 0.9 * loudness(tone(20_000))
    heard(levels, [tone(2000)] * 25)
    assert 0.7 * top < levels.speech < top
    heard(levels, [SILENCE * 160] * 500)
    assert levels.speech > 0.7 * top, "silence says nothing about the voice"
