"""Caller audio: gathering, the recent past, loudness."""

from __future__ import annotations

import math
import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core.audio.frames import SILENCE, Gatherer, LevelMeter, RecentAudio, loudness

QUIET = SILENCE * 160


def mulaw(sample: int) -> int:
    """G.711 mu-law of one 16 bit sample, from the standard's formula."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def tone(amplitude: int, size: int = 160) -> bytes:
    return bytes(
        mulaw(int(amplitude * math.sin(2 * math.pi * 400 * n / 8000))) for n in range(size)
    )


def noise(amplitude: int, seed: int) -> bytes:
    rng = random.Random(seed)
    return bytes(mulaw(rng.randint(-amplitude, amplitude)) for _ in range(160))


def test_frames_are_gathered() -> None:
    gather = Gatherer(60)
    assert gather.add(bytes(160)) is None
    assert gather.add(bytes(160)) is None
    assert gather.add(bytes(160)) == bytes(480)
    assert gather.add(bytes(100)) is None
    assert gather.flush() == bytes(100)
    assert gather.flush() == b""


@given(st.lists(st.binary(max_size=400), max_size=40), st.sampled_from([20, 60, 100]))
def test_gathering_loses_and_reorders_nothing(frames: list[bytes], target: int) -> None:
    gather = Gatherer(target)
    out = b"".join(gather.add(frame) or b"" for frame in frames) + gather.flush()
    assert out == b"".join(frames)


FRAMES = st.one_of(
    st.binary(max_size=900), st.integers(3000, 9001).map(lambda n: bytes(range(250)) * (n // 250))
)


@given(st.lists(FRAMES, max_size=60), st.integers(-5, 60_000))
def test_recent_audio_gives_the_end_and_says_what_is_missing(
    frames: list[bytes], position: int
) -> None:
    recent = RecentAudio(keep_ms=500)
    for frame in frames:
        recent.add(frame)
    whole = b"".join(frames)
    audio, lost = recent.since(position)
    wanted = whole[max(0, position) :]
    assert recent.total == len(whole)
    assert wanted.endswith(audio)
    assert len(audio) + lost == len(wanted)
    assert lost == 0 or len(audio) == 4000


def test_loudness_is_logarithmic() -> None:
    assert loudness(b"") == 0
    assert loudness(QUIET) == 0
    steps = [loudness(tone(amplitude)) for amplitude in (250, 500, 1000, 2000, 4000, 8000, 16000)]
    assert all(10 <= b - a <= 22 for a, b in pairwise(steps[1:]))
    assert loudness(tone(32000)) <= 127


def test_voice_is_told_from_noise() -> None:
    meter = LevelMeter()
    for seed in range(200):
        meter.loud(noise(300, seed))
    assert not any(meter.loud(noise(300, 1000 + seed)) for seed in range(50))
    assert all(meter.loud(tone(4000)) for _ in range(25))
    assert not any(meter.loud(noise(300, 2000 + seed)) for seed in range(25))


def test_voice_is_heard_on_a_silent_line_at_once() -> None:
    meter = LevelMeter()
    for _ in range(100):
        assert not meter.loud(QUIET)
    assert meter.loud(tone(1500))
    assert not meter.loud(QUIET)
