"""Messages about bookings as people read them."""

from __future__ import annotations

import datetime as dt

from app.adapters.notify.base import Change
from app.core.agent.definition import Agent

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
    what, when = change.booking["service"], written(change.booking)
    line = {
        "created": f"your {what} is booked for {when}.",
        "moved": f"your {what} has been moved to {when}.",
        "cancelled": f"your {what} on {when} has been cancelled.",
    }[change.kind]
    return f"{agent.business}: {line}"


def subject(change: Change, agent: Agent) -> str:
    """The subject of a mail to the business."""
    if change.kind in ("callback", "request"):
        return f"{_SUBJECTS[change.kind]}: {change.caller_number or 'number withheld'}"
    what = f"{change.booking['service']}, {written(change.booking)}" if change.booking else ""
    return f"{_SUBJECTS[change.kind]}: {what or change.wish}"


def mail(change: Change, agent: Agent) -> str:
    """The body of a mail to the business."""
    lines = []
    if change.booking is not None:
        lines += [
            f"Service: {change.booking['service']}",
            f"When:    {written(change.booking)} ({change.booking['time_zone']})",
            f"Name:    {change.booking['name']}",
            f"Phone:   {change.booking.get('phone') or 'unknown'}",
        ]
    elif change.kind == "callback":
        lines += [
            "A caller was promised that you call back.",
            f"Phone:   {change.caller_number or 'withheld'}",
            f"Reason:  {change.reason}",
        ]
    elif change.kind == "request":
        lines += [
            "A caller asked for something that was not done.",
            f"Phone:   {change.caller_number or 'withheld'}",
            f"Reason:  {change.reason}",
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


def written(booking: dict[str, str]) -> str:
    """The time of a booking as one writes it: "Tue 9 Mar 2027, 2:00 PM"."""
    start = dt.datetime.fromisoformat(booking["start"])
    return f"{start:%a} {start.day} {start:%b %Y}, {start.hour % 12 or 12}:{start:%M %p}"
