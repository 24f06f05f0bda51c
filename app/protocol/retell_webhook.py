"""Webhook events: Retell's own and the plain payloads, from raw bytes to typed values.

Retell's envelope is ``{"event": str, "call": {...}}``; chats have `chat` in its place, alerts
`alert` (Retell docs, "Webhook overview" and "Alert rules"). The plain form is ``{"event",
"sessionId", "transcript"?, "isFinal"?}``, also spelled `session_id` and `is_final`.

Parsing is lenient: unknown events, unknown fields, open enums, and known fields that are missing,
moved or of another type are no error. Only the envelope is strict: an object, an event name, an id
to file it under.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from app.errors import BadRequest
from app.protocol.body import is_id, json_object, required_id
from app.protocol.retell_transcript import Entry, entries_of, progress_of

Kind = Literal["lifecycle", "transcript", "transfer", "alert", "plain", "unknown"]
Subject = Literal["call", "chat", "session", "alert", "none"]

LIFECYCLE = frozenset(
    {"call_started", "call_ended", "call_analyzed", "chat_started", "chat_ended", "chat_analyzed"}
)
TRANSFER = frozenset(
    {"transfer_started", "transfer_bridged", "transfer_cancelled", "transfer_ended"}
)
ALERTS = frozenset({"alert_triggered", "alert_resolved"})
PLAIN = frozenset({"session_start", "transcript", "interruption", "session_end"})
EVENTS = LIFECYCLE | TRANSFER | ALERTS | PLAIN | {"transcript_updated"}

#: How final an event's facts are: a greater rank overrides, a lower one only fills gaps.
STARTED, RUNNING, LEFT, ENDED, ANALYZED = 1, 2, 3, 4, 5

_ENDED = frozenset({"ended", "not_connected", "error"})
_NEVER_CONNECTED = re.compile(
    r"dial_|invalid_destination|telephony_|sip_|marked_as_spam|user_declined|network_blocked"
    r"|registered_call_timeout|error_user_not_joined|concurrency_limit|no_valid_payment"
)
_TEXTS = (
    "agent_name", "agent_tag", "call_type", "chat_type", "direction", "from_number", "to_number",
    "disconnection_reason", "recording_url", "public_log_url", "data_storage_setting",
)  # fmt: skip
_NUMBERS = ("start_timestamp", "end_timestamp", "duration_ms", "transfer_end_timestamp")
_OBJECTS = (
    "metadata", "retell_llm_dynamic_variables", "collected_dynamic_variables", "call_analysis",
    "chat_analysis", "call_cost", "chat_cost", "latency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event. `id` is the call's, chat's, session's or incident's; blank only if unknown.

    `key` is what a repeat of this event has in common with it, and `keep_s` for how long, in
    seconds, a repeat must be recognised. `facts` are JSON values to file under the call, ranked by
    `rank`; `status` is the call's status by this event, `entries` its transcript, `progress` the
    order among transcripts. `text` and `final` are a plain transcript's.
    """

    event: str
    kind: Kind
    subject: Subject
    id: str
    key: str
    keep_s: int
    rank: int = 0
    status: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] | None = None
    progress: int = 0
    text: str = ""
    final: bool = True


def parse(raw: bytes) -> WebhookEvent:
    """The event in a webhook's body. Raises `BadRequest` where the envelope is wrong."""
    body = json_object(raw)
    event = body.get("event")
    if not isinstance(event, str) or not 0 < len(event) <= 100:
        raise BadRequest("event must be a text of 1 to 100 characters")
    if event in PLAIN:
        return _plain(event, body, raw)
    if event in ALERTS:
        return _alert(event, body)
    if event not in EVENTS:
        return _unknown(event, body, raw)
    subject: Subject = "chat" if "chat" in body and not event.startswith("call") else "call"
    if event.startswith("chat_"):
        subject = "chat"
    call = body.get(subject)
    if not isinstance(call, dict):
        raise BadRequest(f"{subject} must be an object")
    call_id = required_id(call.get(f"{subject}_id"), f"{subject}.{subject}_id")
    if event in TRANSFER:
        return _transfer(event, call_id, call, body, raw)
    entries = entries_of(call, body)
    rank, status = _rank_and_status(event, call)
    if event == "transcript_updated":
        kind: Kind = "transcript"
        key, keep_s = f"{event}:{_digest(raw)}", 900
    else:
        kind, key, keep_s = "lifecycle", event, 86_400
    progress = progress_of(entries) if entries is not None else 0
    return WebhookEvent(
        event, kind, subject, call_id, key, keep_s, rank, status, _facts(call), entries, progress
    )


def _plain(event: str, body: dict[str, Any], raw: bytes) -> WebhookEvent:
    session_id = required_id(body.get("sessionId", body.get("session_id")), "sessionId")
    text = body.get("transcript")
    final = body.get("isFinal", body.get("is_final"))
    if event == "transcript":  # of the others nothing is read from these
        if text is not None and not isinstance(text, str):
            raise BadRequest("transcript must be a text")
        if final is not None and not isinstance(final, bool):
            raise BadRequest("isFinal must be true or false")
    elif not isinstance(text, str):
        text = None
    facts = {
        name: body[name]
        for name in ("from_number", "to_number", "direction", "agent_id", "agent")
        if isinstance(body.get(name), str)
    }
    rank, status, keep_s = RUNNING, "ongoing", 3
    key = f"{event}:{_digest(raw)}"
    if event == "session_start":
        rank, key, keep_s = STARTED, event, 86_400
    elif event == "session_end":
        rank, status, key, keep_s = ENDED, "ended", event, 86_400
    given = body.get("eventId", body.get("event_id"))
    if isinstance(given, (str, int)) and not isinstance(given, bool) and given != "":
        key, keep_s = f"{event}:{_digest(str(given).encode())}", 86_400
    return WebhookEvent(
        event, "plain", "session", session_id, key, keep_s, rank, status, facts,
        text=(text or "").strip(), final=final is not False,
    )  # fmt: skip


def _alert(event: str, body: dict[str, Any]) -> WebhookEvent:
    alert = body.get("alert")
    if not isinstance(alert, dict):
        raise BadRequest("alert must be an object")
    incident = required_id(alert.get("alert_incident_id"), "alert.alert_incident_id")
    facts = {
        name: value
        for name, value in alert.items()
        if value is not None and not isinstance(value, (dict, list))
    }
    return WebhookEvent(event, "alert", "alert", incident, event, 86_400, facts=facts)


def _unknown(event: str, body: dict[str, Any], raw: bytes) -> WebhookEvent:
    subject: Subject = "none"
    found: Any = body.get("sessionId", body.get("session_id"))
    if isinstance(found, str):
        subject = "session"
    names: tuple[Literal["chat", "call"], ...] = ("chat", "call")
    for name in names:
        inner = body.get(name)
        if isinstance(inner, dict) and isinstance(inner.get(f"{name}_id"), str):
            found, subject = inner[f"{name}_id"], name
    if not is_id(found):
        found, subject = "", "none"
    return WebhookEvent(event, "unknown", subject, found, f"{event}:{_digest(raw)}", 900)


def _transfer(
    event: str, call_id: str, call: dict[str, Any], body: dict[str, Any], raw: bytes
) -> WebhookEvent:
    target = body.get("transfer_destination", call.get("transfer_destination"))
    if isinstance(target, dict):
        parts = (target.get("number"), target.get("extension"))
        target = ";ext=".join(part for part in parts if isinstance(part, str) and part)
    target = target if isinstance(target, str) else ""
    facts = _facts(call)
    if target:
        facts["transfer_destination"] = target
    option = body.get("transfer_option")
    if isinstance(option, dict) and isinstance(option.get("type"), str):
        facts["transfer_type"] = option["type"]
    # start_timestamp is the call's, equal for every attempt, so Retell's documented key alone
    # would take a second attempt at the same number for a repeat of the first.
    key = f"{event}:{call.get('start_timestamp')}:{target}:{_digest(raw)}"
    rank, status = _rank_and_status(event, call)
    return WebhookEvent(
        event, "transfer", "call", call_id, key, 86_400, rank, status, facts, entries_of(call, body)
    )


def _rank_and_status(event: str, call: dict[str, Any]) -> tuple[int, str]:
    """How final the event is, and the call's status by it.

    The status field alone does not do: Retell's own sample of call_ended says "registered".
    """
    status = call.get("call_status", call.get("chat_status"))
    over = isinstance(status, str) and status in _ENDED
    if event.endswith("_started") and event in LIFECYCLE:
        return STARTED, "ongoing"
    if event in LIFECYCLE:
        if not over:
            status = _status_by_reason(call.get("disconnection_reason"))
        return (ANALYZED if event.endswith("_analyzed") else ENDED), str(status)
    return (LEFT, str(status)) if over else (RUNNING, "ongoing")


def _status_by_reason(reason: Any) -> str:
    if isinstance(reason, str):
        if _NEVER_CONNECTED.match(reason):
            return "not_connected"
        if reason.startswith("error_"):
            return "error"
    return "ended"


def _facts(call: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    agent = call.get("agent_id")
    if isinstance(agent, str):
        facts["agent_id"] = agent
    version = call.get("agent_version", call.get("version"))
    if type(version) in (int, str):
        facts["agent_version"] = version
    for name in _TEXTS:
        value = call.get(name)
        if isinstance(value, str) and value:
            facts[name] = value
    for name in _NUMBERS:
        number = call.get(name)
        if type(number) is int or (type(number) is float and abs(number) < 2**53):
            facts[name] = int(number)
    for name in _OBJECTS:
        value = call.get(name)
        if isinstance(value, dict) and value:
            facts[name] = value
    return facts


def _digest(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=12).hexdigest()
