"""Speech of the assistant: how it is asked of a voice, and the frames that it is sent in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

#: Bytes per millisecond of the formats.
RATES = {"audio/pcm": 48, "audio/pcmu": 8, "audio/pcma": 8}
#: Length of one audio delta.
FRAME_MS = 100

_SENTENCE = re.compile(r"\s*\S.*?(?:[.!?]+(?=\s)|$)", re.DOTALL)


def sentences(text: str) -> list[str]:
    """The text cut behind its sentences; joined they give the text again."""
    return _SENTENCE.findall(text)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be said, and how. `response` is poked when the audio is there."""

    response: Any
    text: str
    format: str
    voice: str
    speed: float


@dataclass(slots=True)
class Utterance:
    """The audio of one request, empty until `ready`."""

    format: str
    ready: bool = False
    audio: bytes = field(default=b"", repr=False)

    def frames(self) -> Iterator[tuple[bytes, int]]:
        """Frames with their length in ms."""
        rate = RATES[self.format]
        step = rate * FRAME_MS
        for at in range(0, len(self.audio), step):
            frame = self.audio[at : at + step]
            yield frame, len(frame) // rate
