"""Telephone audio in numbers: mu-law and A-law (ITU-T G.711) to linear samples and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.protocol import g711

Samples = NDArray[np.int16]


_TABLES = {
    "audio/pcmu": np.array(g711.MU_LAW, dtype=np.int16),
    "audio/pcma": np.array(g711.A_LAW, dtype=np.int16),
}
_INVERSES = {
    "audio/pcmu": np.frombuffer(g711.MU_LAW_CODES, dtype=np.uint8),
    "audio/pcma": np.frombuffer(g711.A_LAW_CODES, dtype=np.uint8),
}
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
