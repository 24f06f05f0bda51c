"""Any CalDAV calendar: Nextcloud, iCloud, Fastmail, Radicale and others.

New events are written with ``If-None-Match: *``, changes with ``If-Match``. What was cancelled
stays in the calendar with ``STATUS:CANCELLED`` and takes no time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import caldav
from caldav.elements import dav
from caldav.lib.error import (  # type: ignore[attr-defined]  # its types are older
    AuthorizationError,
    DAVError,
    RateLimitError,
)
from icalendar import Event
from redis import Redis

from app import logs
from app.adapters.calendars import vevent
from app.adapters.calendars.failures import changing, failure_of
from app.adapters.calendars.guarded import Clock, GuardedCalendar, utc_now
from app.adapters.calendars.occurrences import EventReports, busy_of, read_events
from app.core.booking.appointment import Appointment, Busy
from app.errors import CalendarDown, CalendarError, CalendarFailed, CalendarRefused

TIMEOUT_S = 4
DAY = dt.timedelta(days=1)

_QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><D:getetag/><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
<C:time-range start="{}" end="{}"/>
</C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""

log = logs.get(__name__)


class CalDavCalendar(GuardedCalendar):
    """One calendar of a CalDAV account. `zone` is the business's, for whole days; `resources` are
    the names by which people's events take one of a resource instead of everything."""

    def __init__(
        self,
        url: str,
        redis: Redis,
        zone: ZoneInfo,
        *,
        resources: Collection[str] = (),
        clock: Clock = utc_now,
    ) -> None:
        parts = urlsplit(url.removeprefix("caldav+"))
        host = parts.hostname or ""
        netloc = f"{host}:{parts.port}" if parts.port else host
        self._base = urlunsplit((parts.scheme, netloc, parts.path or "/", "", ""))
        self._wanted = parse_qs(parts.query).get("calendar", [""])[0]
        super().__init__(f"{self._base} {self._wanted}", redis, clock)
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._zone = zone
        self._resources = frozenset(resources)
        self._reports = EventReports()
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._found = ""

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""
        taking = [
            event
            for event in self._search(start, end)
            if vevent.blocks_time(event) or event.get("recurrence-id") is not None
        ]
        return busy_of(
            taking,
            start,
            end,
            self._zone,
            self._reports,
            own=self._own_busy,
            takes_time=vevent.blocks_time,
            resources=lambda event: vevent.resources(event, self._resources),
        )

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
        for event in read_events(body, event_id, self._reports):
            appointment = vevent.read(event, self._zone)
            if appointment:
                return appointment, etag
        if status == 200:
            # It is there, and nobody may write over what a person or a program made of it.
            raise CalendarDown("the appointment's entry in the calendar cannot be read")
        return None, ""

    def _create(self, appointment: Appointment) -> bool:
        return self._put(appointment, {"If-None-Match": "*"})

    def _replace(self, appointment: Appointment, tag: str) -> bool:
        return self._put(appointment, {"If-Match": tag} if tag else {})

    def _remove(self, appointment: Appointment) -> None:
        with changing():
            self._request("DELETE", appointment.id)

    def _put(self, appointment: Appointment, condition: dict[str, str]) -> bool:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        body = vevent.write(appointment)
        with changing():
            status, _, _ = self._request("PUT", appointment.id, body, headers)
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
                raise self._failure(answer)
            return answer.status, str(answer.raw), answer.headers.get("ETag", "*")

    def _search(self, start: dt.datetime, end: dt.datetime) -> Iterator[Event]:
        """Events that may touch `start`..`end`: servers reckon whole days in zones of their own.

        The query is our own: the library's search also reads and expands what it finds, and fails
        or never ends over one bad event.
        """
        query = _QUERY.format(_utc(start - DAY), _utc(end + DAY))
        headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        with self._client() as client:
            url = str(self._calendar(client).url)
            answer = client.request(url, "REPORT", query, headers)
            if answer.status >= 400:
                raise self._failure(answer)
            entries = list(_entries(answer.tree))
        for path, text in entries:
            yield from read_events(text, path, self._reports)

    def _failure(self, answer: Any) -> CalendarFailed:
        log.warning("the calendar refused", extra={"status": answer.status})
        wait = answer.headers.get("Retry-After")
        return failure_of(answer.status, "the calendar", retry_after=wait)

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
        raise CalendarRefused("there is no such calendar in this account")

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
            raise CalendarRefused("the calendar refuses the user or password") from error
        except RateLimitError as error:
            log.warning("the calendar is busy")
            wait = getattr(error, "retry_after_seconds", None)
            raise failure_of(429, "the calendar", retry_after=str(wait or "")) from error
        except CalendarError:
            raise
        except (DAVError, OSError) as error:
            log.warning("the calendar failed", extra={"error": type(error).__name__})
            raise CalendarDown("the calendar did not answer") from error
        except Exception as error:  # of any of the libraries that read an answer which is no DAV
            log.warning(
                "the calendar's answer cannot be read", extra={"error": type(error).__name__}
            )
            raise CalendarDown("the calendar's answer cannot be read") from error
        self._idle.put(client)


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _entries(tree: Any) -> Iterator[tuple[str, str]]:
    """Path and calendar object of each entry of a REPORT's answer."""
    for entry in tree.iter("{DAV:}response"):
        path = entry.findtext("{DAV:}href") or ""
        for data in entry.iter("{urn:ietf:params:xml:ns:caldav}calendar-data"):
            yield unquote(urlsplit(path).path), data.text or ""
