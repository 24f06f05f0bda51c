"""Keys of a telephone: the right two tones, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.adapters.audio.resample import from_mulaw
from app.core.audio import tones

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477)
KEYS = {"1": (697, 1209), "5": (770, 1336), "9": (852, 1477), "0": (941, 1336), "#": (941, 1477)}


def power(samples: list[int], frequency: float) -> float:
    """Goertzel."""
    coefficient = 2 * math.cos(2 * math.pi * frequency / 8000)
    one = two = 0.0
    for sample in samples:
        one, two = sample + coefficient * one - two, one
    return one * one + two * two - coefficient * one * two


@pytest.mark.parametrize("digit", KEYS)
def test_a_key_is_its_two_tones(digit: str) -> None:
    samples = [int(x) for x in from_mulaw(tones.key(digit)[:960])]
    levels = sorted((power(samples, f), f) for f in (*ROWS, *COLUMNS))
    assert {f for _, f in levels[-2:]} == set(KEYS[digit])
    assert levels[-2][0] > 100 * levels[-3][0]


def test_keys_follow_each_other_with_silence_between() -> None:
    audio = tones.keys("12#")
    assert len(audio) == 3 * 200 * 8
    assert audio[120 * 8 : 200 * 8] == b"\xff" * 640
    for wrong in ("", "x", "12", "A"):
        with pytest.raises(ValueError, match="key"):
            tones.key(wrong)


def test_the_sign_of_life_is_soft_and_short() -> None:
    samples = from_mulaw(tones.comfort())
    assert 500 < np.abs(samples).max() < 6000
    assert len(samples) < 8000
