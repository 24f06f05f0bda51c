"""Sounds made here: keys of a telephone, and a sign of life while nothing can be said.

8 kHz mu-law (ITU-T G.711), keys as of ITU-T Q.23.
"""

from __future__ import annotations

import math
from functools import cache

from app.protocol import g711
from app.protocol.twilio import SAMPLE_RATE, SILENCE

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477)
_KEYS = ("123", "456", "789", "*0#")


def tone(frequencies: tuple[float, ...], ms: int, amplitude: int) -> bytes:
    """A sum of sines with 5 ms ramps; `amplitude` of the sum's peak, at most 32767."""
    size = ms * SAMPLE_RATE // 1000
    ramp = 5 * SAMPLE_RATE // 1000
    out = bytearray()
    for n in range(size):
        gain = min(1.0, n / ramp, (size - n) / ramp)
        value = sum(math.sin(2 * math.pi * f * n / SAMPLE_RATE) for f in frequencies)
        out.append(g711.mu_law(round(value / len(frequencies) * amplitude * gain)))
    return bytes(out)


@cache
def key(digit: str) -> bytes:
    """One key: 120 ms of its two tones and 80 ms of silence. Raises ValueError for no key."""
    for row, keys in zip(_ROWS, _KEYS, strict=True):
        if len(digit) == 1 and digit in keys:
            column = _COLUMNS[keys.index(digit)]
            return tone((row, column), 120, 16_000) + SILENCE * (80 * SAMPLE_RATE // 1000)
    raise ValueError(f"{digit!r} is not a key")


def keys(digits: str) -> bytes:
    """The keys one after the other."""
    return b"".join(key(digit) for digit in digits)


@cache
def comfort() -> bytes:
    """Two soft notes and a pause: the line is alive, something is being done."""
    pause = SILENCE * (60 * SAMPLE_RATE // 1000)
    rest = SILENCE * (500 * SAMPLE_RATE // 1000)
    return tone((440,), 140, 4000) + pause + tone((554,), 180, 4000) + rest
