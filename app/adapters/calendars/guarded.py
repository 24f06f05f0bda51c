"""What calendars have in common that cannot check for conflicts and write in one step.

An appointment's resource is named after its idempotency key and created only if it is not there; a
change is made only to the revision that was read. Conflicts are looked for before and after each
write, with our own writers waiting for each other (`day_lock`); where a person added something in
between, the booking gives way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from redis import Redis

from app.adapters.calendars import day_lock
from app.core.booking.appointment import Appointment, Busy, Draft, Place
from app.core.booking.capacity import first_free
from app.errors import BookingNotFound, CalendarBusy, SlotTaken

MARGIN = dt.timedelta(hours=4)
"""The longest buffer around an appointment."""
AHEAD = dt.timedelta(days=400)
"""How far ahead a caller's appointments are looked for."""
MAX_TRIES = 8

Change = Callable[[Appointment], Appointment]
Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


class GuardedCalendar(ABC):
    """Fulfils `base.Calendar` over five simple operations. `name` names the calendar for locks."""

    def __init__(self, name: str, redis: Redis, clock: Clock) -> None:
        self._name = name
        self._redis = redis
        self._clock = clock

    # What an adapter gives

    @abstractmethod
    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""

    @abstractmethod
    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""

    @abstractmethod
    def _read(self, event_id: str) -> tuple[Appointment | None, str]:
        """Give an appointment and the tag of its revision."""

    @abstractmethod
    def _create(self, appointment: Appointment) -> bool:
        """Create; False where its id is there already."""

    @abstractmethod
    def _replace(self, appointment: Appointment, tag: str) -> bool:
        """Replace the revision `tag`, any where it is empty; False where it is another one."""

    @abstractmethod
    def _remove(self, appointment: Appointment) -> None:
        """Remove what was just created."""

    # What the protocol asks for

    def book(self, draft: Draft, key: str) -> Appointment:
        """Write an appointment; the same key again gives the same one."""
        event_id = id_of(key)
        with day_lock.days(self._redis, self._name, draft.start - MARGIN, draft.end + MARGIN):
            there, _ = self._read(event_id)
            if there is not None:
                return there
            place = self._find_place(draft, event_id)
            uid = f"{event_id}@callsmith"
            made = Appointment.made(event_id, uid, draft, key, self._clock(), place)
            if not self._create(made):
                there, _ = self._read(event_id)
                if there is None:
                    raise CalendarBusy("the calendar changes too fast")
                return there
            try:
                self._find_place(_as_it_is(draft, place), event_id)
            except SlotTaken:
                self._remove(made)
                raise
            return made

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment new time and details."""
        with day_lock.days(self._redis, self._name, draft.start - MARGIN, draft.end + MARGIN):
            return self._move(event_id, draft, key)

    def cancel(self, event_id: str, key: str, asked_at: float = 0.0) -> Appointment:
        """Cancel an appointment; it stays in the calendar as cancelled, and takes no time."""
        return self._change(event_id, key, lambda old: old.called_off(key, asked_at, self._clock()))

    def fence(self, event_id: str, asked_at: float) -> Appointment | None:
        """Refuse every later change asked for before `asked_at`."""
        try:
            return self._change(event_id, "", lambda old: old.fenced(asked_at))
        except BookingNotFound:
            return None

    def get(self, event_id: str) -> Appointment | None:
        """Return an appointment as it is now."""
        return self._read(event_id)[0]

    def made_by(self, key: str, *, around: dt.datetime) -> Appointment | None:
        """Return the appointment that was made under `key`."""
        return self.get(id_of(key))

    def find(self, phone: str, *, after: dt.datetime) -> list[Appointment]:
        """Return the standing appointments of a number that end after `after`."""
        found = self.events(after, after + AHEAD) if phone else []
        return [a for a in found if a.phone == phone and not a.cancelled and a.end > after]

    # Inside

    def _move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        for _ in range(MAX_TRIES):
            old, tag = self._read(event_id)
            if old is None:
                raise BookingNotFound
            if key in old.applied:
                return old
            new = old.moved(draft, key, self._clock())
            same_time = (old.start, old.end) == (draft.start, draft.end)
            check = not same_time or bool(draft.places) or bool(old.resource)
            place = self._find_place(draft, event_id) if check else None
            if place is not None:
                new = replace(new, resource=place.resource)
            if not self._replace(new, tag):
                continue
            if check:
                try:
                    self._find_place(_as_it_is(draft, place), event_id)
                except SlotTaken:
                    self._replace(old, "")
                    raise
            return new
        raise CalendarBusy("the calendar changes too fast")

    def _change(self, event_id: str, key: str, change: Change) -> Appointment:
        """Change what needs no free time."""
        for _ in range(MAX_TRIES):
            old, tag = self._read(event_id)
            if old is None:
                raise BookingNotFound
            if key and key in old.applied:
                return old
            new = change(old)
            if new == old or self._replace(new, tag):
                return new
        raise CalendarBusy("the calendar changes too fast")

    def _find_place(self, draft: Draft, own: str) -> Place | None:
        """The first of the draft's places that is free beside the appointment `own`; None where it
        takes the whole calendar, which is free. Raises SlotTaken."""
        busy = [
            item
            for item in self.busy(draft.start - MARGIN, draft.end + MARGIN)
            if item.event_id != own
        ]
        span = (draft.start, draft.end, draft.before, draft.after)
        if not draft.places:
            if any(item.blocks(*span) for item in busy):
                raise SlotTaken
            return None
        place = first_free(draft.places, busy, *span)
        if place is None:
            raise SlotTaken
        return place


def _as_it_is(draft: Draft, place: Place | None) -> Draft:
    """The draft with what it got, and no other place to choose."""
    return replace(draft, places=(place,) if place else ())


def id_of(key: str) -> str:
    """The id of the appointment that is made under an idempotency key: 24 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]
