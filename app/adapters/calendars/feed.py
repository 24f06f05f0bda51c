"""The bookings as an iCalendar object (RFC 5545) that any calendar program can subscribe to.

Times are in UTC, which every program shows on its own clock and no zone definition can get wrong.
UIDs are stable, SEQUENCE counts the changes, and what was cancelled stays in the feed as
``STATUS:CANCELLED``, so that subscribers see it go. Equal bookings give equal bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from icalendar import Calendar, Event, vDuration, vText

from app.core.booking.appointment import Appointment

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESH = dt.timedelta(minutes=5)


def to_ics(appointments: Iterable[Appointment], name: str, time_zone: str) -> bytes:
    """Write a feed; `name` is what calendar programs call it."""
    calendar = Calendar()
    calendar.add("prodid", "-//Callsmith//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar["X-WR-CALNAME"] = vText(name)
    calendar["X-WR-TIMEZONE"] = vText(time_zone)
    refresh = vDuration(REFRESH)
    refresh.params["VALUE"] = "DURATION"
    calendar["REFRESH-INTERVAL"] = refresh
    calendar["X-PUBLISHED-TTL"] = vDuration(REFRESH)
    for appointment in sorted(appointments, key=lambda a: (a.start, a.uid)):
        calendar.add_component(_event(appointment))
    return bytes(calendar.to_ical())


def standard(appointment: Appointment) -> Event:
    """The standard properties that any calendar program understands; times in UTC."""
    event = Event()
    event.add("uid", appointment.uid)
    event.add("dtstamp", appointment.updated.astimezone(dt.UTC))
    event.add("last-modified", appointment.updated.astimezone(dt.UTC))
    event.add("dtstart", appointment.start.astimezone(dt.UTC))
    event.add("dtend", appointment.end.astimezone(dt.UTC))
    event.add("summary", appointment.summary)
    if appointment.resource:
        event.add("resources", appointment.resource)
        event.add("categories", [appointment.resource])
    event.add("sequence", appointment.sequence)
    event.add("status", "CANCELLED" if appointment.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if appointment.cancelled else "OPAQUE")
    return event


def _event(appointment: Appointment) -> Event:
    event = standard(appointment)
    lines = [
        f"Name: {appointment.name}",
        f"Phone: {appointment.phone}" if appointment.phone else "",
        f"People: {appointment.party_size}" if appointment.party_size else "",
        f"With: {appointment.resource}" if appointment.resource else "",
        f"Notes: {appointment.notes}" if appointment.notes else "",
    ]
    event.add("description", "\n".join(line for line in lines if line))
    return event
