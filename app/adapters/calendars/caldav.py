"""Any CalDAV calendar: Nextcloud, iCloud, Fastmail, Radicale and others.

The name of an event's resource comes from its idempotency key and is written with
``If-None-Match: *``, so a repeat finds what the first try left. Changes carry ``If-Match``. A
conflict is looked for before and after the write, with our own writers waiting for each other
(`day_lock`); what a person added in between makes the booking give way.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import caldav
from caldav.elements import dav
from caldav.lib.error import AuthorizationError, DAVError
from icalendar import Calendar as ICalendar
from icalendar import Event
from redis import Redis

from app import logs
from app.adapters.calendars import day_lock, vevent
from app.adapters.calendars.blocks import busy_of
from app.core.appointment import Appointment, Busy, Draft
from app.errors import BookingNotFound, CalendarDown, Outdated, SlotTaken

TIMEOUT_S = 4
MARGIN = dt.timedelta(hours=4)
DAY = dt.timedelta(days=1)
AHEAD = dt.timedelta(days=400)
"""How far ahead a caller's appointments are looked for."""
MAX_TRIES = 8

log = logs.get(__name__)

Change = Callable[[Appointment], Appointment]


class CalDavCalendar:
    """One calendar of a CalDAV account. `zone` is the business's, for whole days."""

    def __init__(
        self,
        url: str,
        redis: Redis,
        zone: ZoneInfo,
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        parts = urlsplit(url.removeprefix("caldav+"))
        host = parts.hostname or ""
        netloc = f"{host}:{parts.port}" if parts.port else host
        self._base = urlunsplit((parts.scheme, netloc, parts.path or "/", "", ""))
        self._wanted = parse_qs(parts.query).get("calendar", [""])[0]
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._redis = redis
        self._zone = zone
        self._clock = clock
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._found = ""

    # What the protocol asks for

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""
        merged = ICalendar()
        for event in self._search(start, end):
            if vevent.blocks_time(event) or event.get("recurrence-id") is not None:
                merged.add_component(event)
        return busy_of(merged, start, end, self._zone, self._own_busy, vevent.blocks_time)

    def book(self, draft: Draft, key: str) -> Appointment:
        """Write an appointment; the same key again gives the same one."""
        event_id = _id_of(key)
        with day_lock.days(self._redis, self._base, draft.start - MARGIN, draft.end + MARGIN):
            there, _ = self._read(event_id)
            if there is not None:
                return there
            made = Appointment.made(event_id, f"{event_id}@callsmith", draft, key, self._clock())
            self._refuse_conflict(made)
            if not self._put(made, {"If-None-Match": "*"}):
                there, _ = self._read(event_id)
                if there is None:
                    raise CalendarDown("the calendar changes too fast")
                return there
            try:
                self._refuse_conflict(made)
            except SlotTaken:
                self._request("DELETE", event_id)
                raise
            return made

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment new time and details."""

        def change(old: Appointment) -> Appointment:
            if draft.asked_at < old.asked_at:
                raise Outdated
            if old.cancelled:
                raise BookingNotFound
            return old.moved(draft, key, self._clock())

        with day_lock.days(self._redis, self._base, draft.start - MARGIN, draft.end + MARGIN):
            return self._change(event_id, key, change)

    def cancel(self, event_id: str, key: str, asked_at: float = 0.0) -> Appointment:
        """Cancel an appointment; it stays in the calendar as cancelled, and takes no time."""

        def change(old: Appointment) -> Appointment:
            if old.cancelled:
                return old
            if asked_at and asked_at < old.asked_at:
                raise Outdated
            return old.changed(key, asked_at, self._clock(), status="cancelled")

        return self._change(event_id, key, change)

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
        return self.get(_id_of(key))

    def find(self, phone: str, *, after: dt.datetime) -> list[Appointment]:
        """Return the standing appointments of a number that end after `after`."""
        found = self.events(after, after + AHEAD) if phone else []
        return [a for a in found if a.phone == phone and not a.cancelled and a.end > after]

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        found = [vevent.read(event, self._zone) for event in self._search(start, end)]
        near = [a for a in found if a is not None and a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

    # Inside

    def _change(self, event_id: str, key: str, change: Change) -> Appointment:
        for _ in range(MAX_TRIES):
            old, etag = self._read(event_id)
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
            if not self._put(new, {"If-Match": etag}):
                continue
            if moves:
                try:
                    self._refuse_conflict(new)
                except SlotTaken:
                    self._put(old, {})
                    raise
            return new
        raise CalendarDown("the calendar changes too fast")

    def _refuse_conflict(self, wanted: Appointment) -> None:
        for item in self.busy(wanted.start - MARGIN, wanted.end + MARGIN):
            if item.event_id != wanted.id and item.blocks(
                wanted.start, wanted.end, wanted.before, wanted.after
            ):
                raise SlotTaken

    def _own_busy(self, event: Event) -> Busy | None:
        appointment = vevent.read(event, self._zone)
        return appointment.busy() if appointment and not event.get("rrule") else None

    def _read(self, event_id: str) -> tuple[Appointment | None, str]:
        status, body, etag = self._request("GET", event_id)
        if status in (404, 410):
            return None, ""
        for event in ICalendar.from_ical(body).walk("VEVENT"):
            appointment = vevent.read(event, self._zone)  # type: ignore[arg-type]
            if appointment:
                return appointment, etag
        return None, ""

    def _put(self, appointment: Appointment, condition: dict[str, str]) -> bool:
        """Write; False where the condition does not hold."""
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        status, _, _ = self._request("PUT", appointment.id, vevent.write(appointment), headers)
        return status not in (404, 409, 412)

    def _request(
        self,
        method: str,
        event_id: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str, str]:
        if not re.fullmatch(r"[0-9a-f]{24}", event_id):
            return 404, "", ""
        with self._client() as client:
            url = f"{self._calendar(client).url}{event_id}.ics"
            answer = client.request(url, method, body.decode(), headers or {})
            if answer.status >= 400 and answer.status not in (404, 409, 410, 412):
                raise CalendarDown(f"the calendar answered {answer.status}")
            return answer.status, str(answer.raw), answer.headers.get("ETag", "*")

    def _search(self, start: dt.datetime, end: dt.datetime) -> Iterator[Event]:
        """Events that may touch `start`..`end`: servers reckon whole days in zones of their own."""
        with self._client() as client:
            found = self._calendar(client).search(
                event=True, start=start - DAY, end=end + DAY, expand=False
            )
            texts = [item.data for item in found]
        for text in texts:
            yield from ICalendar.from_ical(text).walk("VEVENT")  # type: ignore[misc]

    def _calendar(self, client: Any) -> Any:
        if not self._found:
            self._found = self._discover(client)
        return client.calendar(url=self._found)

    def _discover(self, client: Any) -> str:
        if not self._wanted:
            here = client.calendar(url=self._base)
            kind = here.get_property(dav.ResourceType(), use_cached=False, parse_props=False)
            if kind is not None and any("calendar" in str(child.tag) for child in kind):
                return str(here.url.canonical()).rstrip("/") + "/"
        for calendar in client.principal().get_calendars():
            if self._wanted in ("", calendar.get_display_name()):
                return str(calendar.url.canonical()).rstrip("/") + "/"
        raise CalendarDown("there is no such calendar in this account")

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A connection of the pool; whatever goes wrong with it is CalendarDown."""
        try:
            client = self._idle.get_nowait()
        except Empty:
            connect: Any = caldav.DAVClient
            client = connect(
                self._base,
                username=self._user,
                password=self._password,
                timeout=TIMEOUT_S,
                enable_rfc6764=False,
                require_tls=False,
            )
        try:
            yield client
        except AuthorizationError as error:
            log.error("the calendar refuses the user or password of CALENDAR_URL")
            raise CalendarDown("the calendar refuses the user or password") from error
        except (DAVError, OSError) as error:
            log.warning("the calendar failed", extra={"error": type(error).__name__})
            raise CalendarDown("the calendar did not answer") from error
        self._idle.put(client)


def _id_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]
