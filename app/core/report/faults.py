"""What went wrong in a call, as its record tells it, each kind once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WORDS = {
    "gave_up": "the model gave no answer; the caller heard an apology",
    "model_lost": "the model's session was lost",
    "model_error": "the model's server reported an error",
    "response_failed": "the model failed to answer",
    "response_stalled": "the model stopped in the middle of an answer",
    "response_incomplete": "an answer of the model was cut short",
    "transcription_failed": "words of the caller could not be written down",
    "noisy_line": "the caller could not be heard for noise",
    "audio_lost": "sound of the caller was lost",
    "wrong_format": "the model's server spoke another audio format",
    "bad_frame": "a message of the telephone side could not be read",
    "bad_event": "a message of the model could not be read",
    "marks_missing": "the telephone did not confirm what it played",
    "budget": "the call reached its budget",
    "booking_noted_failed": "a request that was noted could not be done",
}
"""Kinds of events that are faults, and what each means."""
_DETAILS = ("cause", "why", "code", "error", "reason", "alarm")


def faults(
    events: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The faults in order of their first time: `kind`, `what`, `count`, `at` (Unix seconds), and
    `detail` of the first one, or None."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        kind = str(event.get("kind"))
        if kind in WORDS:
            _count(found, kind, kind, WORDS[kind], event.get("at"), _detail(event))
    for tool in tools:
        if tool["state"] == "failed":
            what = f"the tool {tool['name']} failed"
            _count(found, what, "tool_failed", what, tool["ended_at"], tool["error"])
    return sorted(found.values(), key=lambda fault: fault["at"] or 0.0)


def _count(
    found: dict[str, dict[str, Any]], name: str, kind: str, what: str, at: Any, detail: Any
) -> None:
    if name in found:
        found[name]["count"] += 1
        return
    when = float(at) if isinstance(at, int | float) else None
    found[name] = {"kind": kind, "what": what, "count": 1, "at": when, "detail": detail}


def _detail(event: Mapping[str, Any]) -> str | None:
    return next((str(event[name])[:300] for name in _DETAILS if event.get(name)), None)
