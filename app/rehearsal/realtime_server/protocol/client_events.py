"""The client's events: parsed, and checked as strictly as the service does.

Source: OpenAI's Realtime reference, client events (eleven types; the beta protocol's shapes of
them are refused).
"""

from __future__ import annotations

from typing import Any

import orjson

from app.rehearsal.realtime_server.protocol import items, refusal, session_config, shape
from app.rehearsal.realtime_server.protocol.refusal import Refusal

_EVENT: dict[str, shape.Check] = {"type": shape.anything, "event_id": shape.text(most=512)}
_METADATA = shape.nullable(shape.mapping)
_RESPONSE = shape.fields(
    {
        "output_modalities": session_config.MODALITIES,
        "instructions": shape.text(),
        "audio": shape.fields(
            {
                "output": shape.fields(
                    {
                        "format": shape.mapping,
                        "voice": shape.either(
                            string=shape.word(*session_config.VOICES), other=shape.mapping
                        ),
                    }
                )
            }
        ),
        "tools": session_config.TOOLS,
        "tool_choice": session_config.TOOL_CHOICE,
        "parallel_tool_calls": shape.boolean,
        "reasoning": session_config.REASONING,
        "max_output_tokens": session_config.MAX_TOKENS,
        "conversation": shape.word("auto", "none"),
        "metadata": _METADATA,
        "input": shape.several(shape.mapping),
    }
)
_TYPES: dict[str, shape.Check] = {
    "session.update": shape.fields({**_EVENT, "session": shape.mapping}, required=("session",)),
    "conversation.item.create": shape.fields(
        {**_EVENT, "item": items.ITEM, "previous_item_id": shape.nullable(shape.text())},
        required=("item",),
    ),
    "conversation.item.delete": shape.fields(
        {**_EVENT, "item_id": shape.text()}, required=("item_id",)
    ),
    "conversation.item.retrieve": shape.fields(
        {**_EVENT, "item_id": shape.text()}, required=("item_id",)
    ),
    "conversation.item.truncate": shape.fields(
        {
            **_EVENT,
            "item_id": shape.text(),
            "content_index": shape.integer(0, 100),
            "audio_end_ms": shape.integer(0, 10**9),
        },
        required=("item_id", "content_index", "audio_end_ms"),
    ),
    "input_audio_buffer.append": shape.fields(
        {**_EVENT, "audio": shape.text(most=15 * 1024 * 1024)}, required=("audio",)
    ),
    "input_audio_buffer.commit": shape.fields(_EVENT),
    "input_audio_buffer.clear": shape.fields(_EVENT),
    "output_audio_buffer.clear": shape.fields(_EVENT),
    "response.create": shape.fields({**_EVENT, "response": shape.nullable(shape.mapping)}),
    "response.cancel": shape.fields({**_EVENT, "response_id": shape.text()}),
}
_NAMES = tuple(_TYPES)


def decode(raw: bytes) -> dict[str, Any]:
    """The event as an object; raises `Refusal` where it is none."""
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(
            "We could not parse the JSON body of your event.", code="invalid_json"
        ) from None
    if not isinstance(event, dict):
        raise refusal.wrong_type("event", "an object", event)
    return event


def check(event: dict[str, Any]) -> str:
    """Check all of the event but the session's fields; gives its type."""
    kind = event.get("type")
    if kind is None:
        raise refusal.missing("type")
    known = _TYPES.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise refusal.unsupported_value("type", kind, _NAMES)
    known(event, "")
    return str(kind)


def response_settings(config: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The settings of one response: the session's with the request's own.

    Instructions of the request replace the session's. Raises `Refusal`.
    """
    session_config.refuse_beta(overrides, "response")
    _RESPONSE(overrides, "response")
    session_config.one_modality(overrides, "response")
    _check_metadata(overrides.get("metadata"))
    settings = {
        name: config.get(name)
        for name in ("output_modalities", "instructions", "tools", "tool_choice",
                     "max_output_tokens", "audio")
    }  # fmt: skip
    settings.update({name: value for name, value in overrides.items() if name != "audio"})
    if "audio" in overrides:
        output = {**config["audio"]["output"], **overrides["audio"].get("output", {})}
        settings["audio"] = {"input": config["audio"]["input"], "output": output}
    return settings


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if len(metadata) > 16:
        raise refusal.wrong_value(
            "response.metadata", f"Invalid 'response.metadata': {len(metadata)} pairs, at most 16."
        )
    for key, value in metadata.items():
        shape.text(most=64)(key, "response.metadata")
        shape.text(most=512)(value, f"response.metadata.{key}")
