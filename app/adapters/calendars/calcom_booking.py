"""Appointments as bookings of Cal.com's API (version 2, 2024-08-13).

Metadata may hold 50 keys of up to 40 characters with strings of up to 500.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from app.adapters.calendars.guarded import id_of
from app.core.booking.appointment import Appointment, Draft

ID = "callsmith"
_TEXTS = ("service", "phone", "notes", "time_zone", "call_id", "business")


def write(draft: Draft, key: str, event_type: int, email: str) -> dict[str, Any]:
    """The body that creates a booking. Its length is that of the event type."""
    attendee = {"name": draft.name, "timeZone": draft.time_zone, "language": "en"}
    if draft.phone:
        attendee["phoneNumber"] = draft.phone
    if email or not draft.phone:
        attendee["email"] = email or "unknown@example.com"
    body: dict[str, Any] = {
        "start": utc(draft.start),
        "eventTypeId": draft.calcom_event_type or event_type,
        "attendee": attendee,
        "metadata": {
            ID: id_of(key),
            "key": key[:500],
            "title": draft.title[:500],
            "buffers": f"{draft.before} {draft.after}",
            "asked_at": repr(draft.asked_at),
            **{name: str(getattr(draft, name))[:500] for name in _TEXTS},
        },
    }
    if draft.notes:
        body["bookingFieldsResponses"] = {"notes": draft.notes}
    return body


def read(data: dict[str, Any]) -> Appointment:
    """The appointment of a booking of ours. Raises KeyError or ValueError on other data."""
    kept = data["metadata"]
    start, end = span(data)
    before, after = (int(part) for part in str(kept["buffers"]).split())
    name = data["attendees"][0]["name"] if data.get("attendees") else ""
    updated = data.get("updatedAt") or data.get("createdAt") or data["start"]
    return Appointment(
        id=kept[ID],
        uid=f"{kept[ID]}@callsmith",
        start=start,
        end=end,
        title=str(kept["title"]),
        name=str(name),
        before=before,
        after=after,
        asked_at=float(kept["asked_at"]),
        status="confirmed" if data.get("status") in ("accepted", "pending") else "cancelled",
        updated=dt.datetime.fromisoformat(updated).replace(microsecond=0),
        applied=(str(kept["key"]),),
        service=str(kept["service"]),
        phone=str(kept.get("phone", "")),
        notes=str(kept.get("notes", "")),
        time_zone=str(kept["time_zone"]),
        call_id=str(kept.get("call_id", "")),
        business=str(kept.get("business", "")),
    )


def ours(data: dict[str, Any] | None) -> bool:
    """Tell whether this program made the booking."""
    return bool(data) and ID in ((data or {}).get("metadata") or {})


def replaced(data: dict[str, Any]) -> str:
    """The uid of the booking it was rescheduled to; empty if it was not."""
    return str(data.get("rescheduledToUid") or "")


def span(data: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """Start and end of a booking or a slot, in UTC."""
    start, end = (dt.datetime.fromisoformat(data[name]) for name in ("start", "end"))
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def utc(moment: dt.datetime) -> str:
    """A time as Cal.com takes it: ``2027-03-10T18:00:00Z``."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
