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

from redis import Redis

from app.adapters.calendars import day_lock
from app.core.booking.appointment import Appointment, Busy, Draft
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
            made = Appointment.made(event_id, f"{event_id}@callsmith", draft, key, self._clock())
            self._refuse_conflict(made)
            if not self._create(made):
                there, _ = self._read(event_id)
                if there is None:
                    raise CalendarBusy("the calendar changes too fast")
                return there
            try:
                self._refuse_conflict(made)
            except SlotTaken:
                self._remove(made)
                raise
            return made

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment new time and details."""
        with day_lock.days(self._redis, self._name, draft.start - MARGIN, draft.end + MARGIN):
            return self._change(event_id, key, lambda old: old.moved(draft, key, self._clock()))

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

    def _change(self, event_id: str, key: str, change: Change) -> Appointment:
        for _ in range(MAX_TRIES):
            old, tag = self._read(event_id)
            if old is None:
                raise BookingNotFound
            if key and key in old.applied:
                return old
            new = change(old)
            if new == old:
                return old
            moves = not new.cancelled and (old.start, old.end) != (new.start, new.end)
            if moves:
                self._refuse_conflict(new)
            if not self._replace(new, tag):
                continue
            if moves:
                try:
                    self._refuse_conflict(new)
                except SlotTaken:
                    self._replace(old, "")
                    raise
            return new
        raise CalendarBusy("the calendar changes too fast")

    def _refuse_conflict(self, wanted: Appointment) -> None:
        for item in self.busy(wanted.start - MARGIN, wanted.end + MARGIN):
            if item.event_id != wanted.id and item.blocks(
                wanted.start, wanted.end, wanted.before, wanted.after
            ):
                raise SlotTaken


def id_of(key: str) -> str:
    """The id of the appointment that is made under an idempotency key: 24 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]
