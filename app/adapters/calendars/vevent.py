"""Appointments as VEVENTs of RFC 5545, for calendars that people edit too.

Time, title and status are the standard properties: what a person changes there counts. The rest of
an appointment is JSON in base 64 in ``X-CALLSMITH``: servers and libraries keep it as it is.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Container
from zoneinfo import ZoneInfo

import orjson
from icalendar import Calendar, Event, vText

from app.adapters.calendars.feed import standard
from app.adapters.calendars.occurrences import span
from app.core.booking.appointment import Appointment

DATA = "X-CALLSMITH"
_KEPT = (
    "id",
    "service",
    "name",
    "phone",
    "notes",
    "time_zone",
    "before",
    "after",
    "call_id",
    "asked_at",
    "applied",
)
_SINCE = ("business", "resource", "party_size")
"""Members that older events lack, and the last two all that say nothing by them."""


def write(appointment: Appointment) -> bytes:
    """One appointment as a calendar object; times in UTC."""
    calendar = Calendar()
    calendar.add("prodid", "-//Callsmith//Bookings//EN")
    calendar.add("version", "2.0")
    event = standard(appointment)
    described = [appointment.name, appointment.phone, appointment.notes]
    event.add("description", "\n".join(line for line in described if line))
    data = appointment.to_json()
    kept = orjson.dumps({name: data[name] for name in (*_KEPT, *_SINCE) if name in data})
    event[DATA] = vText(base64.urlsafe_b64encode(kept).decode())
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def read(event: Event, zone: ZoneInfo) -> Appointment | None:
    """The appointment of a VEVENT; None where it is not one of ours."""
    kept = event.get(DATA)
    if kept is None:
        return None
    try:
        data = orjson.loads(base64.urlsafe_b64decode(str(kept)))
        start, end = span(event, zone)
        stamp = event.get("last-modified") or event.get("dtstamp")
        updated = stamp.dt if stamp is not None else start
        return Appointment(
            **{name: data[name] for name in _KEPT if name != "applied"},
            **{name: data[name] for name in _SINCE if name in data},
            applied=tuple(data["applied"]),
            uid=str(event["uid"]),
            start=start,
            end=end,
            title="",
            status="cancelled" if _cancelled(event) else "confirmed",
            sequence=int(event.get("sequence", 0)),
            updated=updated.astimezone(dt.UTC)
            if updated.tzinfo
            else updated.replace(tzinfo=dt.UTC),
        ).titled(str(event.get("summary", "")))
    except (KeyError, TypeError, ValueError):
        return None


def resources(event: Event, known: Container[str]) -> tuple[str, ...]:
    """The `known` resources that an event which is not ours names, by RESOURCES or CATEGORIES."""
    named: list[str] = []
    for name in ("resources", "categories"):
        found = event.get(name) or ()
        for value in found if isinstance(found, list) else [found]:
            named += [str(item) for item in getattr(value, "cats", ())] or [str(value)]
    return tuple(dict.fromkeys(name for name in named if name in known))


def blocks_time(event: Event) -> bool:
    """Tell whether an event takes time: it is neither cancelled nor marked as free."""
    return not _cancelled(event) and str(event.get("transp", "OPAQUE")).upper() != "TRANSPARENT"


def _cancelled(event: Event) -> bool:
    return str(event.get("status", "")).upper() == "CANCELLED"
