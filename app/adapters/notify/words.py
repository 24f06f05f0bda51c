"""Messages about bookings as people read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from app.adapters.notify.base import MESSAGE_KINDS, Change
from app.core.agent.definition import Agent

MAX_STAFF_TEXT = 480
_SUBJECTS = {
    "created": "Booked",
    "moved": "Moved",
    "cancelled": "Cancelled",
    "noted_done": "Done",
    "noted_failed": "NOT done",
    "callback": "Please call back",
    "request": "Please look at a call",
}


def text(change: Change, agent: Agent) -> str:
    """A short text message to the caller."""
    if change.booking is None:
        if change.kind == "noted_done":
            return f"{agent.business}: done. We had noted {change.wish}."
        return (
            f"{agent.business}: we are sorry, we could not do what we had noted ({change.wish})."
            " Please call us again."
        )
    what, when = _what(change.booking, agent), written(change.booking)
    line = {
        "created": f"your {what} is booked for {when}.",
        "moved": f"your {what} has been moved to {when}.",
        "cancelled": f"your {what} on {when} has been cancelled.",
    }[change.kind]
    return f"{agent.business}: {line}"


def staff_text(change: Change, agent: Agent) -> str:
    """A short text message to the business: a message that a caller left, or was promised."""
    about = "; ".join(line.strip() for line in _message_lines(change))
    return f"{subject(change, agent)}. {about}"[:MAX_STAFF_TEXT]


def subject(change: Change, agent: Agent) -> str:
    """The subject of a mail to the business."""
    if change.message is not None:
        urgent = "URGENT: message" if change.message.get("urgent") else "Message"
        return f"{urgent} from {change.message.get('name') or 'a caller'}"
    if change.kind in ("callback", "request"):
        return f"{_SUBJECTS[change.kind]}: {change.caller_number or 'number withheld'}"
    booked = change.booking
    what = f"{_what(booked, agent)}, {written(booked)}" if booked else ""
    return f"{_SUBJECTS[change.kind]}: {what or change.wish}"


def mail(change: Change, agent: Agent) -> str:
    """The body of a mail to the business."""
    lines: list[str] = []
    if change.kind in MESSAGE_KINDS:
        lines += _message_lines(change)
    elif change.booking is not None:
        lines += [
            f"Service: {change.booking['service']}",
            f"When:    {written(change.booking)} ({change.booking['time_zone']})",
            *([f"With:    {change.booking['resource']}"] if change.booking.get("resource") else []),
            *([f"People:  {change.booking['party_size']}"] if _size(change.booking) else []),
            f"Name:    {change.booking['name']}",
            f"Phone:   {change.booking.get('phone') or 'unknown'}",
        ]
    else:
        lines += [
            f"A caller was told while the calendar was away: we have noted {change.wish}.",
            "It has been done." if change.kind == "noted_done" else "It could NOT be done.",
            f"Phone:   {change.caller_number or 'unknown'}",
        ]
        if change.reason:
            lines.append(f"Reason:  {change.reason}")
    lines.append(f"Call:    {change.call_id}")
    return "\n".join(lines) + "\n"


def _message_lines(change: Change) -> list[str]:
    """A message for the business, line by line."""
    left = change.message
    if left is None:
        promised = change.kind == "callback"
        return [
            "A caller was promised that you call back."
            if promised
            else "A caller asked for something that was not done.",
            f"Phone:   {change.caller_number or 'withheld'}",
            f"Reason:  {change.reason}",
        ]
    phone = left.get("number") or left.get("number_as_said") or "none given"
    lines = [
        f"About:   {left.get('about') or 'not said'}",
        f"Name:    {left.get('name') or 'not given'}",
        f"Phone:   {phone}",
    ]
    if change.caller_number != left.get("number"):
        lines.append(f"Caller:  {change.caller_number or 'number withheld'}")
    if left.get("call_back"):
        lines.append(f"Call back: {left['call_back']['words']}")
    if not left.get("confirmed"):
        lines.append("The call ended before the caller had confirmed this.")
    return lines


def _what(booking: dict[str, Any], agent: Agent) -> str:
    """What was booked: "cut with Anna", "table for 4"."""
    words = [str(booking["service"])]
    if _size(booking):
        words.append(f"for {_size(booking)}")
    resource = agent.booking.resource(str(booking.get("resource") or ""))
    if resource is not None and resource.is_personal:
        words.append(f"with {resource.name}")
    return " ".join(words)


def _size(booking: dict[str, Any]) -> int:
    return int(booking.get("party_size") or 0)


def written(booking: dict[str, str]) -> str:
    """The time of a booking as one writes it: "Tue 9 Mar 2027, 2:00 PM"."""
    start = dt.datetime.fromisoformat(booking["start"])
    return f"{start:%a} {start.day} {start:%b %Y}, {start.hour % 12 or 12}:{start:%M %p}"
