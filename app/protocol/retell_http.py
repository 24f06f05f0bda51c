"""Retell's synchronous requests: inbound-call and inbound-SMS webhooks, and custom functions.

Retell docs, "Inbound call webhook" and "Custom function"; the SDK adds `call_inbound.call_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from app.errors import BadRequest
from app.protocol.body import is_id, json_object, required_id
from app.protocol.retell_transcript import Entry, entries_of

#: Retell turns an answer into text and cuts it here (Retell docs, "Custom function").
MAX_RESULT_CHARS = 15_000


@dataclass(frozen=True, slots=True)
class Inbound:
    """A call or message that rings. `subject` is the group the answer belongs under.

    `id` is the coming call's or chat's; Retell's docs do not promise it, so it may be blank.
    """

    subject: Literal["call_inbound", "chat_inbound"]
    id: str
    from_number: str
    to_number: str
    agent_id: str
    sip_headers: dict[str, str]
    at_ms: int


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """A custom function call. `call_id` and `entries` are blank where only arguments came; `line`
    is the business's number in the call."""

    name: str
    args: dict[str, Any]
    call_id: str = ""
    subject: Literal["call", "chat"] = "call"
    agent_id: str = ""
    caller_number: str = ""
    from_number: str = ""
    line: str = ""
    entries: list[Entry] = field(default_factory=list)
    started_ms: int = 0
    """When the call began (Unix milliseconds), 0 where it is not said."""


def parse_inbound(raw: bytes) -> Inbound:
    """The inbound webhook in `raw`. Raises `BadRequest` where it is none."""
    body = json_object(raw)
    event = body.get("event")
    if event not in ("call_inbound", "chat_inbound"):
        raise BadRequest("event must be call_inbound or chat_inbound")
    inner = body.get(event)
    if not isinstance(inner, dict):
        raise BadRequest(f"{event} must be an object")
    found = inner.get("call_id" if event == "call_inbound" else "chat_id")
    headers = inner.get("custom_sip_headers")
    at_ms = body.get("event_timestamp")
    return Inbound(
        event,
        found if is_id(found) else "",
        _text(inner.get("from_number")),
        _text(inner.get("to_number")),
        _text(inner.get("agent_id")),
        _texts(headers) if isinstance(headers, dict) else {},
        at_ms if type(at_ms) is int else 0,
    )


def accept(
    inbound: Inbound, *, variables: Mapping[str, Any], metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer that lets the call in. Variables become texts: Retell refuses anything else."""
    group: dict[str, Any] = {}
    if variables:
        group["dynamic_variables"] = {name: _as_text(item) for name, item in variables.items()}
    if metadata:
        group["metadata"] = dict(metadata)
    return {inbound.subject: group}


def reject(inbound: Inbound) -> dict[str, Any]:
    """The answer that refuses. Nothing else may stand beside it: one invalid field and Retell
    would pass over the refusal."""
    return {inbound.subject: {"reject": True}}


def parse_function(name: str, raw: bytes, query: Mapping[str, str]) -> FunctionRequest:
    """A custom function request, whatever Retell was told to send.

    The full payload ``{"name", "args", "call"}``, the arguments alone ("Payload: args only"), or no
    body and the arguments in the query (GET, DELETE). Where no call comes along, `call_id` (and
    `from_number`) are taken from the query: ``?call_id={{call_id}}``. Raises `BadRequest`.
    """
    args: dict[str, Any] = {key: value for key, value in query.items() if key not in _CONTEXT}
    call: dict[str, Any] = {}
    subject: Literal["call", "chat"] = "call"
    if raw:
        body = json_object(raw)
        if "chat" in body and "call" not in body:
            subject = "chat"
        if isinstance(body.get("args"), dict) and ("name" in body or subject in body):
            args = body["args"]
            inner = body.get(subject)
            if inner is not None and not isinstance(inner, dict):
                raise BadRequest(f"{subject} must be an object")
            call = inner or {}
        elif "args" in body and subject in body:
            raise BadRequest("args must be an object")
        else:
            args = {**args, **body}
    call_id = call.get(f"{subject}_id") or query.get("call_id") or ""
    if call_id:
        required_id(call_id, "call_id")
    outbound = call.get("direction") == "outbound"
    number = _text(call.get("to_number" if outbound else "from_number"))
    return FunctionRequest(
        name,
        args,
        call_id,
        subject,
        _text(call.get("agent_id")) or query.get("agent_id", ""),
        number or query.get("from_number", ""),
        _text(call.get("from_number")),
        _text(call.get("from_number" if outbound else "to_number")) or query.get("to_number", ""),
        entries_of(call) or [],
        _time_ms(call.get("start_timestamp")),
    )


#: Query parameters that say which call a function belongs to; all others are arguments.
_LAST_MS = 10**14
_CONTEXT = frozenset({"call_id", "agent_id", "agent", "from_number", "to_number"})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _time_ms(value: Any) -> int:
    return value if type(value) is int and 0 < value < _LAST_MS else 0


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()
