"""The audio of a call in the flight record: many small events and actions in one entry.

A phone sends fifty frames a second and gets as many; written one by one they would fill the record
of a call within minutes. ``moments`` are what happened one after the other::

    {"t": 1795212000.02, "s": 1, "session": 1, "moments": [[0, 35, 160, "0:12"], [20, 0, -480]]}

Each is: milliseconds since the moment before (the first since ``t``), what came, and what was done.
What came is the loudness of 20 ms of the caller's audio (or [loudness, bytes]), the name of a mark,
null for a tick, false for more of what the event before led to; or an object for the model's
speech: ``n`` bytes of audio or the words ``w`` of item ``i`` of response ``r``, where those are
others than before. What was done: bytes of audio to the phone, a mark's name, or less than zero,
bytes of audio to the model's session.
"""

from __future__ import annotations

from typing import Any

from app.core.audio.hearing.levels import level_of
from app.core.call import events
from app.core.record.compact import AUDIO_DELTA, WORDS_DELTA, without_audio
from app.protocol import twilio
from app.protocol.twilio import FRAME_BYTES

#: An entry is closed after so many moments, which is about a second.
MOST = 64

Entry = tuple[float, Any]


class Moments:
    """Gathers what fits into one entry; everything else passes through, in order."""

    def __init__(self) -> None:
        self._began = self._last = 0
        self._session = 0
        self._item: tuple[Any, Any] | None = None
        self._moments: list[list[Any]] = []

    def add(self, now: float, entry: Any) -> list[Entry]:
        """Take an event or action; the entries that are complete by now."""
        ms = round(now * 1000)
        if ms / 1000 != now:
            return [*self.close(), (now, entry)]
        if isinstance(entry, events.FromPhone):
            came = _came(entry.frame)
            if came is not None:
                return self._begin(ms, came)
        elif isinstance(entry, events.Tick):
            return self._begin(ms, None)
        elif isinstance(entry, events.FromModel):
            return self._from_model(now, ms, entry)
        else:
            done = _done(entry)
            if done is not None:
                return self._do(ms, entry, done)
        return [*self.close(), (now, entry)]

    def _from_model(self, now: float, ms: int, event: events.FromModel) -> list[Entry]:
        frame = without_audio(event.raw)
        said = {"n": frame.get("bytes"), "w": frame.get("delta")} if _is_speech(frame) else {}
        if not said:
            whole = {"in": "model", "session": event.session, "frame": frame}
            return [*self.close(), (now, whole)]
        closed = self._use_session(event.session)
        if len(self._moments) >= MOST:
            closed += self.close()
        item = (frame["response_id"], frame["item_id"])
        came = {name: value for name, value in said.items() if value is not None}
        if item != self._item:
            came |= {"r": item[0], "i": item[1]}
        closed += self._begin(ms, came)
        self._item = item
        return closed

    def _use_session(self, session: int) -> list[Entry]:
        """An entry names one session."""
        closed = [] if session == self._session else self.close()
        self._session = session
        return closed

    def _begin(self, ms: int, came: Any) -> list[Entry]:
        closed = self.close() if len(self._moments) >= MOST else []
        if not self._moments:
            self._began = self._last = ms
        self._moments.append([ms - self._last, came])
        self._last = ms
        return closed

    def _do(self, ms: int, action: Any, done: Any) -> list[Entry]:
        closed: list[Entry] = []
        if isinstance(action, events.ToModel):
            closed = self._use_session(action.session)
        if not self._moments or ms != self._last:
            closed += self._begin(ms, False)
        self._moments[-1].append(done)
        return closed

    def close(self) -> list[Entry]:
        """End the entry that is open."""
        if not self._moments:
            return []
        moments, self._moments, self._item = self._moments, [], None
        if moments == [[0, None]]:
            return [(self._began / 1000, events.Tick())]
        return [(self._began / 1000, {"session": self._session, "moments": moments})]


def _came(frame: Any) -> Any:
    if isinstance(frame, twilio.Media):
        level, size = level_of(frame.audio), len(frame.audio)
        return level if size == FRAME_BYTES else [level, size]
    return frame.name if isinstance(frame, twilio.Mark) else None


def _done(action: Any) -> int | str | None:
    if isinstance(action, events.ToPhone):
        return action.audio or action.mark or None
    return -action.audio if isinstance(action, events.ToModel) and action.audio else None


def expand(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries that were gathered in this one; any other entry alone."""
    moments = entry.get("moments")
    if moments is None:
        return [entry]
    out: list[dict[str, Any]] = []
    at = round(entry["t"] * 1000)
    item: dict[str, Any] = {}
    for after, came, *done in moments:
        at += after
        head = {"t": at / 1000, "s": entry.get("s", 0)}
        if isinstance(came, dict):
            item |= {"response_id": came["r"], "item_id": came["i"]} if "r" in came else {}
            out.append(
                head | {"in": "model", "session": entry["session"], "frame": _speech(came, item)}
            )
        elif came is not False:
            out.append(head | _event(came))
        out += [head | _action(one, entry["session"]) for one in done]
    return out


def _is_speech(frame: Any) -> bool:
    if not isinstance(frame, dict):
        return False
    kind = frame.get("type")
    whole = "bytes" in frame if kind == AUDIO_DELTA else isinstance(frame.get("delta"), str)
    return kind in (AUDIO_DELTA, WORDS_DELTA) and whole


def _speech(came: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    if "n" in came:
        return {"type": AUDIO_DELTA, **item, "bytes": came["n"]}
    return {"type": WORDS_DELTA, **item, "delta": came["w"]}


def _event(came: Any) -> dict[str, Any]:
    if came is None:
        return {"in": "tick"}
    if isinstance(came, str):
        return {"in": "phone", "mark": came}
    level, size = came if isinstance(came, list) else (came, FRAME_BYTES)
    return {"in": "phone", "level": level, "bytes": size}


def _action(done: Any, session: int) -> dict[str, Any]:
    if isinstance(done, str):
        return {"out": "phone", "mark": done}
    if done < 0:
        return {"out": "model", "session": session, "audio": -done}
    return {"out": "phone", "audio": done}
