"""Telephone audio in numbers: ITU-T G.711, mu-law and A-law, as tables.

A code is a byte of audio, a sample a signed 16 bit number.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_LEAST, _MOST = -32768, 32767


def _mu_law(code: int) -> int:
    code = ~code & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _a_law(code: int) -> int:
    code ^= 0x55
    segment, magnitude = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = magnitude + 8 if segment == 0 else (magnitude + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _encoder(samples: Sequence[int]) -> bytes:
    """For every sample + 32768 the code whose value is nearest; the lower one between two."""
    order = sorted(range(256), key=samples.__getitem__)
    out = bytearray()
    for code, following in pairwise(order):
        last = (samples[code] + samples[following]) // 2
        out += bytes((code,)) * max(0, last - _LEAST + 1 - len(out))
    return bytes(out) + bytes((order[-1],)) * (_MOST - _LEAST + 1 - len(out))


MU_LAW = tuple(_mu_law(code) for code in range(256))
"""Code -> sample."""

A_LAW = tuple(_a_law(code) for code in range(256))
"""Code -> sample."""

MU_LAW_CODES = _encoder(MU_LAW)
"""Sample + 32768 -> code."""

A_LAW_CODES = _encoder(A_LAW)
"""Sample + 32768 -> code."""


def mu_law(sample: int) -> int:
    """The mu-law code of one sample."""
    return MU_LAW_CODES[min(max(sample, _LEAST), _MOST) - _LEAST]
