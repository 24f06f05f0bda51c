"""Both sides of a call's sound, side by side in time: the caller as they came in, the agent as the
telephone played it.

All of it is mu-law. Positions count samples (bytes, 8 a millisecond) from the call's beginning, by
our clock. The agent's frames are sent ahead of the telephone's playback, so each begins where the
one before it ends; what a `clear` threw away was not played.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from app.core.call.notes import Note
from app.protocol.twilio import BYTES_PER_MS, SILENCE

RATE = BYTES_PER_MS * 1000
#: Frames that come so much later than those before them follow a gap.
GAP = RATE // 2
#: A side that nothing came from for so long is silent.
LATE = 3 * RATE


@dataclass(frozen=True, slots=True)
class RecordingStopped(Note):
    """The sound of the call is recorded no further: *full*, *redis* (away or full), *error*."""

    kind: ClassVar[str] = "recording_stopped"
    why: str


class PlayedOut:
    """The agent's sound that is on its way to the caller's ear."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, bytes]] = []
        self._end = 0

    def add(self, now: int, audio: bytes) -> None:
        """A frame is sent at `now`."""
        start = max(now, self._end)
        self._pieces.append((start, audio))
        self._end = start + len(audio)

    def clear(self, now: int) -> None:
        """The telephone throws away what it has not played by `now`."""
        self._pieces = [
            (start, audio[: now - start]) for start, audio in self._pieces if start < now
        ]
        self._end = min(self._end, now)

    def take(self, until: int) -> list[tuple[int, bytes]]:
        """What was played before `until`, each piece with its beginning; the rest stays."""
        played: list[tuple[int, bytes]] = []
        left: list[tuple[int, bytes]] = []
        for start, audio in self._pieces:
            if start < until:
                played.append((start, audio[: until - start]))
            if start + len(audio) > until:
                cut = max(0, until - start)
                left.append((start + cut, audio[cut:]))
        self._pieces = left
        return played


@dataclass(frozen=True, slots=True)
class SoundChunk:
    """A stretch that ends at `end`. Both sides are as long as it is; a side without sound is
    empty."""

    end: int
    length: int
    caller: bytes
    agent: bytes

    @property
    def begin(self) -> int:
        """Where it begins."""
        return self.end - self.length

    def side(self, name: str) -> bytes:
        """`caller` or `agent`, silence written out."""
        return (self.caller if name == "caller" else self.agent) or SILENCE * self.length


class SoundTracks:
    """Gathers both sides from position `begin` on, and gives them in chunks."""

    def __init__(self, begin: int) -> None:
        self._begin = self._caller_end = begin
        self._caller = bytearray()
        self._agent = PlayedOut()

    def caller(self, now: int, audio: bytes) -> None:
        """A frame of the caller's came at `now`: it is the sound until then."""
        missing = now - len(audio) - self._caller_end
        if missing > GAP:
            self._caller += SILENCE * missing
            self._caller_end += missing
        elif missing < -LATE:
            return  # more sound than time: a peer that floods
        self._caller += audio
        self._caller_end += len(audio)

    def agent(self, now: int, audio: bytes) -> None:
        """A frame was sent to the telephone at `now`."""
        self._agent.add(now, audio)

    def clear(self, now: int) -> None:
        """The telephone was told to throw away what it has not played."""
        self._agent.clear(now)

    def take(self, now: int, *, last: bool = False) -> SoundChunk | None:
        """What is known for sure by `now`; None where that is nothing."""
        end = min(now, self._caller_end)
        if last:
            end = now
        elif now - self._caller_end > LATE:
            end = now - LATE
        length = end - self._begin
        if length <= 0:
            return None
        heard = bytes(self._caller[:length])
        del self._caller[:length]
        self._caller_end = max(self._caller_end, end)
        if heard:
            heard += SILENCE * (length - len(heard))
        agent = bytearray()
        for start, audio in self._agent.take(end):
            agent = agent or bytearray(SILENCE * length)
            at = max(0, start - self._begin)
            agent[at : at + len(audio)] = audio
        self._begin = end
        return SoundChunk(end, length, heard, bytes(agent[:length]))


#: mu-law byte -> how far it is drawn from the middle line, 0 to 100: the root of its amplitude.
_HEIGHT = bytes(
    min(100, round(100 * (((((~code & 0x0F) << 3) + 0x84) << ((~code & 0x70) >> 4)) - 0x84) ** 0.5
    / 32124**0.5))
    for code in range(256)
)  # fmt: skip


class Peaks:
    """The loudest moment of each stretch of `step` samples, for a picture of the sound."""

    def __init__(self, total: int, step: int) -> None:
        self.step = step
        self.sides = {side: bytearray(-(-total // step)) for side in ("caller", "agent")}

    def add(self, chunk: SoundChunk) -> None:
        """Take in a chunk; chunks come in order."""
        for side, heights in self.sides.items():
            audio = chunk.caller if side == "caller" else chunk.agent
            drawn = audio.translate(_HEIGHT)
            for number, first, last in _stretches(chunk.begin, len(drawn), self.step):
                if number < len(heights):
                    heights[number] = max(heights[number], max(drawn[first:last]))


def _stretches(begin: int, length: int, step: int) -> Iterator[tuple[int, int, int]]:
    """The stretches that a piece touches: number, and from where to where in the piece."""
    first = 0
    while first < length:
        number = (begin + first) // step
        last = min(length, (number + 1) * step - begin)
        yield number, first, last
        first = last
