"""Appointments as events of the Google Calendar API (version 3, resource Events).

Time, title and status are the event's own fields, so what a person changes there counts. The rest
is in private extended properties (values of at most 1,024 characters).
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.core.booking.appointment import Appointment

MARK = "callsmith"
MARKED = f"{MARK}=1"
_KEPT = (
    "uid",
    "service",
    "name",
    "phone",
    "time_zone",
    "before",
    "after",
    "call_id",
    "asked_at",
    "updated",
    "sequence",
)
_SINCE = ("business", "resource", "party_size")
"""Members that older events lack, and the last two all that say nothing by them."""


def write(appointment: Appointment) -> dict[str, Any]:
    """The body that inserts or updates an appointment."""
    data = appointment.to_json()
    described = [appointment.name, appointment.phone, appointment.notes]
    return {
        "id": appointment.id,
        "summary": appointment.summary,
        **({"location": appointment.resource} if appointment.resource else {}),
        "description": "\n".join(line for line in described if line),
        "start": {"dateTime": data["start"], "timeZone": appointment.time_zone},
        "end": {"dateTime": data["end"], "timeZone": appointment.time_zone},
        "status": appointment.status,
        "transparency": "transparent" if appointment.cancelled else "opaque",
        "extendedProperties": {
            "private": {
                MARK: "1",
                "data": orjson.dumps(
                    {name: data[name] for name in (*_KEPT, *_SINCE) if name in data}
                ).decode(),
                "notes": appointment.notes[:1000],
                "applied": ",".join(appointment.applied),
            }
        },
    }


def read(event: dict[str, Any], zone: ZoneInfo) -> Appointment | None:
    """The appointment of an event; None where it is not one of ours, or only its id is left."""
    kept = (event.get("extendedProperties") or {}).get("private") or {}
    if kept.get(MARK) != "1" or "start" not in event:
        return None
    try:
        data = orjson.loads(kept["data"])
        start, end = span(event, zone)
        return Appointment(
            **{name: data[name] for name in _KEPT if name != "updated"},
            **{name: data[name] for name in _SINCE if name in data},
            id=event["id"],
            start=start,
            end=end,
            title="",
            notes=kept.get("notes", ""),
            status="cancelled" if event.get("status") == "cancelled" else "confirmed",
            updated=dt.datetime.fromisoformat(data["updated"]),
            applied=tuple(key for key in kept.get("applied", "").split(",") if key),
        ).titled(str(event.get("summary", "")))
    except (KeyError, TypeError, ValueError):
        return None


def blocks_time(event: dict[str, Any]) -> bool:
    """Tell whether an event takes time: not cancelled, not marked as free, not declined."""
    if event.get("status") == "cancelled" or event.get("transparency") == "transparent":
        return False
    return not any(
        guest.get("self") and guest.get("responseStatus") == "declined"
        for guest in event.get("attendees", ())
    )


def span(event: dict[str, Any], zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The UTC instants an event begins and ends; whole days are days of `zone`."""
    return _instant(event["start"], zone), _instant(event["end"], zone)


def _instant(when: dict[str, str], zone: ZoneInfo) -> dt.datetime:
    if "dateTime" in when:
        moment = dt.datetime.fromisoformat(when["dateTime"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(when.get("timeZone") or str(zone)))
    else:
        moment = dt.datetime.combine(dt.date.fromisoformat(when["date"]), dt.time(), zone)
    return moment.astimezone(dt.UTC)
