"""What a call has wished for and what came of it: the ledger every booking decision reads.

A *wish* is one intention of the caller (book, move, cancel), under the idempotency key of its
effect. Wishes are ordered by when they were asked for, not by when a worker gets to them: of two
wishes for the same thing the newer one counts, even if the older one's worker comes back late.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from app.core.booking.appointment import Appointment, Status
from app.core.language.name_match import same_name

Kind = Literal["book", "move", "cancel"]
State = Literal["pending", "done", "refused", "superseded"]

ANY_PLACE = "*"
MAX_WISHES = 48
MAX_BOOKINGS = 24


@dataclass(frozen=True, slots=True)
class Wish:
    """One intention. `start` and `service` say what a booking wants."""

    key: str
    kind: Kind
    asked_at: float
    state: State = "pending"
    service: str = ""
    name: str = ""
    start: str = ""
    booking_id: str = ""
    noted: bool = False
    """The caller was told that it is noted; it is still being tried."""
    place: str = ""
    """Empty: it takes the whole business. A resource of which there is one: that it is to be with
    this one. `ANY_PLACE`: others may book the same time beside it."""
    party_size: int = 0

    @property
    def order(self) -> tuple[float, str]:
        """Sorts wishes as the caller had them."""
        return (self.asked_at, self.key)


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as the record knows it; times are ISO 8601 in UTC."""

    id: str
    event_id: str
    uid: str
    service: str
    title: str
    name: str
    phone: str
    start: str
    end: str
    time_zone: str
    status: Status
    asked_at: float
    call_id: str
    business: str = ""
    resource: str = ""
    party_size: int = 0

    @classmethod
    def of(cls, appointment: Appointment) -> Booking:
        """The record of an appointment."""
        return cls(
            id=booking_id(appointment.uid),
            event_id=appointment.id,
            uid=appointment.uid,
            service=appointment.service,
            title=appointment.title,
            name=appointment.name,
            phone=appointment.phone,
            start=appointment.start.astimezone(dt.UTC).isoformat(),
            end=appointment.end.astimezone(dt.UTC).isoformat(),
            time_zone=appointment.time_zone,
            status=appointment.status,
            asked_at=appointment.asked_at,
            call_id=appointment.call_id,
            business=appointment.business,
            resource=appointment.resource,
            party_size=appointment.party_size,
        )

    @property
    def stands(self) -> bool:
        """True until it is cancelled."""
        return self.status == "confirmed"

    @property
    def starts(self) -> dt.datetime:
        """Its start, aware, in UTC."""
        return dt.datetime.fromisoformat(self.start)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The bookings and wishes of one call. Immutable: every change gives a new one."""

    bookings: dict[str, Booking] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    stop_at: float = 0.0
    """Bookings asked for before this time and not yet written are not wanted any more."""

    def with_wish(self, wish: Wish) -> Ledger:
        """Add or replace a wish."""
        wishes = {**self.wishes, wish.key: wish}
        if len(wishes) > MAX_WISHES:
            settled = sorted(
                (item for item in wishes.values() if item.state != "pending"),
                key=lambda item: item.order,
            )
            for old in settled[: len(wishes) - MAX_WISHES]:
                del wishes[old.key]
        return replace(self, wishes=wishes)

    def with_state(self, key: str, state: State, booking_id: str = "") -> Ledger:
        """Set what became of a wish."""
        wish = self.wishes[key]
        return self.with_wish(replace(wish, state=state, booking_id=booking_id or wish.booking_id))

    def with_booking(self, booking: Booking) -> Ledger:
        """Add or replace a booking."""
        bookings = {**self.bookings, booking.id: booking}
        if len(bookings) > MAX_BOOKINGS:
            oldest = min(bookings.values(), key=lambda item: (item.stands, item.start))
            del bookings[oldest.id]
        return replace(self, bookings=bookings)

    def without_event(self, event_id: str) -> Ledger:
        """Mark a booking cancelled whose event is gone from the calendar."""
        return replace(
            self,
            bookings={
                key: replace(item, status="cancelled") if item.event_id == event_id else item
                for key, item in self.bookings.items()
            },
        )

    def stopped(self, asked_at: float) -> Ledger:
        """Nothing asked for before `asked_at` and not yet written is wanted any more."""
        return replace(self, stop_at=max(self.stop_at, asked_at))

    def standing(self) -> list[Booking]:
        """Bookings that take place, in order of their start."""
        return sorted((b for b in self.bookings.values() if b.stands), key=lambda b: b.start)

    def holds(self, event_id: str) -> bool:
        """Tell whether a standing booking stands for this event."""
        return any(b.event_id == event_id and b.stands for b in self.bookings.values())

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "bookings": [_plain(item) for item in self.bookings.values()],
            "wishes": [_plain(item) for item in self.wishes.values()],
            "stop_at": self.stop_at,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ledger:
        """The inverse of `to_json`."""
        return cls(
            bookings={item["id"]: Booking(**item) for item in data["bookings"]},
            wishes={item["key"]: Wish(**item) for item in data["wishes"]},
            stop_at=data["stop_at"],
        )


_SINCE = ("resource", "place", "party_size")
"""Members that are left out where they say nothing, for releases before they were kept."""


def _plain(item: Booking | Wish) -> dict[str, Any]:
    return {k: v for k, v in asdict(item).items() if v or k not in _SINCE}


def booking_id(uid: str) -> str:
    """The short name of an appointment that the model is given."""
    return f"bk-{hashlib.sha256(uid.encode()).hexdigest()[:8]}"


def same_person(one: str, other: str) -> bool:
    """Tell whether two names can be one person's; no name fits any. See `name_match`."""
    return not one.strip() or not other.strip() or same_name(one, other)


def pending_books(wishes: Iterable[Wish]) -> list[Wish]:
    """Bookings begun and not known to be written, oldest first."""
    return sorted(
        (wish for wish in wishes if wish.kind == "book" and wish.state == "pending"),
        key=lambda wish: wish.order,
    )
