"""The telephone's end of a media stream, without I/O: plays what is sent, answers marks.

Behaves as Twilio's: audio is buffered and played at eight bytes a millisecond, a mark comes back
when all before it was played, and a `clear` empties the buffer and returns its marks at once.
"""

from __future__ import annotations

from base64 import b64decode
from collections import deque
from dataclasses import dataclass, field

import orjson

from app.protocol.twilio import SAMPLE_RATE, SILENCE


@dataclass(slots=True)
class Handset:
    """The state of one handset. `heard` is all that was played since the begin, gaps included."""

    buffer: deque[bytes | str] = field(default_factory=deque)
    heard: bytearray = field(default_factory=bytearray)
    marks: list[str] = field(default_factory=list)
    """Marks to be sent back, in order."""
    frames: int = 0
    clears: int = 0
    longest_buffer: int = 0
    """The most audio that was ever waiting, in bytes."""
    dry: int = 0
    """How often the buffer ran empty between two frames of one stretch."""
    _buffered: int = 0

    def take(self, raw: str | bytes) -> str:
        """A frame of the server's; its kind. Raises ValueError for what Twilio would refuse."""
        frame = orjson.loads(raw)
        kind = str(frame["event"])
        if kind == "media":
            audio = b64decode(frame["media"]["payload"], validate=True)
            self.buffer.append(audio)
            self.frames += 1
            self._buffered += len(audio)
            self.longest_buffer = max(self.longest_buffer, self._buffered)
        elif kind == "mark":
            self.buffer.append(str(frame["mark"]["name"]))
            self._marks_played()
        elif kind == "clear":
            self.clears += 1
            self.marks.extend(piece for piece in self.buffer if isinstance(piece, str))
            self.buffer.clear()
            self._buffered = 0
        else:
            raise ValueError(f"Twilio takes no {kind!r}")
        return kind

    def cut_off(self) -> None:
        """The stream is gone: what was buffered is not played."""
        self.buffer.clear()
        self.marks.clear()
        self._buffered = 0

    @property
    def playing(self) -> bool:
        """Whether anything is waiting to be played."""
        return self._buffered > 0

    def play(self, seconds: float) -> bytes:
        """Let time pass: what came out of the loudspeaker, silence included."""
        left = round(seconds * SAMPLE_RATE)
        out = bytearray()
        while left and self._buffered:
            piece = self.buffer.popleft()
            assert isinstance(piece, bytes)
            out += piece[:left]
            taken = min(left, len(piece))
            left -= taken
            self._buffered -= taken
            if taken < len(piece):
                self.buffer.appendleft(piece[taken:])
            self._marks_played()
        if left and out:
            self.dry += 1
        out += SILENCE * left
        self.heard += out
        return bytes(out)

    def _marks_played(self) -> None:
        while self.buffer and isinstance(self.buffer[0], str):
            self.marks.append(str(self.buffer.popleft()))
