"""Values of the booking domain: busy time, an appointment to be written, an appointment as written.

All datetimes are aware; adapters return UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.errors import BookingNotFound, Outdated

Status = Literal["confirmed", "cancelled"]

MAX_APPLIED = 12
"""How many idempotency keys an appointment remembers."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that cannot be booked, with the minutes it wants kept free around it.

    `event_id` is set where the calendar says what takes the time.
    """

    start: dt.datetime
    end: dt.datetime
    before: int = 0
    after: int = 0
    event_id: str = ""
    resource: str = ""
    """What it takes one of; empty takes the whole business."""

    def blocks(self, start: dt.datetime, end: dt.datetime, before: int = 0, after: int = 0) -> bool:
        """Tell whether an appointment at `start`..`end` with these buffers would collide.

        Each side's buffer must be free of the other's own time; two buffers may overlap.
        """
        gap_first = dt.timedelta(minutes=max(self.after, before))
        gap_second = dt.timedelta(minutes=max(after, self.before))
        return start < self.end + gap_first and self.start < end + gap_second


@dataclass(frozen=True, slots=True)
class Place:
    """A resource that an appointment may have, and how many appointments can have it at once."""

    resource: str
    capacity: int = 1


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
    asked_at: float = 0.0
    """Unix seconds at which this was asked for. An older wish never undoes a newer one."""
    business: str = ""
    """The id of the business it is with."""
    calcom_event_type: int | None = None
    places: tuple[Place, ...] = ()
    """What may serve it, the best first: it gets the first that is free. Empty takes the whole
    business."""
    party_size: int = 0
    """How many people come; 0 where that does not matter."""

    def at(self, start: dt.datetime, end: dt.datetime) -> Draft:
        """The same appointment at another time."""
        return replace(self, start=start, end=end)

    def preferring(self, resource: str) -> Draft:
        """The same appointment, with this resource if it is free and one of those that may serve
        it."""
        first = tuple(place for place in self.places if place.resource == resource)
        others = tuple(place for place in self.places if place.resource != resource)
        return replace(self, places=first + others)


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as the calendar holds it.

    `id` is the calendar's own identifier, `uid` the stable one of RFC 5545. `applied` holds the
    idempotency keys of the changes already made to it, oldest first, at most `MAX_APPLIED`, and
    `asked_at` when the newest of them was asked for.
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
    asked_at: float = 0.0
    status: Status = "confirmed"
    sequence: int = 0
    business: str = ""
    """The id of the business it is with; empty in what releases before it was kept have written."""
    updated: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    applied: tuple[str, ...] = ()
    resource: str = ""
    """What it takes one of; empty takes the whole business."""
    party_size: int = 0
    """How many people come; 0 where that does not matter."""

    @property
    def cancelled(self) -> bool:
        """True once it no longer takes place."""
        return self.status == "cancelled"

    def changed(self, key: str, asked_at: float, now: dt.datetime, **fields: Any) -> Appointment:
        """The next revision: `fields` changed by the wish asked for under `key`."""
        return replace(
            self,
            sequence=self.sequence + 1,
            updated=now.replace(microsecond=0),
            asked_at=max(self.asked_at, asked_at),
            applied=(self.applied[:1] + (*self.applied[1:], key)[1 - MAX_APPLIED :]),
            **fields,
        )

    def fenced(self, asked_at: float) -> Appointment:
        """The same, closed to changes asked for before `asked_at`."""
        return replace(self, asked_at=max(self.asked_at, asked_at))

    def moved(
        self, draft: Draft, key: str, now: dt.datetime, place: Place | None = None
    ) -> Appointment:
        """The next revision, with the time and details of `draft`, and what it gets of its places.

        Raises Outdated where a newer change was made, BookingNotFound where it is cancelled.
        """
        if draft.asked_at < self.asked_at:
            raise Outdated
        if self.cancelled:
            raise BookingNotFound
        return self.changed(
            key,
            draft.asked_at,
            now,
            start=draft.start,
            end=draft.end,
            service=draft.service,
            title=draft.title,
            name=draft.name,
            phone=draft.phone or self.phone,
            notes=draft.notes or self.notes,
            time_zone=draft.time_zone,
            before=draft.before,
            after=draft.after,
            resource=place.resource if place else "",
            party_size=draft.party_size,
        )

    def called_off(self, key: str, asked_at: float, now: dt.datetime) -> Appointment:
        """The next revision, cancelled; the same one where it is already.

        Raises Outdated where a newer change was made than one asked for at `asked_at`, if given.
        """
        if self.cancelled:
            return self
        if asked_at and asked_at < self.asked_at:
            raise Outdated
        return self.changed(key, asked_at, now, status="cancelled")

    @classmethod
    def made(
        cls,
        event_id: str,
        uid: str,
        draft: Draft,
        key: str,
        now: dt.datetime,
        place: Place | None = None,
    ) -> Appointment:
        """The first revision, as `draft` wants it, and what it gets of its places."""
        return cls(
            id=event_id,
            uid=uid,
            start=draft.start,
            end=draft.end,
            service=draft.service,
            title=draft.title,
            name=draft.name,
            phone=draft.phone,
            notes=draft.notes,
            time_zone=draft.time_zone,
            before=draft.before,
            after=draft.after,
            call_id=draft.call_id,
            asked_at=draft.asked_at,
            business=draft.business,
            updated=now.replace(microsecond=0),
            applied=(key,),
            resource=place.resource if place else "",
            party_size=draft.party_size,
        )

    @property
    def summary(self) -> str:
        """What calendars show it as: its title, with what the title does not say."""
        return f"{self.title}{self._details}"

    def titled(self, summary: str) -> Appointment:
        """The same with the title that a calendar's `summary` has, as people may have changed it.
        The inverse of `summary`."""
        return replace(self, title=summary.removesuffix(self._details))

    @property
    def _details(self) -> str:
        people = f"{self.party_size} people" if self.party_size else ""
        told = ", ".join(part for part in (people, self.resource) if part)
        return f" ({told})" if told else ""

    def busy(self) -> Busy:
        """The time it takes."""
        return Busy(
            self.start,
            self.end,
            self.before,
            self.after,
            event_id=self.id,
            resource=self.resource,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data; datetimes as ISO 8601 in UTC."""
        return {
            **with_resource(self.resource, self.party_size),
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
            "asked_at": self.asked_at,
            "business": self.business,
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


def busy_beside(busy: Sequence[Busy], own: Appointment | None) -> list[Busy]:
    """What takes time beside an appointment that is to be moved.

    A calendar that does not say whose time is whose is taken at its word, but for what lies wholly
    within the appointment.
    """
    if own is None:
        return list(busy)
    begin = own.start - dt.timedelta(minutes=own.before)
    end = own.end + dt.timedelta(minutes=own.after)

    def is_own(item: Busy) -> bool:
        if item.event_id:
            return item.event_id == own.id
        return begin <= item.start and item.end <= end

    return [item for item in busy if not is_own(item)]


def with_resource(resource: str, party_size: int) -> dict[str, Any]:
    """The members of a record that say what an appointment takes and for how many people; only
    those that say something, so that releases before they were kept can read the others."""
    found = {"resource": resource, "party_size": party_size}
    return {name: value for name, value in found.items() if value}


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()
