"""Google Calendar, through Google's own client with a service account.

Share the calendar with the service account's address ("make changes to events"). Events get ids of
ours, so that inserting one twice is refused (409); changes carry ``If-Match``. What Google does not
know of an appointment is in the event's private extended properties.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

import google.auth
import httplib2  # type: ignore[import-untyped]
import orjson
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from redis import Redis

from app import logs
from app.adapters.calendars import google_event
from app.adapters.calendars.guarded import Clock, GuardedCalendar, utc_now
from app.core.booking.appointment import Appointment, Busy
from app.errors import CalendarDown, SettingsError

SCOPE = "https://www.googleapis.com/auth/calendar"
TIMEOUT_S = 4
PAGE = 250
MAX_PAGES = 20

log = logs.get(__name__)


class GoogleCalendar(GuardedCalendar):
    """One Google calendar. `zone` is the business's, for whole days.

    `url` is ``google:CALENDAR_ID?credentials=…``; ``endpoint`` and nothing else may follow, the
    address of a server that speaks the same API.
    """

    def __init__(self, url: str, redis: Redis, zone: ZoneInfo, *, clock: Clock = utc_now) -> None:
        name, _, query = url.removeprefix("google:").partition("?")
        options = parse_qs(query)
        self._calendar_id = unquote(name) or "primary"
        super().__init__(f"google {self._calendar_id}", redis, clock)
        self._zone = zone
        self._endpoint = options.get("endpoint", [""])[0]
        self._credentials = _credentials(options.get("credentials", [""])[0])

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what takes time between `start` and `end`."""
        found = []
        for event in self._list(start, end):
            if not google_event.blocks_time(event):
                continue
            own = google_event.read(event, self._zone)
            item = own.busy() if own else Busy(*google_event.span(event, self._zone))
            if item.start < end and start < item.end:
                found.append(item)
        return sorted(found, key=lambda item: item.start)

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        listed = self._list(
            start, end, showDeleted=True, privateExtendedProperty=google_event.MARKED
        )
        found = [google_event.read(event, self._zone) for event in listed]
        near = [a for a in found if a is not None and a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

    def _read(self, event_id: str) -> tuple[Appointment | None, str]:
        status, event = self._do("get", eventId=event_id)
        if status != 200:
            return None, ""
        return google_event.read(event, self._zone), str(event.get("etag", ""))

    def _create(self, appointment: Appointment) -> bool:
        status, _ = self._do("insert", body=google_event.write(appointment))
        return status == 200

    def _replace(self, appointment: Appointment, tag: str) -> bool:
        body = google_event.write(appointment)
        status, _ = self._do("update", tag=tag, eventId=appointment.id, body=body)
        return status == 200

    def _remove(self, appointment: Appointment) -> None:
        self._do("delete", eventId=appointment.id)

    def _list(self, start: dt.datetime, end: dt.datetime, **more: Any) -> Iterator[dict[str, Any]]:
        token: str | None = None
        for _ in range(MAX_PAGES):
            # A page token goes with the same parameters; whole days need no margin here, since
            # Google reckons them in the calendar's own zone, but ours may be another one.
            _, page = self._do(
                "list",
                timeMin=(start - dt.timedelta(days=1)).isoformat(),
                timeMax=(end + dt.timedelta(days=1)).isoformat(),
                singleEvents=True,
                maxResults=PAGE,
                pageToken=token,
                **more,
            )
            yield from page.get("items", [])
            token = page.get("nextPageToken")
            if not token:
                return
        raise CalendarDown("the calendar holds too much")

    def _do(self, method: str, *, tag: str = "", **arguments: Any) -> tuple[int, Any]:
        """One request: 200 and its answer, or the status of a refusal that has a meaning here."""
        try:
            request = getattr(_service(self._endpoint).events(), method)(
                calendarId=self._calendar_id, **arguments
            )
            if tag:
                request.headers["If-Match"] = tag
            http = AuthorizedHttp(self._credentials, http=httplib2.Http(timeout=TIMEOUT_S))
            return 200, request.execute(http=http)
        except HttpError as error:
            status = int(error.resp.status)
            if status in (409, 412) or (status in (404, 410) and "eventId" in arguments):
                return status, {}
            log.warning("Google Calendar refused", extra={"status": status, "method": method})
            raise CalendarDown(f"Google Calendar answered {status}") from error
        except (GoogleAuthError, httplib2.HttpLib2Error, OSError) as error:
            log.warning("Google Calendar failed", extra={"error": type(error).__name__})
            raise CalendarDown("Google Calendar did not answer") from error


@functools.cache
def _service(endpoint: str) -> Any:
    """The client's description of the API; requests carry their own credentials."""
    return build(
        "calendar",
        "v3",
        http=httplib2.Http(timeout=TIMEOUT_S),
        client_options={"api_endpoint": endpoint} if endpoint else None,
        static_discovery=True,
        cache_discovery=False,
    )


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
