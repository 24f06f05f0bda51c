"""Caller audio on its way up: gathered for the model, converted, and kept for a while.

All audio is 8 kHz mu-law: eight bytes a millisecond. Positions count bytes since the call began.
"""

from __future__ import annotations

from typing import Protocol

from app.protocol.twilio import BYTES_PER_MS

#: Caller audio kept for a new model session, in milliseconds.
RECENT_MS = 2000


class Codec(Protocol):
    """Converts between the telephone's mu-law and what the model takes. A stream is one item."""

    def up(self, audio: bytes) -> bytes:
        """mu-law to the model's format."""

    def down(self, stream: str, audio: bytes) -> bytes:
        """The model's format to mu-law; what is held back comes with the next piece or `end`."""

    def end(self, stream: str) -> bytes:
        """The stream is over: the rest of it."""


class Gatherer:
    """Joins small frames to stretches of at least `target_ms`, so that fewer messages go up."""

    __slots__ = ("_held", "_target")

    def __init__(self, target_ms: int) -> None:
        self._target = target_ms * BYTES_PER_MS
        self._held = bytearray()

    def add(self, audio: bytes) -> bytes | None:
        """Take a frame; the gathered stretch once it is long enough."""
        held = self._held
        held += audio
        if len(held) < self._target:
            return None
        out = bytes(held)
        held.clear()
        return out

    def flush(self) -> bytes:
        """What is held, however short."""
        out = bytes(self._held)
        self._held.clear()
        return out


class RecentAudio:
    """The last two seconds of caller audio, addressed by their position in the call."""

    __slots__ = ("_limit", "_ring", "total")

    def __init__(self, keep_ms: int = RECENT_MS) -> None:
        self._limit = keep_ms * BYTES_PER_MS
        self._ring = bytearray(self._limit)
        self.total = 0
        """Bytes heard in the call."""

    def add(self, audio: bytes) -> None:
        """Append a frame. Older audio is overwritten."""
        limit = self._limit
        at, size = self.total % limit, len(audio)
        self.total += size
        if at + size <= limit:
            self._ring[at : at + size] = audio
        else:
            audio = audio[-limit:]
            at = (self.total - len(audio)) % limit
            first = limit - at
            self._ring[at:] = audio[:first]
            self._ring[: len(audio) - first] = audio[first:]

    def since(self, position: int) -> tuple[bytes, int]:
        """The audio from `position` (bytes) on, and how many bytes of it are no longer kept."""
        wanted = max(0, self.total - max(0, position))
        held = min(wanted, self._limit)
        begin, end = (self.total - held) % self._limit, self.total % self._limit
        ring = self._ring
        audio = ring[begin:end] if begin < end or not held else ring[begin:] + ring[:end]
        return bytes(audio), wanted - held
