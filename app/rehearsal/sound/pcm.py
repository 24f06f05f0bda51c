"""Telephone audio in numbers: mu-law and A-law (ITU-T G.711) to linear samples and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


def _mu_law_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = (code & 0x70).astype(np.int32) >> 4
    magnitude = (code & 0x0F).astype(np.int32) << 4
    magnitude = np.where(
        segment == 0, magnitude + 8, (magnitude + 0x108) << np.maximum(segment - 1, 0)
    )
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_TABLES = {"audio/pcmu": _mu_law_table(), "audio/pcma": _a_law_table()}


def _inverse(table: Samples) -> NDArray[np.uint8]:
    """For every 16 bit sample the code whose value is nearest."""
    order = np.argsort(table, kind="stable")
    values = table[order].astype(np.int32)
    wanted = np.arange(-32768, 32768, dtype=np.int32)
    above = np.clip(np.searchsorted(values, wanted), 1, len(values) - 1)
    lower = wanted - values[above - 1] <= values[above] - wanted
    return order[np.where(lower, above - 1, above)].astype(np.uint8)


_INVERSES = {name: _inverse(table) for name, table in _TABLES.items()}


_SQUARES = {name: table.astype(np.float32) ** 2 for name, table in _TABLES.items()}


def power(audio: bytes, name: str) -> float:
    """The mean square of the samples; full scale is 2**30."""
    if not audio:
        return 0.0
    if name == "audio/pcm":
        samples = np.frombuffer(audio, dtype="<i2").astype(np.float32)
        return float(samples @ samples) / len(samples)
    squares = _SQUARES[name].take(np.frombuffer(audio, dtype=np.uint8))
    return float(squares.sum()) / len(audio)


def decode(audio: bytes, name: str) -> Samples:
    """Samples of audio in the format `name`; PCM is 16 bit little endian."""
    if name == "audio/pcm":
        return np.frombuffer(audio, dtype="<i2")
    return _TABLES[name][np.frombuffer(audio, dtype=np.uint8)]


def encode(samples: Samples, name: str) -> bytes:
    """Audio in the format `name` of samples."""
    if name == "audio/pcm":
        return samples.astype("<i2").tobytes()
    return _INVERSES[name][samples.astype(np.int32) + 32768].tobytes()
