"""WAV files of telephone calls: 16 bit, 8 kHz, two channels, made from mu-law.

Not mu-law in a WAV file, which is half as long: some browsers do not play that.
"""

from __future__ import annotations

import struct

from app.protocol.g711 import MU_LAW

HEADER_BYTES = 44
#: Bytes of one moment of both channels.
FRAME_BYTES = 4
RATE = 8000

_LOW = bytes(sample & 0xFF for sample in MU_LAW)
_HIGH = bytes(sample >> 8 & 0xFF for sample in MU_LAW)


def header(samples: int) -> bytes:
    """The beginning of a file of so many samples a channel."""
    size = samples * FRAME_BYTES
    form = (b"fmt ", 16, 1, 2, RATE, RATE * FRAME_BYTES, FRAME_BYTES, 16)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", *form, b"data", size)


def stereo(left: bytes, right: bytes) -> bytes:
    """Two sides of one length, as 16 bit samples side by side."""
    out = bytearray(FRAME_BYTES * len(left))
    out[0::4], out[1::4] = left.translate(_LOW), left.translate(_HIGH)
    out[2::4], out[3::4] = right.translate(_LOW), right.translate(_HIGH)
    return bytes(out)
