"""The form of the flight record: events and actions as JSON objects, one a line.

``t`` is Unix seconds, ``s`` numbers the socket of the call. ``begin`` is what a socket began with;
``in`` names an event and ``out`` an action of `app.core.call.events`.
"""

from __future__ import annotations

from typing import Any

import orjson

from app.core.call import events
from app.core.record.compact import slim


def encode(now: float, socket: int, entry: Any) -> bytes:
    """One entry as a line of JSON, without its end."""
    line = {"t": now, "s": socket, **members(entry)}
    try:
        return orjson.dumps(line, default=str)
    except orjson.JSONEncodeError:  # nested too deeply, or a number out of range
        return orjson.dumps({"t": now, "s": socket, **_as_text(entry)}, default=str)


def members(entry: Any) -> dict[str, Any]:
    """The members that name and describe an event or an action; a dict stays as it is."""
    match entry:
        case dict():
            return entry
        case events.FromRetell(raw):
            return {"in": "retell", "frame": slim(raw)}
        case events.FromPhone(raw):
            return {"in": "phone", "frame": _value(raw)}
        case events.FromModel(session, raw):
            return {"in": "model", "session": session, "frame": _value(raw)}
        case events.ModelOpened(session):
            return {"in": "opened", "session": session}
        case events.ModelLost(session, code, fatal):
            return {"in": "lost", "session": session, "code": code, "fatal": fatal}
        case events.ToolDone(tool_call_id, ok, output):
            return {"in": "tool", "id": tool_call_id, "ok": ok, "output": output}
        case events.Tick():
            return {"in": "tick"}
        case events.Drain():
            return {"in": "drain"}
        case events.Resumed():
            return {"in": "resumed"}
        case events.BudgetSpent():
            return {"in": "budget_spent"}
        case events.ToRetell(frame):
            return {"out": "retell", "frame": _value(frame)}
        case events.ToPhone(frame):
            return {"out": "phone", "frame": _value(frame)}
        case events.EndCall(kind, number, say):
            return {"out": "end", "kind": kind, "number": number, "say": say}
        case events.KeepLine(text, audio):
            return {"out": "line", "text": text, "bytes": len(audio)}
        case events.ToModel(session, raw):
            return {"out": "model", "session": session, "frame": _value(raw)}
        case events.OpenModel(session, delay):
            return {"out": "open", "session": session, "delay": delay}
        case events.CloseModel(session):
            return {"out": "close", "session": session}
        case events.RunTool(tool_call_id, name, arguments, key, deadline):
            return {
                "out": "tool",
                "id": tool_call_id,
                "name": name,
                "arguments": arguments,
                "key": key,
                "deadline": deadline,
            }
        case events.DropSocket():
            return {"out": "drop"}
    return {"other": str(entry)}


def event_of(entry: dict[str, Any]) -> events.Event | None:
    """The event that an entry holds, None where it holds none."""
    match entry.get("in"):
        case "retell":
            return events.FromRetell(_raw(entry["frame"]))
        case "model":
            return events.FromModel(entry["session"], _raw(entry["frame"]))
        case "opened":
            return events.ModelOpened(entry["session"])
        case "lost":
            return events.ModelLost(entry["session"], entry["code"], entry["fatal"])
        case "tool":
            return events.ToolDone(entry["id"], entry["ok"], entry["output"])
        case "tick":
            return events.Tick()
        case "drain":
            return events.Drain()
        case "resumed":
            return events.Resumed()
        case "budget_spent":
            return events.BudgetSpent()
    return None


def _as_text(entry: Any) -> dict[str, Any]:
    """An entry whose frame cannot be written as JSON: the frame as the text that it came as."""
    found = members(entry)
    raw = getattr(entry, "raw", None) or getattr(entry, "frame", None)
    if raw is not None:
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        return {**found, "frame": text}
    return {"other": str(found)[:2000]}


def _value(raw: str | bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)
