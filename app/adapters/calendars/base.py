"""The protocol every calendar adapter fulfils.

All of them pass `tests/integration/calendars/conformance.py`. Rules common to all:

- Times are aware; what is returned is in UTC. All-day events block whole days of the business's
  time zone; recurring events block each occurrence; events marked free or cancelled do not block.
- `book`, `move` and `cancel` are idempotent by `key`: the same key again, also after a crash
  between the calendar's write and its answer, changes nothing and returns what is there.
- `book` and `move` check for conflicts at commit. Two writers racing for one time: one gets it,
  the other gets `SlotTaken`.
- A move or cancellation asked for earlier than the newest change made raises `Outdated`.
- Failures of the calendar itself are `CalendarFailed`. `CalendarDown` is one that may pass: the
  same key may be tried again. Of its kinds `CalendarBusy` says when, and `CalendarUnknown` that a
  change may have been made although nobody answered. `CalendarRefused` never passes: a wrong key,
  a request that the calendar does not take.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from app.core.booking.appointment import Appointment, Busy, Draft


class Calendar(Protocol):
    """One business calendar."""

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return everything that takes time between `start` and `end`, in order of start."""
        ...

    def book(self, draft: Draft, key: str) -> Appointment:
        """Write an appointment. Raises SlotTaken, CalendarDown."""
        ...

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment new time and details.

        Raises SlotTaken, BookingNotFound (also when it was cancelled), Outdated, CalendarDown.
        """
        ...

    def cancel(self, event_id: str, key: str, asked_at: float = 0.0) -> Appointment:
        """Cancel an appointment; one that is cancelled stays so.

        Raises BookingNotFound, Outdated (when `asked_at` is given and older), CalendarDown.
        """
        ...

    def fence(self, event_id: str, asked_at: float) -> Appointment | None:
        """Refuse every later change asked for before `asked_at`; give the appointment or None."""
        ...

    def get(self, event_id: str) -> Appointment | None:
        """Return an appointment of ours as it is now, cancelled ones included."""
        ...

    def made_by(self, key: str, *, around: dt.datetime) -> Appointment | None:
        """Return the appointment that `book` made under `key`, if it was written.

        `around` is a time near the one asked for; adapters that must search look about it.
        """
        ...

    def find(self, phone: str, *, after: dt.datetime) -> list[Appointment]:
        """Return our standing appointments of a telephone number that end after `after`."""
        ...

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        ...
