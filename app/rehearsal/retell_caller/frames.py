"""Frames of the custom-LLM socket as Retell writes and reads them (the other side is
`app.protocol.retell_llm`).

Reading is as strict as Retell is said to be: a `response` with a wrong type is dropped in silence,
what is no JSON is logged, a frame without `response_type` is a `response`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


class Dropped(Exception):
    """Retell would drop this frame without a word."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A `response` or `agent_interrupt`: `id` is its response_id or interrupt_id."""

    id: int
    content: str
    complete: bool
    interrupt: bool = False
    protected: bool = False
    end_call: bool = False
    transfer_number: str | None = None
    digit: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """Any other frame: its kind and its members."""

    kind: str
    members: dict[str, Any]


def read(raw: str) -> Speech | Other:
    """One frame of the server. Raises `Dropped` with the reason."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Dropped("Error in parsing LLM websocket message") from None
    if not isinstance(frame, dict):
        raise Dropped("Error in parsing LLM websocket message")
    kind = frame.get("response_type", "response")
    if kind == "response":
        return _speech(frame, "response_id", interrupt=False)
    if kind == "agent_interrupt":
        return _speech(frame, "interrupt_id", interrupt=True)
    check = _CHECKS.get(kind)
    if check is None:
        raise Dropped(f"unknown response_type {kind!r}")
    check(frame)
    return Other(kind, frame)


def _speech(frame: dict[str, Any], id_name: str, *, interrupt: bool) -> Speech:
    _typed(frame, id_name, int)
    _typed(frame, "content", str)
    _typed(frame, "content_complete", bool)
    for name, kind in _OPTIONAL:
        if frame.get(name) is not None:
            _typed(frame, name, kind)
    if interrupt and "show_transferee_as_caller" in frame:
        raise Dropped("agent_interrupt has no show_transferee_as_caller")
    return Speech(
        frame[id_name],
        frame["content"],
        frame["content_complete"],
        interrupt,
        frame.get("no_interruption_allowed") is True,
        frame.get("end_call") is True,
        frame.get("transfer_number"),
        frame.get("digit_to_press"),
    )


_OPTIONAL = (
    ("no_interruption_allowed", bool),
    ("end_call", bool),
    ("transfer_number", str),
    ("show_transferee_as_caller", bool),
    ("digit_to_press", str),
)


def _typed(frame: dict[str, Any], name: str, kind: type) -> None:
    value = frame.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        said = frame.get("response_type", "response")
        raise Dropped(f"{said}: {name} must be {kind.__name__}, is {value!r}")


def _check_config(frame: dict[str, Any]) -> None:
    _typed(frame, "config", dict)
    for name, value in frame["config"].items():
        if name not in ("auto_reconnect", "call_details", "transcript_with_tool_calls"):
            raise Dropped(f"config: unknown flag {name}")
        if not isinstance(value, bool):
            raise Dropped(f"config: {name} must be bool, is {value!r}")


def _check_ping(frame: dict[str, Any]) -> None:
    _typed(frame, "timestamp", int)


def _check_invocation(frame: dict[str, Any]) -> None:
    for name in ("tool_call_id", "name", "arguments"):
        _typed(frame, name, str)
    try:
        arguments = orjson.loads(frame["arguments"])
    except orjson.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        raise Dropped("tool_call_invocation: arguments must be a JSON object as a string")


def _check_result(frame: dict[str, Any]) -> None:
    for name in ("tool_call_id", "content"):
        _typed(frame, name, str)
    if frame.get("successful") is not None:
        _typed(frame, "successful", bool)


_RANGES = {
    "responsiveness": (0.0, 1.0),
    "interruption_sensitivity": (0.0, 1.0),
    "reminder_trigger_ms": (1.0, float("inf")),
    "reminder_max_count": (0.0, float("inf")),
}


def _check_update_agent(frame: dict[str, Any]) -> None:
    _typed(frame, "agent_config", dict)
    for name, value in frame["agent_config"].items():
        low, high = _RANGES.get(name, (0.0, -1.0))
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Dropped(f"update_agent: {name} must be a number, is {value!r}")
        if not low <= value <= high:
            raise Dropped(f"update_agent: {name} {value!r} is not known or out of range")


def _check_metadata(frame: dict[str, Any]) -> None:
    _typed(frame, "metadata", dict)


_CHECKS = {
    "config": _check_config,
    "ping_pong": _check_ping,
    "tool_call_invocation": _check_invocation,
    "tool_call_result": _check_result,
    "update_agent": _check_update_agent,
    "metadata": _check_metadata,
}


def ping(timestamp_ms: int) -> bytes:
    """Keepalive."""
    return orjson.dumps({"interaction_type": "ping_pong", "timestamp": timestamp_ms})


def call_details(call: dict[str, Any]) -> bytes:
    """The call object."""
    return orjson.dumps({"interaction_type": "call_details", "call": call})


def update(transcript: dict[str, Any], turntaking: str | None) -> bytes:
    """The transcript changed, or the turn."""
    frame = {"interaction_type": "update_only", **transcript}
    if turntaking:
        frame["turntaking"] = turntaking
    return orjson.dumps(frame)


def request(response_id: int, transcript: dict[str, Any], *, reminder: bool) -> bytes:
    """A request for speech."""
    kind = "reminder_required" if reminder else "response_required"
    return orjson.dumps({"interaction_type": kind, "response_id": response_id, **transcript})
