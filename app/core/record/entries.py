"""The form of the flight record: events and actions as JSON objects, one a line.

``t`` is Unix seconds, ``s`` numbers the socket of the call. ``begin`` is what a socket began with;
``in`` names an event and ``out`` an action of `app.core.call.events`, whose members follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import orjson

from app.core.audio.hearing.levels import level_of, tone_of
from app.core.call import events
from app.core.call.notes import Note
from app.core.record.compact import raw_of, slim, value, with_audio, without_audio
from app.protocol import twilio

EVENTS: dict[str, type[Any]] = {
    "retell": events.FromRetell,
    "phone": events.FromPhone,
    "model": events.FromModel,
    "opened": events.ModelOpened,
    "lost": events.ModelLost,
    "tool": events.ToolDone,
    "step_in": events.StepIn,
    "tick": events.Tick,
    "drain": events.Drain,
}
ACTIONS: dict[str, type[Any]] = {
    "retell": events.ToRetell,
    "phone": events.ToPhone,
    "model": events.ToModel,
    "open": events.OpenModel,
    "close": events.CloseModel,
    "tool": events.RunTool,
    "drop": events.DropSocket,
    "end": events.EndCall,
    "line": events.KeepLine,
}
#: Actions that change nothing outside: they are decided again, and compared with nothing.
UNRECORDED = (events.SaveState, Note)

#: Members whose name on a line is shorter.
_SHORT = {"raw": "frame", "tool_call_id": "id"}
_LONG = {short: long for long, short in _SHORT.items()}


def encode(now: float, socket: int, entry: Any) -> bytes:
    """One entry as a line of JSON, without its end."""
    head = {"t": now, "s": socket}
    try:
        return orjson.dumps(head | members(entry), default=str)
    except orjson.JSONEncodeError:  # nested too deeply, or a number out of range
        return orjson.dumps(head | _as_text(entry), default=str)


def members(entry: Any) -> dict[str, Any]:
    """The members that name and describe an event or an action; a dict stays as it is."""
    if isinstance(entry, dict):
        return entry
    kind = type(entry)
    found = _NAMES.get(kind)
    if found is None:
        return {"other": str(entry)}
    direction, name = found
    special = _ENCODE.get(kind)
    if special is not None:
        return {direction: name, **special(entry)}
    return {direction: name, **_fields(entry)}


def event_of(entry: dict[str, Any]) -> events.Event | None:
    """The event that an entry holds, None where it holds none.

    Raises KeyError or TypeError where members are missing.
    """
    name = entry.get("in")
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    special = _DECODE.get(kind)
    if special is not None:
        return special(entry)
    names = {one.name for one in fields(kind)}
    given = {_LONG.get(name, name): value for name, value in entry.items()}
    event: events.Event = kind(**{name: v for name, v in given.items() if name in names})
    return event


def _as_text(entry: Any) -> dict[str, Any]:
    """An entry whose frame cannot be written as JSON: the frame as the text that it came as."""
    found = members(entry)
    raw = getattr(entry, "raw", None) or getattr(entry, "frame", None)
    if isinstance(raw, str | bytes):
        return {**found, "frame": raw if isinstance(raw, str) else raw.decode("utf-8", "replace")}
    return {"other": str(found)[:2000]}


def _fields(entry: Any) -> dict[str, Any]:
    return {_SHORT.get(one.name, one.name): getattr(entry, one.name) for one in fields(entry)}


# What has a form of its own


def _from_phone(event: events.FromPhone) -> dict[str, Any]:
    frame = event.frame
    if isinstance(frame, twilio.Media):
        return {"level": level_of(frame.audio), "bytes": len(frame.audio)}
    if isinstance(frame, twilio.Mark):
        return {"mark": frame.name}
    if isinstance(frame, twilio.Malformed):
        return {"malformed": value(frame.raw)}
    return {"frame": type(frame).__name__.lower(), **_fields(frame)}


_FRAMES: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (twilio.Connected, twilio.Start, twilio.Dtmf, twilio.Stop, twilio.Other)
}


def _phone_frame(entry: dict[str, Any]) -> events.FromPhone:
    if "level" in entry:
        return events.FromPhone(twilio.Media(tone_of(entry["level"], entry["bytes"]), -1))
    if "mark" in entry:
        return events.FromPhone(twilio.Mark(entry["mark"]))
    if "malformed" in entry:
        return events.FromPhone(twilio.read(raw_of(entry["malformed"])))
    kind = _FRAMES[entry["frame"]]
    return events.FromPhone(kind(**{one.name: entry[one.name] for one in fields(kind)}))


def _to_phone(action: events.ToPhone) -> dict[str, Any]:
    if action.audio:
        return {"audio": action.audio}
    return {"mark": action.mark} if action.mark else {"frame": value(action.frame)}


def _to_model(action: events.ToModel) -> dict[str, Any]:
    if action.audio:
        return {"session": action.session, "audio": action.audio}
    return {"session": action.session, "frame": value(action.raw)}


_ENCODE: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    events.FromRetell: lambda event: {"frame": slim(event.raw)},
    events.FromModel: lambda event: {
        "session": event.session,
        "frame": without_audio(event.raw),
    },
    events.FromPhone: _from_phone,
    events.ToRetell: lambda action: {"frame": value(action.frame)},
    events.ToPhone: _to_phone,
    events.ToModel: _to_model,
    events.KeepLine: lambda action: {"text": action.text, "bytes": len(action.audio)},
}
_DECODE: dict[type[Any], Callable[[dict[str, Any]], events.Event]] = {
    events.FromRetell: lambda entry: events.FromRetell(raw_of(entry["frame"])),
    events.FromModel: lambda entry: events.FromModel(entry["session"], with_audio(entry["frame"])),
    events.FromPhone: _phone_frame,
}
_NAMES: dict[type[Any], tuple[str, str]] = {
    **{kind: ("in", name) for name, kind in EVENTS.items()},
    **{kind: ("out", name) for name, kind in ACTIONS.items()},
}
