"""A strict local server of the part of Cal.com's API version 2 that is used.

Built from the published API description: version headers, required and unknown fields, limits of
metadata, 201 for created and rescheduled, a new uid for each reschedule with the old booking
cancelled and its metadata carried over, and the messages of refused times.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.local_http import Answer, LocalServer, Request

KEY = "cal_test_secret"
EVENT_TYPE = 123
LENGTH = dt.timedelta(minutes=60)
STEP = dt.timedelta(minutes=15)
_ONE = re.compile(r"/v2/bookings/([\w-]+)(?:/(cancel|reschedule))?")
_LIST = {"afterStart", "beforeEnd", "sortStart", "take", "skip", "status", "eventTypeId"}


class CalComServer:
    """One account with one event type of 60 minutes, open day and night."""

    def __init__(self) -> None:
        self.bookings: dict[str, dict[str, Any]] = {}
        self.refuse: Callable[[Request], Answer | None] | None = None
        """Answers in the server's place, where it gives something."""
        self.busy: list[tuple[dt.datetime, dt.datetime]] = []
        self.server = LocalServer(self._answer)
        self.url = f"calcom+http://{KEY}@127.0.0.1:{self.server.port}?event_type={EVENT_TYPE}"
        self._ids = itertools.count(1)

    def clear(self) -> None:
        self.bookings.clear()
        self.busy.clear()
        self.server.seen.clear()

    def _answer(self, request: Request) -> Answer:
        refused = self.refuse(request) if self.refuse else None
        if refused is not None:
            return refused
        version = request.headers.get("cal-api-version")
        if request.path == "/v2/slots":
            if version != "2024-09-04":
                return _error(404, "Cannot GET /v2/slots")
            return self._slots(request)
        if version != "2024-08-13":
            return _error(404, "Cannot find this version")
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "ApiAuthStrategy - Invalid api key")
        if request.path == "/v2/bookings":
            return self._list(request) if request.method == "GET" else self._create(request)
        found = _ONE.fullmatch(request.path)
        if not found or found[1] not in self.bookings:
            return _error(404, f"Booking with uid={request.path} was not found in the database")
        booking = self.bookings[found[1]]
        if request.method == "GET":
            return 200, {"status": "success", "data": booking}
        return self._cancel(booking) if found[2] == "cancel" else self._move(request, booking)

    def _slots(self, request: Request) -> Answer:
        query = request.query
        if int(query["eventTypeId"]) != EVENT_TYPE or query["format"] != "range":
            return _error(404, "Event Type not found")
        zone = ZoneInfo(query["timeZone"])
        start = dt.datetime.combine(dt.date.fromisoformat(query["start"]), dt.time(), zone)
        end = dt.datetime.combine(dt.date.fromisoformat(query["end"]), dt.time(23, 59, 59), zone)
        days: dict[str, list[dict[str, str]]] = {}
        moment = start.astimezone(dt.UTC)
        while moment <= end.astimezone(dt.UTC):
            if not self._taken(moment, moment + LENGTH):
                local, until = moment.astimezone(zone), (moment + LENGTH).astimezone(zone)
                slot = {"start": _iso(local), "end": _iso(until)}
                days.setdefault(local.date().isoformat(), []).append(slot)
            moment += STEP
        return 200, {"status": "success", "data": days}

    def _create(self, request: Request) -> Answer:
        body: Any = request.json()
        problem = _problem(body)
        if problem:
            return _error(400, problem)
        start = dt.datetime.fromisoformat(body["start"])
        if self._taken(start, start + LENGTH):
            return _error(400, "User either already has booking at this time or is not available")
        fields = {**body["attendee"], **body.get("bookingFieldsResponses", {})}
        attendee = {
            "name": body["attendee"]["name"],
            "email": body["attendee"].get("email", "15550000000@sms.cal.com"),
            "timeZone": body["attendee"]["timeZone"],
            "language": "en",
            "absent": False,
        }
        return 201, {
            "status": "success",
            "data": self._store(start, attendee, body.get("metadata", {}), fields),
        }

    def _move(self, request: Request, old: dict[str, Any]) -> Answer:
        body: Any = request.json()
        if set(body) - {"start", "reschedulingReason", "rescheduledBy"}:
            return _error(400, "property should not exist")
        if old["status"] == "cancelled":
            return _error(400, "Can't reschedule booking because it has been cancelled already")
        start = dt.datetime.fromisoformat(body["start"])
        if self._taken(start, start + LENGTH, but=old["uid"]):
            return _error(400, "User either already has booking at this time or is not available")
        new = self._store(start, old["attendees"][0], old["metadata"], {})
        new["rescheduledFromUid"] = old["uid"]
        new["reschedulingReason"] = body.get("reschedulingReason")
        old.update(status="cancelled", rescheduledToUid=new["uid"])
        return 201, {"status": "success", "data": new}

    def _cancel(self, booking: dict[str, Any]) -> Answer:
        if booking["status"] == "cancelled":
            return _error(400, "Can't cancel booking because it has been cancelled already")
        booking["status"] = "cancelled"
        return 200, {"status": "success", "data": booking}

    def _list(self, request: Request) -> Answer:
        query = request.query
        if set(query) - _LIST:
            return _error(400, f"property {sorted(set(query) - _LIST)} should not exist")
        low = dt.datetime.fromisoformat(query["afterStart"])
        high = dt.datetime.fromisoformat(query["beforeEnd"])
        found = [
            booking
            for booking in sorted(self.bookings.values(), key=lambda item: item["start"])
            if dt.datetime.fromisoformat(booking["start"]) >= low
            and dt.datetime.fromisoformat(booking["end"]) <= high
        ]
        first, count = int(query["skip"]), int(query["take"])
        page = found[first : first + count]
        return 200, {
            "status": "success",
            "data": page,
            "pagination": {"totalItems": len(found), "returnedItems": len(page)},
        }

    def _store(
        self, start: dt.datetime, attendee: Any, metadata: Any, fields: Any
    ) -> dict[str, Any]:
        number = next(self._ids)
        booking = {
            "id": number,
            "uid": f"uid{number}",
            "title": "60 min between desk and caller",
            "description": "",
            "hosts": [{"id": 1, "name": "Desk", "timeZone": "America/Los_Angeles"}],
            "status": "accepted",
            "start": _iso(start.astimezone(dt.UTC)),
            "end": _iso((start + LENGTH).astimezone(dt.UTC)),
            "duration": 60,
            "eventTypeId": EVENT_TYPE,
            "eventType": {"id": EVENT_TYPE, "slug": "visit"},
            "attendees": [attendee],
            "bookingFieldsResponses": fields,
            "metadata": dict(metadata),
            "absentHost": False,
            "createdAt": "2027-03-01T12:00:00.000Z",
        }
        self.bookings[str(booking["uid"])] = booking
        return booking

    def _taken(self, start: dt.datetime, end: dt.datetime, but: str = "") -> bool:
        taken = [
            (dt.datetime.fromisoformat(b["start"]), dt.datetime.fromisoformat(b["end"]))
            for b in self.bookings.values()
            if b["status"] == "accepted" and b["uid"] != but
        ]
        return any(start < b and a < end for a, b in [*taken, *self.busy])


def _problem(body: dict[str, Any]) -> str:
    unknown = set(body) - {"start", "eventTypeId", "attendee", "metadata", "bookingFieldsResponses"}
    if unknown:
        return f"property {sorted(unknown)} should not exist"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(body.get("start"))):
        return "start must be a valid ISO 8601 date string in UTC"
    if body.get("eventTypeId") != EVENT_TYPE:
        return "Event type not found"
    attendee = body.get("attendee") or {}
    if not attendee.get("name") or not attendee.get("timeZone"):
        return "attendee"
    if not attendee.get("email") and not attendee.get("phoneNumber"):
        return "At least one contact method (email or phone number) must be provided"
    if not re.fullmatch(r"\+[1-9]\d{6,14}", attendee.get("phoneNumber", "+14155550100")):
        return "Invalid phone number format. Please use international format."
    metadata = body.get("metadata", {})
    if len(metadata) > 50 or any(
        len(name) > 40 or not isinstance(value, str) or len(value) > 500
        for name, value in metadata.items()
    ):
        return "Metadata must have at most 50 keys, each key up to 40 characters"
    return ""


def _error(status: int, message: str) -> Answer:
    return status, {
        "status": "error",
        "timestamp": "2027-03-01T12:00:00.000Z",
        "path": "/v2",
        "error": {"code": "Exception", "message": message, "details": {}},
    }


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
