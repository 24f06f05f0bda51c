"""Voice activity by energy, in the time of the audio itself, with the server's VAD settings.

The service uses a neural detector; this one takes loudness for it. Level 0 is -60 dB below full
scale, level 1 is -20 dB, and `threshold` is compared with that; so 0.5 hears speech above -40 dB.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from app.rehearsal.sound import pcm
from app.rehearsal.sound.spoken import RATES

FRAME_MS = 20
#: Speech shorter than this is a click.
ONSET_MS = 40
#: Silence after which semantic_vad takes a finished sentence for finished.
_SENTENCE_END_MS = 240
#: How long semantic_vad waits for more of an unfinished one (documented maxima).
_EAGERNESS_MS = {"low": 8000, "medium": 4000, "auto": 4000, "high": 2000}
#: How long it waits where nothing is known of the words.
_WORDLESS_MS = {"low": 1200, "medium": 800, "auto": 800, "high": 400}


@dataclass(frozen=True, slots=True)
class Edge:
    """Speech began or ended, `at` ms into the audio of the session.

    For "start" `at` includes the prefix padding; for "stop" the silence that was waited for.
    """

    kind: Literal["start", "stop"]
    at: int


class Ears:
    """Listens to the audio of one session. Keeps what may belong to the next utterance."""

    def __init__(self, name: str, vad: dict[str, Any] | None) -> None:
        self.format = name
        self._rate = RATES[name]
        self._vad = vad
        self._rest = b""
        self._buffer = bytearray()
        self._start_ms = 0
        self.now_ms = 0
        self.speaking = False
        self._loud_ms = 0
        self._quiet_ms = 0
        self.unfinished: bool | None = None
        """Whether the words being spoken are known to be unfinished; None: not known."""

    def configure(self, vad: dict[str, Any] | None) -> None:
        """Other settings of turn detection; None turns it off."""
        self._vad = vad

    @property
    def buffered_ms(self) -> int:
        """Length of the audio that is not committed."""
        return len(self._buffer) // self._rate

    @property
    def buffer_start_ms(self) -> int:
        """Where in the session's audio the buffer begins."""
        return self._start_ms

    def hear(self, audio: bytes) -> Iterator[Edge]:
        """Take audio; give the edges of speech in it, each as soon as it is known.

        The caller commits or clears the buffer between the edges.
        """
        self._rest += audio
        step = FRAME_MS * self._rate
        while len(self._rest) >= step:
            frame, self._rest = self._rest[:step], self._rest[step:]
            self._buffer += frame
            self.now_ms += FRAME_MS
            if self._vad is not None:
                edge = self._judge(frame)
                if edge is not None:
                    yield edge

    def take(self) -> tuple[bytes, int, int]:
        """Commit: the buffer with its start and end in ms; it begins again."""
        audio = bytes(self._buffer)
        start = self._start_ms
        self.clear()
        return audio, start, self.now_ms

    def clear(self) -> None:
        """Forget what is not committed."""
        self._buffer.clear()
        self._start_ms = self.now_ms
        self.speaking = False
        self._loud_ms = self._quiet_ms = 0

    def _judge(self, frame: bytes) -> Edge | None:
        assert self._vad is not None
        loud = level(frame, self.format) >= self._vad.get("threshold", 0.5)
        if loud:
            self._loud_ms += FRAME_MS
            self._quiet_ms = 0
        else:
            self._quiet_ms += FRAME_MS
            if not self.speaking:
                self._loud_ms = 0
        if not self.speaking:
            if self._loud_ms >= ONSET_MS:
                self.speaking = True
                return Edge("start", self._keep_prefix(self._vad.get("prefix_padding_ms", 300)))
            self._forget(2000)
            return None
        if self._quiet_ms >= self._patience():
            self.speaking = False
            self._loud_ms = 0
            return Edge("stop", self.now_ms)
        return None

    def _keep_prefix(self, padding: int) -> int:
        self._forget(self._loud_ms + padding)
        return self._start_ms

    def _forget(self, keep_ms: int) -> None:
        """Drop the oldest audio of the buffer beyond `keep_ms`."""
        surplus = self.buffered_ms - keep_ms
        if surplus > 0:
            del self._buffer[: surplus * self._rate]
            self._start_ms += surplus

    def _patience(self) -> int:
        """The silence that ends a turn, in ms."""
        assert self._vad is not None
        if self._vad["type"] == "server_vad":
            return int(self._vad["silence_duration_ms"])
        eagerness = self._vad["eagerness"]
        if self.unfinished is None:
            return _WORDLESS_MS[eagerness]
        return _EAGERNESS_MS[eagerness] if self.unfinished else _SENTENCE_END_MS


def level(frame: bytes, name: str) -> float:
    """Loudness from 0 (silence) to 1 (loud speech)."""
    power = pcm.power(frame, name)
    if power < 1.0:
        return 0.0
    decibels = 10 * math.log10(power) - 90.3
    return min(1.0, max(0.0, (decibels + 60) / 40))
