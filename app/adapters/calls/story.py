"""How a call's story is written down and told: between Redis's bytes and plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.adapters.redis import keys
from app.adapters.tools.execution import Effect
from app.core.agent.business import slug

#: The parts of a story beside summary and tool calls, in the order they are read.
FIELDS = ("transcript", "turns", "intents", "events")


def encode_fields(fields: Mapping[str, Any] | None) -> list[Any]:
    """Fields as HSET takes them: name, JSON, name, JSON. None values are skipped."""
    out: list[Any] = []
    for name, value in (fields or {}).items():
        if value is not None:
            out += [name, orjson.dumps(value)]
    return out


def decode_fields(call_id: str, fields: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The summary of a call. What is not JSON is given as text."""
    return {"call_id": call_id} | {name.decode(): value(blob) for name, blob in fields.items()}


def value(blob: bytes) -> Any:
    """The JSON value; the text where it is none."""
    try:
        return orjson.loads(blob)
    except orjson.JSONDecodeError:
        return blob.decode("utf-8", "replace")


def owner_of(summary: Mapping[str, Any]) -> str:
    """The id of the business that a call belongs to; blank where no agent answered it."""
    return _id_of(summary, "business")


def answerer_of(summary: Mapping[str, Any]) -> str:
    """The id of the agent that answered a call; blank where none did."""
    return _id_of(summary, "agent")


def _id_of(summary: Mapping[str, Any], what: str) -> str:
    """From the reference to the agent. Calls of older releases have the name alone."""
    kept = summary.get("agent_ref")
    found = kept.get(what) if isinstance(kept, dict) else None
    return str(found) if found else slug(str(summary[what])) if summary.get(what) else ""


def entries(pipeline: Any, call_id: str, name: str) -> None:
    """Add the command that reads one part of the story."""
    if name == "transcript":
        pipeline.get(keys.transcript(call_id))
    else:
        pipeline.lrange(keys.call(call_id, name), 0, -1)


def tell(
    call_id: str, found: Sequence[Any], effects: Sequence[Mapping[bytes, bytes]]
) -> dict[str, Any]:
    """The whole story, from what was read."""
    story = decode_fields(call_id, found[0])
    transcript, turns, intents, events = found[1 : 1 + len(FIELDS)]
    story["transcript"] = value(transcript) if transcript else []
    story["turns"] = [value(item) for item in turns]
    story["intents"] = [value(item) for item in intents]
    story["events"] = [value(item) for item in events]
    bookings, holder, _ = found[1 + len(FIELDS) :]
    story["bookings"] = value(bookings) if bookings else []
    story["holder"] = holder.decode() if holder else None
    story["tool_calls"] = [Effect.of(call_id, hash_).to_json() for hash_ in effects if hash_]
    return story
