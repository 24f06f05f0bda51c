"""One sample of every webhook this program takes, in the form the sender gives it.

Retell's are built after the samples and field tables of its docs and the types of its SDK; the
story is one appointment call to the shipped agent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CALLER, BUSINESS, COLLEAGUE = "+14155550142", "+14155550100", "+14155550177"

_TALK = (
    ("agent", "Thanks for calling Harbor Dental, this is Mia. How can I help? ", 0.6),
    ("user", "Hi, I'd like to book a cleaning for next Wednesday at two. ", 5.1),
    ("agent", "Let me check Wednesday for you. ", 9.0),
)
_CHAT = (
    ("agent", "Hi Dana, this is Harbor Dental."),
    ("user", "Can I book a cleaning for next Wednesday at three?"),
)


def sample(event: str, call_id: str, now_ms: int) -> dict[str, Any]:
    """The payload of `event` about `call_id` at `now_ms`. Raises KeyError for an unknown event."""
    return SAMPLES[event](call_id, now_ms)


def _call(call_id: str, now_ms: int, **more: Any) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "call_type": "phone_call",
        "agent_id": "agent_harbor_dental",
        "agent_version": 3,
        "agent_name": "Harbor Dental front desk",
        "agent_tag": "prod",
        "call_status": "ongoing",
        "direction": "inbound",
        "from_number": CALLER,
        "to_number": BUSINESS,
        "metadata": {"contact": "c_88121"},
        "retell_llm_dynamic_variables": {"customer_name": "Dana"},
        "data_storage_setting": "everything",
        "start_timestamp": now_ms - 24_500,
        **more,
    }


def _utterances() -> list[dict[str, Any]]:
    listed = []
    for role, content, second in _TALK:
        words = [
            {
                "word": word,
                "start": round(second + place * 0.28, 2),
                "end": round(second + place * 0.28 + 0.25, 2),
            }
            for place, word in enumerate(content.split())
        ]
        listed.append({"role": role, "content": content, "words": words})
    return listed


def _said() -> dict[str, Any]:
    return {
        "transcript": "".join(
            f"{'Agent' if role == 'agent' else 'User'}: {content.strip()}\n"
            for role, content, _ in _TALK
        ),
        "transcript_object": _utterances(),
        "transcript_with_tool_calls": [
            *_utterances(),
            {
                "role": "tool_call_invocation",
                "tool_call_id": "tool_1",
                "name": "check_availability",
                "arguments": '{"part_of_day": "afternoon"}',
            },
            {"role": "tool_call_result", "tool_call_id": "tool_1", "content": "{}"},
        ],
    }


def _over(now_ms: int) -> dict[str, Any]:
    return {
        "call_status": "ended",
        "end_timestamp": now_ms,
        "duration_ms": 24_500,
        "disconnection_reason": "agent_hangup",
        "call_cost": {"combined_cost": 5.72, "total_duration_seconds": 25, "product_costs": []},
        "latency": {"e2e": {"p50": 840, "p90": 1190, "min": 720, "max": 1190, "num": 3}},
        **_said(),
    }


def _started(call_id: str, now_ms: int) -> dict[str, Any]:
    return {"event": "call_started", "call": _call(call_id, now_ms, start_timestamp=now_ms)}


def _ended(call_id: str, now_ms: int) -> dict[str, Any]:
    return {"event": "call_ended", "call": _call(call_id, now_ms, **_over(now_ms))}


def _analyzed(call_id: str, now_ms: int) -> dict[str, Any]:
    analysis = {
        "call_summary": "The caller asked to book a cleaning.",
        "in_voicemail": False,
        "user_sentiment": "Positive",
        "call_successful": True,
        "custom_analysis_data": {},
    }
    over = {**_over(now_ms), "call_analysis": analysis}
    return {"event": "call_analyzed", "call": _call(call_id, now_ms, **over)}


def _updated(call_id: str, now_ms: int) -> dict[str, Any]:
    return {"event": "transcript_updated", "call": _call(call_id, now_ms, **_said())}


def _transfer(event: str, **beside: Any) -> Callable[[str, int], dict[str, Any]]:
    def build(call_id: str, now_ms: int) -> dict[str, Any]:
        return {
            "event": event,
            "call": _call(call_id, now_ms),
            "transfer_destination": {"number": COLLEAGUE, "extension": "204"},
            **beside,
        }

    return build


def _transfer_ended(call_id: str, now_ms: int) -> dict[str, Any]:
    over = {
        **_over(now_ms),
        "disconnection_reason": "call_transfer",
        "transfer_destination": COLLEAGUE,
        "transfer_end_timestamp": now_ms,
    }
    return {"event": "transfer_ended", "call": _call(call_id, now_ms, **over)}


def _chat(event: str, **more: Any) -> Callable[[str, int], dict[str, Any]]:
    def build(chat_id: str, now_ms: int) -> dict[str, Any]:
        chat = {
            "chat_id": chat_id,
            "agent_id": "agent_harbor_sms",
            "version": 3,
            "chat_status": "ongoing",
            "chat_type": "sms_chat",
            "retell_llm_dynamic_variables": {"customer_name": "Dana"},
            "start_timestamp": now_ms - 60_000,
        }
        if event != "chat_started":
            chat["transcript"] = "".join(
                f"{'Agent' if role == 'agent' else 'User'}: {content}\n" for role, content in _CHAT
            )
            chat["message_with_tool_calls"] = [
                {
                    "message_id": f"msg_{place}",
                    "role": role,
                    "content": content,
                    "created_timestamp": now_ms - 50_000 + place * 8000,
                }
                for place, (role, content) in enumerate(_CHAT)
            ]
        if event in ("chat_ended", "chat_analyzed"):
            chat |= {"chat_status": "ended", "end_timestamp": now_ms}
        return {"event": event, "chat": {**chat, **more}}

    return build


def _alert(event: str) -> Callable[[str, int], dict[str, Any]]:
    def build(incident: str, now_ms: int) -> dict[str, Any]:
        return {
            "event": event,
            "alert": {
                "alert_incident_id": incident,
                "alert_rule_id": "rule_1",
                "name": "Custom LLM errors",
                "metric_type": "call_count",
                "threshold_type": "absolute",
                "threshold_value": 20,
                "comparator": "gt",
                "current_value": 31,
                "previous_value": None,
                "triggered_timestamp": now_ms - 600_000,
                "resolved_timestamp": now_ms if event == "alert_resolved" else None,
            },
        }

    return build


def _plain(event: str, **more: Any) -> Callable[[str, int], dict[str, Any]]:
    return lambda session_id, now_ms: {"event": event, "sessionId": session_id, **more}


def _inbound(call_id: str, now_ms: int) -> dict[str, Any]:
    return {
        "event": "call_inbound",
        "event_timestamp": now_ms,
        "call_inbound": {
            "call_id": call_id,
            "agent_id": "agent_harbor_dental",
            "agent_version": 3,
            "from_number": CALLER,
            "to_number": BUSINESS,
            "custom_sip_headers": {"x-tenant": "harbor"},
        },
    }


def _inbound_sms(chat_id: str, now_ms: int) -> dict[str, Any]:
    return {
        "event": "chat_inbound",
        "chat_inbound": {
            "chat_id": chat_id,
            "agent_id": "agent_harbor_sms",
            "agent_version": 3,
            "from_number": CALLER,
            "to_number": BUSINESS,
        },
    }


SAMPLES: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "call_started": _started,
    "transcript_updated": _updated,
    "call_ended": _ended,
    "call_analyzed": _analyzed,
    "transfer_started": _transfer(
        "transfer_started",
        transfer_option={"type": "cold_transfer", "showTransfereeAsCaller": True},
    ),
    "transfer_bridged": _transfer("transfer_bridged", transfer_option={"type": "cold_transfer"}),
    "transfer_cancelled": _transfer("transfer_cancelled"),
    "transfer_ended": _transfer_ended,
    "chat_started": _chat("chat_started"),
    "chat_transcript_updated": _chat("transcript_updated"),
    "chat_ended": _chat("chat_ended"),
    "chat_analyzed": _chat("chat_analyzed", chat_analysis={"chat_summary": "Asked to book."}),
    "alert_triggered": _alert("alert_triggered"),
    "alert_resolved": _alert("alert_resolved"),
    "session_start": _plain("session_start"),
    "transcript": _plain(
        "transcript",
        transcript="I'd like to book a checkup for next Wednesday at four",
        isFinal=True,
    ),
    "interruption": _plain("interruption"),
    "session_end": _plain("session_end"),
    "call_inbound": _inbound,
    "chat_inbound": _inbound_sms,
}
"""Sample builders by the name the command line knows them by; a chat's `transcript_updated` is
``chat_transcript_updated`` there."""
