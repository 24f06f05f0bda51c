"""Any CalDAV calendar: Nextcloud, iCloud, Fastmail, Radicale and others.

New events are written with ``If-None-Match: *``, changes with ``If-Match``. What was cancelled
stays in the calendar with ``STATUS:CANCELLED`` and takes no time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
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
from app.adapters.calendars import vevent
from app.adapters.calendars.blocks import busy_of
from app.adapters.calendars.guarded import Clock, GuardedCalendar, utc_now
from app.core.booking.appointment import Appointment, Busy
from app.errors import CalendarDown

TIMEOUT_S = 4
DAY = dt.timedelta(days=1)

log = logs.get(__name__)


class CalDavCalendar(GuardedCalendar):
    """One calendar of a CalDAV account. `zone` is the business's, for whole days."""

    def __init__(self, url: str, redis: Redis, zone: ZoneInfo, *, clock: Clock = utc_now) -> None:
        parts = urlsplit(url.removeprefix("caldav+"))
        host = parts.hostname or ""
        netloc = f"{host}:{parts.port}" if parts.port else host
        self._base = urlunsplit((parts.scheme, netloc, parts.path or "/", "", ""))
        self._wanted = parse_qs(parts.query).get("calendar", [""])[0]
        super().__init__(f"{self._base} {self._wanted}", redis, clock)
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._zone = zone
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._found = ""

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""
        merged = ICalendar()
        for event in self._search(start, end):
            if vevent.blocks_time(event) or event.get("recurrence-id") is not None:
                merged.add_component(event)
        return busy_of(merged, start, end, self._zone, self._own_busy, vevent.blocks_time)

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        found = [vevent.read(event, self._zone) for event in self._search(start, end)]
        near = [a for a in found if a is not None and a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

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

    def _create(self, appointment: Appointment) -> bool:
        return self._put(appointment, {"If-None-Match": "*"})

    def _replace(self, appointment: Appointment, tag: str) -> bool:
        return self._put(appointment, {"If-Match": tag} if tag else {})

    def _remove(self, appointment: Appointment) -> None:
        self._request("DELETE", appointment.id)

    def _put(self, appointment: Appointment, condition: dict[str, str]) -> bool:
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
