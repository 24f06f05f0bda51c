"""When each side spoke in a call on a media stream, as its flight record knows: there is no sound
in it, but how loud the caller's frames were, and what was sent to the telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.core.audio.hearing.levels import CLEAR_VOICE, LineLevels, tone_of
from app.core.record.moments import expand
from app.core.record.sound import RATE, PlayedOut
from app.protocol.twilio import SILENCE

#: Sounds with less than this between them, in seconds, are one.
PAUSE_S = 0.5
#: Sounds of the caller's that are shorter are none.
LEAST_S = 0.12

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Speech:
    """Spans of seconds from the record's beginning; `length` is that of the whole."""

    length: float
    caller: tuple[Span, ...]
    agent: tuple[Span, ...]


def speech(entries: Iterable[dict[str, Any]]) -> Speech:
    """Both sides' speech in a record; none where the call had no media stream."""
    listener = _Listener()
    for entry in entries:
        for one in expand(entry):
            listener.take(one)
    return listener.speech()


class _Listener:
    def __init__(self) -> None:
        self._began: float | None = None
        self._at = 0.0
        self._levels = LineLevels()
        self._play = PlayedOut()
        self._caller: list[Span] = []

    def take(self, entry: dict[str, Any]) -> None:
        began = self._began = entry["t"] if self._began is None else self._began
        self._at = at = entry["t"] - began
        if entry.get("in") == "phone" and "level" in entry:
            self._hear(at, int(entry["level"]), int(entry["bytes"]))
        elif entry.get("out") == "phone":
            self._send(at, entry)

    def _hear(self, at: float, level: int, size: int) -> None:
        if self._levels.hear(tone_of(level, size)) is CLEAR_VOICE:
            _extend(self._caller, (max(0.0, at - size / RATE), at))

    def _send(self, at: float, entry: dict[str, Any]) -> None:
        frame = entry.get("frame")
        if "audio" in entry:
            self._play.add(round(at * RATE), SILENCE * int(entry["audio"]))
        elif isinstance(frame, dict) and frame.get("event") == "clear":
            self._play.clear(round(at * RATE))

    def speech(self) -> Speech:
        agent: list[Span] = []
        for start, audio in self._play.take(round(self._at * RATE)):
            _extend(agent, (start / RATE, (start + len(audio)) / RATE))
        caller = [span for span in self._caller if span[1] - span[0] >= LEAST_S]
        return Speech(self._at, tuple(caller), tuple(agent))


def _extend(spans: list[Span], more: Span) -> None:
    """Add a span in order; a short pause is no end."""
    if spans and more[0] - spans[-1][1] < PAUSE_S:
        spans[-1] = (spans[-1][0], more[1])
    else:
        spans.append(more)
