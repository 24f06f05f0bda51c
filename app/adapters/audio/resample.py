"""Telephone audio to 24 kHz PCM and back, for model servers that take nothing else.

8 kHz mu-law (ITU-T G.711) on the telephone's side, 24 kHz 16 bit little-endian PCM on the model's.
Resampling is soxr's, as streams: what a filter holds back comes out with the next piece or at the
end. Medium quality delays each direction by about 15 ms.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from app.protocol import g711

TELEPHONE_RATE = 8000
MODEL_RATE = 24_000
QUALITY = "MQ"

Samples = NDArray[np.int16]


_DECODING = np.array(g711.MU_LAW, dtype=np.int16)
_ENCODING = np.frombuffer(g711.MU_LAW_CODES, dtype=np.uint8)


def from_mulaw(audio: bytes) -> Samples:
    """The samples of mu-law audio."""
    return _DECODING[np.frombuffer(audio, dtype=np.uint8)]


def to_mulaw(samples: Samples) -> bytes:
    """mu-law audio of samples."""
    return _ENCODING[samples.astype(np.int32) + 32768].tobytes()


class Upsampler:
    """One stream of telephone audio on its way to the model."""

    def __init__(self) -> None:
        self._stream = _stream(TELEPHONE_RATE, MODEL_RATE)

    def convert(self, audio: bytes) -> bytes:
        """mu-law in, PCM out."""
        out: Samples = self._stream.resample_chunk(from_mulaw(audio))
        return out.astype("<i2").tobytes()


class Downsampler:
    """One item of the model's speech on its way to the telephone. Pieces may end between bytes."""

    def __init__(self) -> None:
        self._stream = _stream(MODEL_RATE, TELEPHONE_RATE)
        self._odd = b""

    def convert(self, audio: bytes, *, last: bool = False) -> bytes:
        """PCM in, mu-law out; with `last` also what the filter still holds."""
        audio = self._odd + audio
        whole = len(audio) & ~1
        audio, self._odd = audio[:whole], audio[whole:]
        out: Samples = self._stream.resample_chunk(np.frombuffer(audio, dtype="<i2"), last=last)
        return to_mulaw(out)


class PcmCodec:
    """The `Codec` of `app.core.audio.state` for a model that takes 24 kHz PCM."""

    def __init__(self) -> None:
        self._up = Upsampler()
        self._down: dict[str, Downsampler] = {}

    def up(self, audio: bytes) -> bytes:
        """mu-law to PCM."""
        return self._up.convert(audio)

    def down(self, stream: str, audio: bytes) -> bytes:
        """A piece of one item, PCM to mu-law."""
        converter = self._down.get(stream)
        if converter is None:
            converter = self._down[stream] = Downsampler()
        return converter.convert(audio)

    def end(self, stream: str) -> bytes:
        """The rest of an item; empty where there is none."""
        converter = self._down.pop(stream, None)
        return b"" if converter is None else converter.convert(b"", last=True)


def _stream(have: int, want: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(have, want, 1, dtype="int16", quality=QUALITY)
