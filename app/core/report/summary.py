"""The summary of a call in sentences made by rules: only what the record says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

Items = Sequence[Mapping[str, Any]]

_DID = {"booked": "Booked", "moved": "Moved", "cancelled": "Cancelled", "noted": "Noted"}
_MESSAGES = {"callback": "The caller was promised a call back", "request": "Left open"}


def summarise(report: Mapping[str, Any], *, said: int, seconds: float | None) -> str:
    """`report` has `outcome`, `bookings`, `messages`, `not_done`, `tools` and `faults`; `said`
    counts what the caller said."""
    sentences = [
        *_bookings(report["bookings"], report["outcome"]),
        *(_message(message) for message in report["messages"]),
        *_tools(report["tools"]),
        *(f"Not done: {_words(item['request'])}: {item['why']}." for item in report["not_done"]),
    ]
    if report["outcome"] == "transferred":
        sentences.append("The call was put through.")
    if report["outcome"] == "refused":
        sentences.append("The call was refused.")
    if not sentences:
        sentences.append("Nothing was booked, noted or left open.")
    if any(fault["kind"] == "gave_up" for fault in report["faults"]):
        sentences.append("The model gave no answer, and the caller heard an apology.")
    spoke = f"the caller spoke {said} time{'' if said == 1 else 's'}" if said else "nobody spoke"
    length = f"{_length(seconds)}, " if seconds is not None else ""
    return " ".join(_sentence(text) for text in [*sentences, f"{length}{spoke}."])


def _bookings(bookings: Items, outcome: str) -> list[str]:
    found = []
    for booking in bookings:
        status = str(booking.get("status"))
        if status == "booked" and outcome == "moved":
            status = "moved"
        what, name = booking.get("service") or "an appointment", booking.get("name")
        whose = f" for {name}" if name else ""
        verb = _DID.get(status, status.capitalize())
        to = " to" if status == "moved" else ","
        found.append(f"{verb}: {what}{whose}{to} {_when(booking.get('start'))}.")
    return found


def _message(message: Mapping[str, Any]) -> str:
    kind = str(message.get("kind"))
    return f"{_MESSAGES.get(kind, 'Message')}: {message.get('text') or 'without words'}."


def _tools(tools: Items) -> list[str]:
    """Tools of the business's own that changed something."""
    shown = ("book_appointment", "reschedule_appointment", "cancel_appointment", "take_message")
    done = [
        _words(tool["name"])
        for tool in tools
        if tool["ok"] and tool["kind"] != "read" and tool["name"] not in shown
    ]
    return [f"Done: {', '.join(dict.fromkeys(done))}."] if done else []


def _words(name: str) -> str:
    return name.replace("_", " ")


def _sentence(text: str) -> str:
    text = text.strip()
    while text.endswith(("..", "?.", "!.")):
        text = text[:-1]
    return text[:1].upper() + text[1:]


def _when(start: Any) -> str:
    try:
        at = dt.datetime.fromisoformat(str(start))
    except ValueError:
        return "at a time that is not known"
    return f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
