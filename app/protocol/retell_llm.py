"""Retell's custom-LLM socket: frames Retell sends us, and frames we send Retell.

Source: Retell's API reference, "LLM WebSocket", and its guides "Custom LLM overview" and "Function
calling". One text frame is one JSON object. Parsing is lenient: unknown kinds become `Unknown`,
unknown members are ignored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

from app.errors import ProtocolError
from app.protocol.body import load_json, pruned

Role = Literal["agent", "user"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said, as heard. `response_id` ties agent speech to the turn it was for."""

    role: str
    content: str
    response_id: int | None = None
    is_backchannel: bool = False


@dataclass(frozen=True, slots=True)
class PingPong:
    """Keepalive, each 2 s with `auto_reconnect`; must be echoed within 5 s. `timestamp` in ms."""

    timestamp: int


@dataclass(frozen=True, slots=True)
class CallDetails:
    """The call object, once, where `config` asked for it."""

    call: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """The transcript so far, whenever it changed. Needs no answer."""

    transcript: tuple[Utterance, ...]
    turntaking: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseRequired:
    """A request for speech. `reminder` is true where the caller has been silent for long."""

    response_id: int
    transcript: tuple[Utterance, ...]
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind of frame this program does not know; recorded and ignored."""

    interaction_type: str


Incoming = PingPong | CallDetails | Update | ResponseRequired | Unknown


def parse(raw: str | bytes) -> Incoming:
    """One frame from Retell as a value. Raises `ProtocolError` for what is no such frame."""
    try:
        frame = load_json(raw)
    except orjson.JSONDecodeError:
        raise ProtocolError("the frame is not JSON", code="malformed") from None
    if not isinstance(frame, dict):
        raise ProtocolError("the frame is not a JSON object", code="malformed")
    kind = frame.get("interaction_type")
    if kind == "update_only":
        turntaking = frame.get("turntaking")
        return Update(
            _transcript(frame.get("transcript")),
            turntaking if isinstance(turntaking, str) else None,
        )
    if kind == "ping_pong":
        return PingPong(_whole(frame.get("timestamp")) or 0)
    if kind in ("response_required", "reminder_required"):
        response_id = _whole(frame.get("response_id"))
        if response_id is None or response_id < 0:
            raise ProtocolError(f"{kind} without an integer response_id", code="malformed")
        return ResponseRequired(
            response_id, _transcript(frame.get("transcript")), kind == "reminder_required"
        )
    if kind == "call_details":
        call = frame.get("call")
        if not isinstance(call, dict):
            raise ProtocolError("call_details without a call object", code="malformed")
        return CallDetails(pruned(call))
    if not isinstance(kind, str):
        raise ProtocolError("the frame has no interaction_type", code="malformed")
    return Unknown(kind)


def _transcript(value: Any) -> tuple[Utterance, ...]:
    """The utterances in a frame. What is none is left out: it must not cost the turn."""
    if not isinstance(value, list):
        return ()
    return tuple(found for found in map(_utterance, value) if found is not None)


def _utterance(entry: Any) -> Utterance | None:
    if not isinstance(entry, dict):
        return None
    role, content = entry.get("role"), entry.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        return None
    about = entry.get("metadata")
    if not isinstance(about, dict):
        return Utterance(role, content)
    response_id = _whole(about.get("response_id"))
    return Utterance(role, content, response_id, about.get("is_backchannel") is True)


def _whole(value: Any) -> int | None:
    """A whole number, also one that came as a float."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return None


def config(*, auto_reconnect: bool = True, call_details: bool = True, tools: bool = True) -> bytes:
    """The first frame: what Retell should send and do on this socket."""
    return orjson.dumps(
        {
            "response_type": "config",
            "config": {
                "auto_reconnect": auto_reconnect,
                "call_details": call_details,
                "transcript_with_tool_calls": tools,
            },
        }
    )


def ping_pong(timestamp: int) -> bytes:
    """The echo of Retell's keepalive."""
    return b'{"response_type":"ping_pong","timestamp":%d}' % timestamp


@dataclass(frozen=True, slots=True)
class CallAction:
    """What Retell does after it has spoken a response. Precedence: end, transfer, digits."""

    end_call: bool = False
    transfer_number: str | None = None
    show_transferee_as_caller: bool = False
    digit_to_press: str | None = None

    def members(self) -> dict[str, Any]:
        """The members of a `response` or `agent_interrupt` frame."""
        out: dict[str, Any] = {}
        if self.end_call:
            out["end_call"] = True
        if self.transfer_number:
            out["transfer_number"] = self.transfer_number
            if self.show_transferee_as_caller:
                out["show_transferee_as_caller"] = True
        if self.digit_to_press:
            out["digit_to_press"] = self.digit_to_press
        return out


NO_ACTION = CallAction()


def response(
    response_id: int,
    content: str,
    complete: bool,
    *,
    action: CallAction = NO_ACTION,
    protected: bool = False,
) -> bytes:
    """Speech for one request; `complete` only on its last frame, `protected` bars interruption."""
    if not protected and action is NO_ACTION:
        return (
            b'{"response_type":"response","response_id":%d,"content":%b,"content_complete":%b}'
            % (
                response_id,
                orjson.dumps(content),
                b"true" if complete else b"false",
            )
        )
    frame: dict[str, Any] = {
        "response_type": "response",
        "response_id": response_id,
        "content": content,
        "content_complete": complete,
    }
    if protected:
        frame["no_interruption_allowed"] = True
    frame.update(action.members())
    return orjson.dumps(frame)


def agent_interrupt(interrupt_id: int, content: str, *, action: CallAction = NO_ACTION) -> bytes:
    """Speech that cuts off whoever talks and cancels any response in flight."""
    return orjson.dumps(
        {
            "response_type": "agent_interrupt",
            "interrupt_id": interrupt_id,
            "content": content,
            "content_complete": True,
            "no_interruption_allowed": True,
            **action.members(),
        }
    )


def tool_call_invocation(tool_call_id: str, name: str, arguments: str) -> bytes:
    """Tells Retell of a tool call; `arguments` is a JSON object as text. Bookkeeping only."""
    return orjson.dumps(
        {
            "response_type": "tool_call_invocation",
            "tool_call_id": tool_call_id,
            "name": name,
            "arguments": arguments,
        }
    )


def tool_call_result(tool_call_id: str, content: str, successful: bool) -> bytes:
    """Tells Retell how a tool call ended."""
    return orjson.dumps(
        {
            "response_type": "tool_call_result",
            "tool_call_id": tool_call_id,
            "content": content,
            "successful": successful,
        }
    )


def metadata(values: dict[str, Any]) -> bytes:
    """Any object for the web client of a web call."""
    return orjson.dumps({"response_type": "metadata", "metadata": values})


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Retell settings that can be changed while the call runs. None leaves one as it is."""

    responsiveness: float | None = None
    interruption_sensitivity: float | None = None
    reminder_trigger_ms: int | None = None
    reminder_max_count: int | None = None

    def members(self) -> dict[str, float | int]:
        """Only the settings that are given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def update_agent(settings: AgentConfig) -> bytes:
    """Changes turn taking at Retell's side."""
    return orjson.dumps({"response_type": "update_agent", "agent_config": settings.members()})
