"""Google Calendar, through its REST API (version 3) with a service account.

Share the calendar with the service account's address ("make changes to events"). Events get ids of
ours, so that inserting one twice is refused (409); changes carry ``If-Match``. What Google does not
know of an appointment is in the event's private extended properties.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode
from zoneinfo import ZoneInfo

import google.auth
import google.auth.transport
import orjson
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2 import service_account
from redis import Redis

from app import logs
from app.adapters import http
from app.adapters.calendars import google_event
from app.adapters.calendars.failures import changing, failure_of
from app.adapters.calendars.guarded import Clock, GuardedCalendar, utc_now
from app.core.booking.appointment import Appointment, Busy
from app.errors import CalendarDown, SettingsError

API = "https://www.googleapis.com/calendar/v3/"
SCOPE = "https://www.googleapis.com/auth/calendar"
TIMEOUT_S = 4
PAGE = 250
MAX_PAGES = 20

log = logs.get(__name__)


class GoogleCalendar(GuardedCalendar):
    """One Google calendar. `zone` is the business's, for whole days; `resources` are the places by
    which people's events take one of a resource instead of everything.

    `url` is ``google:CALENDAR_ID?credentials=…``; ``endpoint`` and nothing else may follow, the
    address of a server that speaks the same API.
    """

    def __init__(
        self,
        url: str,
        redis: Redis,
        zone: ZoneInfo,
        *,
        resources: Collection[str] = (),
        clock: Clock = utc_now,
    ) -> None:
        name, _, query = url.removeprefix("google:").partition("?")
        options = parse_qs(query)
        self._calendar_id = unquote(name) or "primary"
        super().__init__(f"google {self._calendar_id}", redis, clock)
        self._zone = zone
        self._resources = frozenset(resources)
        endpoint = options.get("endpoint", [API])[0].rstrip("/")
        self._events_url = f"{endpoint}/calendars/{quote(self._calendar_id, safe='')}/events"
        self._credentials = _credentials(options.get("credentials", [""])[0])

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""
        found = []
        for event in self._list(start, end):
            if not google_event.blocks_time(event):
                continue
            own = google_event.read(event, self._zone)
            place = str(event.get("location") or "").strip()
            resource = place if place in self._resources else ""
            span = google_event.span(event, self._zone)
            item = own.busy() if own else Busy(*span, resource=resource)
            if item.start < end and start < item.end:
                found.append(item)
        return sorted(found, key=lambda item: item.start)

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        listed = self._list(
            start, end, showDeleted="true", privateExtendedProperty=google_event.MARKED
        )
        found = [google_event.read(event, self._zone) for event in listed]
        near = [a for a in found if a is not None and a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

    def _read(self, event_id: str) -> tuple[Appointment | None, str]:
        status, event = self._ask("GET", event_id)
        if status != 200:
            return None, ""
        return google_event.read(event, self._zone), str(event.get("etag", ""))

    def _create(self, appointment: Appointment) -> bool:
        body = google_event.write(appointment)
        with changing():
            status, _ = self._ask("POST", body=body)
        return status == 200

    def _replace(self, appointment: Appointment, tag: str) -> bool:
        body = google_event.write(appointment)
        with changing():
            status, _ = self._ask("PUT", appointment.id, body=body, tag=tag)
        return status == 200

    def _remove(self, appointment: Appointment) -> None:
        with changing():
            self._ask("DELETE", appointment.id)

    def _list(self, start: dt.datetime, end: dt.datetime, **more: str) -> Iterator[dict[str, Any]]:
        token: str | None = None
        for _ in range(MAX_PAGES):
            # A page token goes with the same parameters; whole days need no margin here, since
            # Google reckons them in the calendar's own zone, but ours may be another one.
            query = {
                "timeMin": (start - dt.timedelta(days=1)).isoformat(),
                "timeMax": (end + dt.timedelta(days=1)).isoformat(),
                "singleEvents": "true",
                "maxResults": str(PAGE),
                **more,
                **({"pageToken": token} if token else {}),
            }
            _, page = self._ask("GET", query=query)
            yield from page.get("items", [])
            token = page.get("nextPageToken")
            if not token:
                return
        raise CalendarDown(f"the calendar returned more than {PAGE * MAX_PAGES} events")

    def _ask(
        self,
        method: str,
        event_id: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        tag: str = "",
    ) -> tuple[int, Any]:
        """One request: 200 and its answer, or the status of a refusal that has a meaning here.

        Raises CalendarFailed for everything else.
        """
        url = f"{self._events_url}/{quote(event_id, safe='')}" if event_id else self._events_url
        headers = {"If-Match": tag} if tag else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            self._credentials.before_request(_Transport(), method, url, headers)
            status, answer = http.request(
                method,
                f"{url}?{urlencode(query)}" if query else url,
                None if body is None else orjson.dumps(body),
                headers,
                timeout_s=TIMEOUT_S,
            )
            if 200 <= status < 300:
                return 200, orjson.loads(answer) if answer else {}
        except (GoogleAuthError, http.HttpFailed, ValueError) as error:
            log.warning("Google Calendar failed", extra={"error": type(error).__name__})
            raise CalendarDown("Google Calendar did not answer") from error
        if status in (409, 412) or (status in (404, 410) and event_id):
            return status, {}
        log.warning("Google Calendar refused", extra={"status": status, "method": method})
        if status == 403 and b"ateLimitExceeded" in answer:  # rateLimit… or userRateLimit…
            status = 429
        raise failure_of(status, "Google Calendar")


class _Answer(google.auth.transport.Response):
    """An HTTP answer as google-auth reads it."""

    def __init__(self, status: int, data: bytes) -> None:
        self._status = status
        self._data = data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    @property
    def data(self) -> bytes:
        return self._data


class _Transport(google.auth.transport.Request):
    """Fetches google-auth's tokens with our HTTP client."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        timeout: Any = None,
        **options: Any,
    ) -> _Answer:
        content = body.encode() if isinstance(body, str) else body
        try:
            return _Answer(
                *http.request(method, url, content, dict(headers or {}), timeout_s=TIMEOUT_S)
            )
        except http.HttpFailed as failed:
            refused: Any = TransportError  # the constructor has no types
            raise refused(failed) from failed


def _credentials(given: str) -> Any:
    """A service account's credentials from a key file or its content in URL-safe base 64."""
    try:
        if not given:
            found, _ = google.auth.default(scopes=[SCOPE])
            return found
        if given.startswith(("/", ".")) or given.endswith(".json"):
            text = Path(given).read_bytes()
        else:
            text = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        make: Any = service_account.Credentials.from_service_account_info
        return make(orjson.loads(text), scopes=[SCOPE])
    except (OSError, ValueError, KeyError, binascii.Error, GoogleAuthError) as error:
        raise SettingsError(
            [f"CALENDAR_URL: the credentials cannot be used ({type(error).__name__})"]
        ) from None
