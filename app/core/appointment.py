"""Values of the booking domain: busy time, an appointment to be written, an appointment as written.

All datetimes are aware; adapters return UTC.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Literal

Status = Literal["confirmed", "cancelled"]

MAX_APPLIED = 12
"""How many idempotency keys an appointment remembers."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that cannot be booked, with the minutes it wants kept free around it.

    `key` is set on appointments of ours: the idempotency key that made them.
    """

    start: dt.datetime
    end: dt.datetime
    before: int = 0
    after: int = 0
    key: str = ""
    event_id: str = ""

    def blocks(self, start: dt.datetime, end: dt.datetime, before: int = 0, after: int = 0) -> bool:
        """Tell whether an appointment at `start`..`end` with these buffers would collide.

        Each side's buffer must be free of the other's own time; two buffers may overlap.
        """
        gap_first = dt.timedelta(minutes=max(self.after, before))
        gap_second = dt.timedelta(minutes=max(after, self.before))
        return start < self.end + gap_first and self.start < end + gap_second


@dataclass(frozen=True, slots=True)
class Draft:
    """An appointment to be written: whom, what, when, and the buffers around it (minutes)."""

    start: dt.datetime
    end: dt.datetime
    service: str
    title: str
    name: str
    phone: str = ""
    notes: str = ""
    time_zone: str = "UTC"
    before: int = 0
    after: int = 0
    call_id: str = ""
    calcom_event_type: int | None = None

    def at(self, start: dt.datetime, end: dt.datetime) -> Draft:
        """The same appointment at another time."""
        return replace(self, start=start, end=end)


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as the calendar holds it.

    `id` is the calendar's own identifier, `uid` the stable one of RFC 5545. `applied` holds the
    idempotency keys of the changes already made to it, oldest first, at most `MAX_APPLIED`.
    """

    id: str
    uid: str
    start: dt.datetime
    end: dt.datetime
    service: str
    title: str
    name: str
    phone: str = ""
    notes: str = ""
    time_zone: str = "UTC"
    before: int = 0
    after: int = 0
    call_id: str = ""
    status: Status = "confirmed"
    sequence: int = 0
    updated: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    applied: tuple[str, ...] = ()

    @property
    def cancelled(self) -> bool:
        """True once it no longer takes place."""
        return self.status == "cancelled"

    def with_key(self, key: str) -> Appointment:
        """Remember that the change asked for under `key` has been made."""
        return replace(self, applied=(*self.applied, key)[-MAX_APPLIED:])

    def busy(self) -> Busy:
        """The time it takes."""
        return Busy(
            self.start,
            self.end,
            self.before,
            self.after,
            key=self.applied[0] if self.applied else "",
            event_id=self.id,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data; datetimes as ISO 8601 in UTC."""
        return {
            "id": self.id,
            "uid": self.uid,
            "start": _iso(self.start),
            "end": _iso(self.end),
            "service": self.service,
            "title": self.title,
            "name": self.name,
            "phone": self.phone,
            "notes": self.notes,
            "time_zone": self.time_zone,
            "before": self.before,
            "after": self.after,
            "call_id": self.call_id,
            "status": self.status,
            "sequence": self.sequence,
            "updated": _iso(self.updated),
            "applied": list(self.applied),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Appointment:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError on other data."""
        return cls(
            **{
                **data,
                "start": dt.datetime.fromisoformat(data["start"]),
                "end": dt.datetime.fromisoformat(data["end"]),
                "updated": dt.datetime.fromisoformat(data["updated"]),
                "applied": tuple(data["applied"]),
            }
        )


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()
