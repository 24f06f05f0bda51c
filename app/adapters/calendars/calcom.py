"""Cal.com, API version 2.

Cal.com decides itself what is free (``GET /v2/slots``) and checks again when it books, so what is
busy here is whatever its slots leave open. A reschedule makes a new Cal.com booking that keeps the
metadata of the old one: our own id lives there and stays the same. What its bookings cannot hold
(the keys applied, the newest wish) is kept beside them in Redis (`calcom_notes`).

Bookings are sent with ``cal-api-version: 2024-08-13``, slots with ``2024-09-04``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import orjson
from redis import Redis

from app import logs
from app.adapters.calendars import calcom_booking, day_lock
from app.adapters.calendars.calcom_notes import Notes
from app.adapters.calendars.failures import changing, failure_of
from app.adapters.calendars.guarded import AHEAD, MARGIN, Clock, id_of, utc_now
from app.adapters.http import HttpFailed, request
from app.core.booking.appointment import Appointment, Busy, Draft
from app.errors import BookingNotFound, CalendarDown, Outdated, SettingsError, SlotTaken

HOST = "https://api.cal.com"
BOOKINGS, SLOTS = "2024-08-13", "2024-09-04"
TIMEOUT_S = 4.0
PAGE = 100
MAX_PAGES = 20
DAY = dt.timedelta(days=1)
#: Words of Cal.com's 400 answers to times that cannot be had.
_UNAVAILABLE = (
    "already has booking",
    "not available",
    "no_available_users",
    "can't be booked at the",
    "in the past",
    "slot",
)

log = logs.get(__name__)


class CalComCalendar:
    """One Cal.com account. ``event_type`` of the URL serves services without one of their own."""

    def __init__(self, url: str, redis: Redis, *, clock: Clock = utc_now) -> None:
        scheme, _, rest = url.partition(":")
        parts = urlsplit(f"//{rest.removeprefix('//')}")
        options = parse_qs(parts.query)
        if parts.username:
            plain = "http" if scheme == "calcom+http" else "https"
            self._root = f"{plain}://{parts.netloc.rpartition('@')[2]}"
            key = unquote(parts.username)
        else:
            self._root, key = HOST, parts.netloc
        try:
            self._event_type = int(options["event_type"][0])
        except (KeyError, ValueError):
            raise SettingsError(["CALENDAR_URL: calcom: needs ?event_type=NUMBER"]) from None
        self._email = options.get("email", [""])[0]
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._name = f"calcom {self._root} {self._event_type}"
        self._redis = redis
        self._notes = Notes(redis, self._name)
        self._clock = clock

    # What the protocol asks for

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return what the slots of the default event type leave open."""
        query = {
            "eventTypeId": self._event_type,
            "start": (start - DAY).date().isoformat(),
            "end": (end + DAY).date().isoformat(),
            "timeZone": "UTC",
            "format": "range",
        }
        _, data = self._ask("GET", f"/v2/slots?{urlencode(query)}", version=SLOTS)
        spans = [calcom_booking.span(slot) for slots in data.values() for slot in slots]
        return _complement(spans, start, end)

    def book(self, draft: Draft, key: str) -> Appointment:
        """Write an appointment; the same key again gives the same one."""
        with day_lock.days(self._redis, self._name, draft.start, draft.end):
            there = self._find_made(id_of(key), around=draft.start)
            if there is not None:
                return there
            body = calcom_booking.write(draft, key, self._event_type, self._email)
            with changing():
                status, data = self._ask("POST", "/v2/bookings", body)
            if status != 201:
                raise SlotTaken
            made = self._noted(data)
            self._notes.put(made, data["uid"])
            return made

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment a new time; Cal.com keeps its other details."""
        with day_lock.days(self._redis, self._name, draft.start, draft.end):
            old, uid = self._read(event_id)
            if old is None:
                raise BookingNotFound
            if key in old.applied:
                return old
            if draft.asked_at < old.asked_at:
                raise Outdated
            if old.cancelled:
                raise BookingNotFound
            if old.start != draft.start:
                body = {
                    "start": calcom_booking.utc(draft.start),
                    "reschedulingReason": "The caller asked for another time",
                }
                with changing():
                    status, data = self._ask("POST", f"/v2/bookings/{uid}/reschedule", body)
                if status != 201:
                    raise SlotTaken
                uid = data["uid"]
                old = replace(self._noted(data), sequence=old.sequence, applied=old.applied)
            new = old.changed(key, draft.asked_at, self._clock())
            self._notes.put(new, uid)
            return replace(new, updated=old.updated)

    def cancel(self, event_id: str, key: str, asked_at: float = 0.0) -> Appointment:
        """Cancel an appointment."""
        old, uid = self._read(event_id)
        if old is None:
            raise BookingNotFound
        if old.cancelled or key in old.applied:
            return old
        if asked_at and asked_at < old.asked_at:
            raise Outdated
        body = {"cancellationReason": "The caller cancelled"}
        with changing():
            status, data = self._ask("POST", f"/v2/bookings/{uid}/cancel", body)
        if status == 200:
            new = replace(self._noted(data), sequence=old.sequence, applied=old.applied)
            new = new.changed(key, asked_at, self._clock(), status="cancelled")
            self._notes.put(new, uid)
            return new
        current, _ = self._read(event_id)
        if current is None or not current.cancelled:
            raise CalendarDown("Cal.com did not cancel the booking")
        return current

    def fence(self, event_id: str, asked_at: float) -> Appointment | None:
        """Refuse every later change asked for before `asked_at`."""
        old, uid = self._read(event_id)
        if old is None:
            return None
        self._notes.put(old.fenced(asked_at), uid)
        return old.fenced(asked_at)

    def get(self, event_id: str) -> Appointment | None:
        """Return an appointment as it is now."""
        return self._read(event_id)[0]

    def made_by(self, key: str, *, around: dt.datetime) -> Appointment | None:
        """Return the appointment that was made under `key`."""
        return self._find_made(id_of(key), around=around)

    def find(self, phone: str, *, after: dt.datetime) -> list[Appointment]:
        """Return the standing appointments of a number that end after `after`."""
        found = self.events(after, after + AHEAD) if phone else []
        return [a for a in found if a.phone == phone and not a.cancelled and a.end > after]

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return our appointments that touch `start`..`end`, cancelled ones included."""
        newest: dict[str, Appointment] = {}
        for data in self._list(start - DAY, end + DAY):
            appointment = self._noted(data) if calcom_booking.ours(data) else None
            if appointment is None or calcom_booking.replaced(data):
                continue
            if appointment.id not in newest or not appointment.cancelled:
                newest[appointment.id] = appointment
        near = [a for a in newest.values() if a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

    # Inside

    def _read(self, event_id: str) -> tuple[Appointment | None, str]:
        uid = self._notes.uid(event_id)
        if uid is None:
            now = self._clock()
            found = [d for d in self._list(now - MARGIN, now + AHEAD) if _is(d, event_id)]
            if not found:
                return None, ""
            uid = _best(found)["uid"]
        return self._follow(uid)

    def _find_made(self, event_id: str, *, around: dt.datetime) -> Appointment | None:
        uid = self._notes.uid(event_id)
        if uid is None:
            found = [d for d in self._list(around - DAY, around + DAY) if _is(d, event_id)]
            if not found:
                return None
            uid = _best(found)["uid"]
        return self._follow(uid)[0]

    def _follow(self, uid: str) -> tuple[Appointment | None, str]:
        """The booking `uid`, or the one it was rescheduled to."""
        for _ in range(MAX_PAGES):
            status, data = self._ask("GET", f"/v2/bookings/{uid}")
            if status != 200 or not calcom_booking.ours(data):
                return None, ""
            onward = calcom_booking.replaced(data)
            if not onward:
                return self._noted(data), uid
            uid = onward
        return None, ""

    def _noted(self, data: dict[str, Any]) -> Appointment:
        return self._notes.onto(calcom_booking.read(data))

    def _list(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, Any]]:
        for page in range(MAX_PAGES):
            query = {
                "afterStart": calcom_booking.utc(start),
                "beforeEnd": calcom_booking.utc(end),
                "sortStart": "asc",
                "take": PAGE,
                "skip": page * PAGE,
            }
            _, found = self._ask("GET", f"/v2/bookings?{urlencode(query)}")
            yield from found
            if len(found) < PAGE:
                return
        raise CalendarDown("Cal.com holds too many bookings")

    def _ask(
        self, method: str, path: str, body: Any = None, *, version: str = BOOKINGS
    ) -> tuple[int, Any]:
        """One request: its status and data. 400 of an unavailable time and 404 come back too."""
        payload = orjson.dumps(body) if body is not None else None
        headers = {**self._headers, "cal-api-version": version}
        try:
            status, answer = request(
                method, self._root + path, payload, headers, timeout_s=TIMEOUT_S
            )
            data = orjson.loads(answer)
            if not isinstance(data, dict):
                raise HttpFailed("the answer is no object")
        except (HttpFailed, orjson.JSONDecodeError) as error:
            raise CalendarDown("Cal.com did not answer") from error
        if status in (200, 201):
            return status, data.get("data")
        found = data.get("error")
        told = found.get("message") if isinstance(found, dict) else found
        message = str(told or data.get("message") or "")
        taken = status == 409 or any(words in message for words in _UNAVAILABLE)
        if (status == 404 and "/bookings/" in path) or (status in (400, 409) and taken):
            return status, None
        if status == 400 and "cancelled already" in message:
            return status, None
        log.warning("Cal.com refused", extra={"status": status, "why": message[:200]})
        raise failure_of(status, "Cal.com")


def _is(data: dict[str, Any], event_id: str) -> bool:
    return calcom_booking.ours(data) and data["metadata"][calcom_booking.ID] == event_id


def _best(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the bookings that were made of each other by rescheduling the one that stands."""
    return max(found, key=lambda data: (data.get("status") == "accepted", str(data.get("start"))))


def _complement(
    spans: Iterable[tuple[dt.datetime, dt.datetime]], start: dt.datetime, end: dt.datetime
) -> list[Busy]:
    """What of `start`..`end` no span covers."""
    busy = []
    reached = start
    for opens, closes in sorted(spans):
        if opens >= end:
            break
        if opens > reached:
            busy.append(Busy(reached, opens))
        reached = max(reached, closes)
    if reached < end:
        busy.append(Busy(reached, end))
    return busy
