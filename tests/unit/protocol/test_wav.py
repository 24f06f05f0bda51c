"""WAV files as the standard library reads them."""

from __future__ import annotations

import io
import struct
import wave

from app.protocol import wav
from app.protocol.g711 import MU_LAW


def test_a_file_is_read_back_as_it_was_meant() -> None:
    left, right = bytes(range(256)), bytes(reversed(range(256)))
    body = wav.stereo(left, right)
    head = wav.header(256)
    assert len(head) == wav.HEADER_BYTES
    with wave.open(io.BytesIO(head + body)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (2, 2, 8000)
        assert read.getnframes() == 256
        samples = struct.unpack("<512h", read.readframes(256))
    assert samples[0::2] == MU_LAW
    assert samples[1::2] == tuple(reversed(MU_LAW))
