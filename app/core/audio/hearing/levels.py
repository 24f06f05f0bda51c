"""How loud a line is: its own noise, the caller's voice above it, and which of them a frame is.

A second opinion beside the model's voice detection. That one is better at telling speech from
noise; this one tells hundreds of milliseconds earlier that a sound has ended, and it does not take
a steady noise for a voice for ever.

Loudness is logarithmic as mu-law is: 0 is silence, 127 full scale, and above 16 every sixteen steps
are 6 dB.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum

#: mu-law byte -> its seven magnitude bits as a number.
_MAGNITUDE = bytes(127 - (code & 0x7F) for code in range(256))
#: The line is known by its last so many blocks of so many frames: 3 s.
BLOCKS, BLOCK_FRAMES = 6, 25
#: A voice is louder than the noise by a part of the way to the caller's usual loudness,
VOICE_SHARE, LEAST_VOICE, MOST_VOICE = 0.2, 5.0, 18.0
#: and by so many times what the noise itself wavers by.
WAVER_TIMES, MOST_WAVER = 5.0, 30.0
#: A voice that is louder by so much again is heard to its end.
CLEAR = 6.0


class Sound(IntEnum):
    """What one frame is."""

    QUIET = 0
    """No louder than the line itself."""
    VOICE = 1
    """Louder than the line."""
    CLEAR_VOICE = 2
    """So much louder that its end will be heard as well."""


QUIET, VOICE, CLEAR_VOICE = Sound.QUIET, Sound.VOICE, Sound.CLEAR_VOICE


def loudness(audio: bytes) -> int:
    """How loud a stretch is: the mean of its logarithmic magnitudes, 0 to 127."""
    return sum(audio.translate(_MAGNITUDE)) // len(audio) if audio else 0


def level_of(audio: bytes) -> int:
    """The loudness of a frame, by every second sample, which tells as much."""
    half = audio[::2].translate(_MAGNITUDE)
    return sum(half) // len(half) if half else 0


def tone_of(level: int, size: int) -> bytes:
    """A frame of `size` bytes of that loudness."""
    return bytes((127 - level,)) * size


class LineLevels:
    """The levels of one line, learned frame by frame."""

    __slots__ = ("_before", "_blocks", "_frames", "_least", "_total", "_voice", "noise", "speech")

    def __init__(self) -> None:
        self.noise = 8.0
        """How loud the line is by itself, at its quietest."""
        self.speech = 20.0
        """How loud the caller usually is."""
        self._voice = self.noise + LEAST_VOICE
        self._blocks: deque[tuple[float, float]] = deque(maxlen=BLOCKS)
        self._least = 127.0
        self._total = 0
        self._frames = 0
        self._before = 0

    def hear(self, audio: bytes) -> Sound:
        """Take the next 20 ms and say what they are. Called for every frame of a call."""
        level = level_of(audio)
        smooth, self._before = (level + self._before) / 2, level
        if smooth < self._least and self._frames:  # the first of a call has none before it
            self._least = smooth
        self._total += level
        self._frames += 1
        if self._frames == BLOCK_FRAMES:
            self._next_block()
        if smooth < self._voice:
            return QUIET
        self.speech += (smooth - self.speech) * (0.2 if smooth > self.speech else 0.02)
        return CLEAR_VOICE if smooth >= self._voice + CLEAR else VOICE

    def _next_block(self) -> None:
        """Half a second is over: learn from the last three."""
        self._blocks.append((self._least, self._total / BLOCK_FRAMES - self._least))
        self._frames, self._total, self._least = 0, 0, 127.0
        self.noise = min(least for least, _ in self._blocks)
        waver = WAVER_TIMES * min(waver for _, waver in self._blocks)
        share = min(VOICE_SHARE * (self.speech - self.noise), MOST_VOICE)
        self._voice = self.noise + max(LEAST_VOICE, share, min(waver, MOST_WAVER))
