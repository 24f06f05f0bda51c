"""OpenAI's Realtime protocol (GA shapes): server events we act on, client events we send.

Source: OpenAI's Realtime API reference and its guides "Realtime conversations" and "WebSocket".
Server events are parsed as far as this program needs them; every other kind becomes `Other`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from app.errors import ProtocolError
from app.protocol.body import load_json


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """`session.created` or `session.updated`. `expires_at` is Unix seconds, 0 where not given."""

    created: bool
    session_id: str
    expires_at: float
    session: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """A response began. `key` is the value of metadata "k" that its request carried."""

    response_id: str
    key: str | None


class TextDelta(NamedTuple):
    """A piece of text of one message item."""

    response_id: str
    item_id: str
    delta: str


class AudioDelta(NamedTuple):
    """A piece of audio of one message item, base64 in the session's output format."""

    response_id: str
    item_id: str
    delta: str


class TranscriptDelta(NamedTuple):
    """A piece of the transcript of the audio of one message item."""

    response_id: str
    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class OutputItem:
    """An item of a response appeared (`done` false) or is finished."""

    response_id: str
    done: bool
    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """A response ended: completed, cancelled, incomplete or failed."""

    response_id: str
    key: str | None
    status: str
    reason: str | None
    error_code: str | None
    output: list[dict[str, Any]]
    usage: dict[str, Any]
    out_of_band: bool = False


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """An item is in the conversation. It follows `previous_item_id`."""

    item_id: str
    previous_item_id: str | None
    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    """An item left the conversation."""

    item_id: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The server's voice detection heard speech begin, in ms of the audio sent so far."""

    item_id: str
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The server's voice detection heard speech end, in ms of the audio sent so far."""

    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class Committed:
    """The input audio became the user item `item_id`."""

    item_id: str
    previous_item_id: str | None


@dataclass(frozen=True, slots=True)
class InputTranscript:
    """The transcript of a user's audio item: a piece, the whole (`done`), or none (`failed`).

    `usage` is the server's own account of it, by duration or by tokens; empty where it gave none.
    """

    item_id: str
    text: str
    done: bool
    failed: bool = False
    usage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """The server's voice detection waited in vain for the caller to speak."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Error:
    """The server refused a client event (`event_id`) or has a problem of its own."""

    code: str
    message: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """Any other event."""

    type: str


ServerEvent = (
    SessionChanged
    | ResponseCreated
    | TextDelta
    | AudioDelta
    | TranscriptDelta
    | OutputItem
    | ResponseDone
    | ItemAdded
    | ItemDeleted
    | SpeechStarted
    | SpeechStopped
    | Committed
    | InputTranscript
    | IdleTimeout
    | Error
    | Other
)

_DELTAS: dict[str, type[TextDelta | AudioDelta | TranscriptDelta]] = {
    "response.output_text.delta": TextDelta,
    "response.output_audio.delta": AudioDelta,
    "response.output_audio_transcript.delta": TranscriptDelta,
}
#: Events that bring words of an answer. Deltas are named tuples: they are made in half the time.
WORDS = (TextDelta, TranscriptDelta)
_TRANSCRIPTION = "conversation.item.input_audio_transcription."


def parse(raw: str | bytes) -> ServerEvent:
    """One server event as a value. Raises `ProtocolError` for what is no such event."""
    try:
        event = load_json(raw)
        kind = event["type"]
        delta = _DELTAS.get(kind)
        if delta is not None:
            return delta(event["response_id"], event["item_id"], event["delta"])
        return _parse_rare(kind, event)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ProtocolError(f"not a Realtime event: {type(error).__name__}") from None


def _parse_rare(kind: str, event: dict[str, Any]) -> ServerEvent:
    match kind:
        case "response.created":
            response = event["response"]
            return ResponseCreated(response["id"], _key(response))
        case "response.output_item.added" | "response.output_item.done":
            return OutputItem(event["response_id"], kind.endswith("done"), dict(event["item"]))
        case "response.done":
            return _response_done(event["response"])
        case "conversation.item.added" | "conversation.item.created":
            item = dict(event["item"])
            return ItemAdded(item["id"], event.get("previous_item_id"), item)
        case "conversation.item.deleted":
            return ItemDeleted(event["item_id"])
        case "session.created" | "session.updated":
            session = dict(event["session"])
            expires = session.get("expires_at")
            return SessionChanged(
                kind == "session.created",
                str(session.get("id", "")),
                float(expires) if isinstance(expires, (int, float)) else 0.0,
                session,
            )
        case "input_audio_buffer.speech_started":
            return SpeechStarted(event["item_id"], int(event["audio_start_ms"]))
        case "input_audio_buffer.speech_stopped":
            return SpeechStopped(event["item_id"], int(event["audio_end_ms"]))
        case "input_audio_buffer.committed":
            return Committed(event["item_id"], event.get("previous_item_id"))
        case "input_audio_buffer.timeout_triggered":
            return IdleTimeout(event["item_id"])
        case "error":
            error = event["error"]
            return Error(
                str(error.get("code") or error.get("type") or "unknown"),
                str(error.get("message") or ""),
                error.get("event_id"),
            )
    if kind.startswith(_TRANSCRIPTION):
        return _parse_transcription(kind, event)
    return Other(kind)


def _parse_transcription(kind: str, event: dict[str, Any]) -> ServerEvent:
    step = kind[len(_TRANSCRIPTION) :]
    if step == "delta":
        return InputTranscript(event["item_id"], event.get("delta") or "", False)
    if step == "completed":
        usage = event.get("usage")
        return InputTranscript(
            event["item_id"],
            event.get("transcript") or "",
            True,
            usage=usage if isinstance(usage, dict) else {},
        )
    if step == "failed":
        return InputTranscript(event["item_id"], "", True, failed=True)
    return Other(kind)


def _key(response: dict[str, Any]) -> str | None:
    metadata = response.get("metadata")
    return metadata.get("k") if isinstance(metadata, dict) else None


def _response_done(response: dict[str, Any]) -> ResponseDone:
    details = response.get("status_details") or {}
    error = details.get("error") or {}
    return ResponseDone(
        response["id"],
        _key(response),
        str(response.get("status")),
        details.get("reason"),
        error.get("code") or error.get("type"),
        list(response.get("output") or ()),
        dict(response.get("usage") or {}),
        "conversation_id" in response and response["conversation_id"] is None,
    )


def session_update(session: dict[str, Any], event_id: str) -> bytes:
    """Sets session fields; only those given change."""
    return orjson.dumps(
        {
            "type": "session.update",
            "event_id": event_id,
            "session": {"type": "realtime", **session},
        }
    )


def message_item(item_id: str, role: str, text: str) -> dict[str, Any]:
    """A text message for the conversation. Assistants' parts are `output_text`, all others'
    `input_text`; the server refuses anything else."""
    part = "output_text" if role == "assistant" else "input_text"
    return {
        "id": item_id,
        "type": "message",
        "role": role,
        "content": [{"type": part, "text": text}],
    }


def call_item(item_id: str, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    """A function call that the model made earlier; `arguments` is JSON text."""
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def output_item(item_id: str, call_id: str, output: str) -> dict[str, Any]:
    """The result of a function call."""
    return {"id": item_id, "type": "function_call_output", "call_id": call_id, "output": output}


def item_create(item: dict[str, Any], previous_item_id: str | None, event_id: str) -> bytes:
    """Puts an item after `previous_item_id`; "root" is the very start, None the end."""
    event: dict[str, Any] = {
        "type": "conversation.item.create",
        "event_id": event_id,
        "item": item,
    }
    if previous_item_id is not None:
        event["previous_item_id"] = previous_item_id
    return orjson.dumps(event)


def item_delete(item_id: str, event_id: str) -> bytes:
    """Takes an item out of the conversation."""
    return orjson.dumps(
        {"type": "conversation.item.delete", "event_id": event_id, "item_id": item_id}
    )


def item_truncate(item_id: str, audio_end_ms: int, event_id: str) -> bytes:
    """Cuts the audio of an assistant's item after what was heard. Text items cannot be cut."""
    return orjson.dumps(
        {
            "type": "conversation.item.truncate",
            "event_id": event_id,
            "item_id": item_id,
            "content_index": 0,
            "audio_end_ms": audio_end_ms,
        }
    )


def response_create(key: str, event_id: str, **overrides: Any) -> bytes:
    """Asks for a response. `key` comes back in its events' metadata, and nothing else does."""
    return orjson.dumps(
        {
            "type": "response.create",
            "event_id": event_id,
            "response": {"metadata": {"k": key}, **overrides},
        }
    )


def response_cancel(response_id: str | None, event_id: str) -> bytes:
    """Cancels the response of that id, or whichever runs."""
    event: dict[str, Any] = {"type": "response.cancel", "event_id": event_id}
    if response_id is not None:
        event["response_id"] = response_id
    return orjson.dumps(event)


def audio_append(audio: str) -> bytes:
    """Caller audio, base64 in the session's input format. There is no acknowledgement."""
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % audio.encode("ascii")
