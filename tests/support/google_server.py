"""A strict local server of the part of the Google Calendar API (version 3) that is used.

Built from the API's published description: unknown parameters and fields, times without offset,
ids outside base32hex, and calls without a valid token are refused as Google refuses them.
"""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import orjson
import recurring_ical_events
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from icalendar import Calendar, Event, vRecur

from tests.support.local_http import Answer, LocalServer, Request

CALENDAR_ID = "desk@group.calendar.google.com"
_EVENT_PATH = re.compile(r"/calendar/v3/calendars/([^/]+)/events(?:/([^/]+))?")
_LIST = {
    "timeMin",
    "timeMax",
    "singleEvents",
    "maxResults",
    "pageToken",
    "showDeleted",
    "privateExtendedProperty",
    "alt",
}
_FIELDS = {
    "id",
    "summary",
    "description",
    "location",
    "start",
    "end",
    "status",
    "transparency",
    "extendedProperties",
    "sequence",
}


class GoogleServer:
    """Holds one calendar; `credentials` is the service account's key file."""

    def __init__(self, folder: Path, zone: str) -> None:
        self.zone = zone
        self.events: dict[str, dict[str, Any]] = {}
        self.server = LocalServer(self._answer)
        self._etags = itertools.count(1)
        self._tokens: set[str] = set()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = key.public_key()
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.credentials = folder / "service-account.json"
        self.credentials.write_bytes(
            orjson.dumps(
                {
                    "type": "service_account",
                    "project_id": "desk",
                    "private_key_id": "1",
                    "private_key": pem.decode(),
                    "client_email": "desk@desk.iam.gserviceaccount.com",
                    "client_id": "1",
                    "token_uri": f"{self.server.url}/token",
                }
            )
        )
        endpoint = f"{self.server.url}/calendar/v3/"
        self.url = f"google:{CALENDAR_ID}?credentials={self.credentials}&endpoint={endpoint}"

    def add(self, **fields: Any) -> None:
        """A person adds an event."""
        event_id = f"human{next(self._etags)}"
        self._store({"id": event_id, "status": "confirmed", **fields})

    def forget(self, event_id: str) -> None:
        """An event is gone for good."""
        del self.events[event_id]

    def _store(self, event: dict[str, Any]) -> dict[str, Any]:
        event["etag"] = f'"{next(self._etags)}"'
        event["kind"] = "calendar#event"
        event["iCalUID"] = f"{event['id']}@google.com"
        self.events[event["id"]] = event
        return event

    def _answer(self, request: Request) -> Answer:
        if request.path == "/token":
            return self._token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return _error(401, "Invalid Credentials")
        found = _EVENT_PATH.fullmatch(request.path)
        if not found or found[1] not in (CALENDAR_ID, CALENDAR_ID.replace("@", "%40")):
            return _error(404, "Not Found")
        if found[2] is None:
            return self._list(request) if request.method == "GET" else self._insert(request)
        return self._one(request, found[2])

    def _token(self, request: Request) -> Answer:
        form = parse_qs(request.body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        head, claims, signature = form["assertion"][0].split(".")
        self._public.verify(
            _b64(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        said = orjson.loads(_b64(claims))
        if said["scope"] != "https://www.googleapis.com/auth/calendar" or said["exp"] < time.time():
            return 400, {"error": "invalid_scope"}
        token = f"token-{len(self._tokens)}"
        self._tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def _insert(self, request: Request) -> Answer:
        event = request.json()
        problem = _problem(event)
        if problem:
            return _error(400, problem)
        if event["id"] in self.events:
            return _error(409, "The requested identifier already exists.", "duplicate")
        return 200, self._store(event)

    def _one(self, request: Request, event_id: str) -> Answer:
        event = self.events.get(event_id)
        if event is None:
            return _error(404, "Not Found")
        if request.method == "GET":
            return 200, event
        wanted = request.headers.get("if-match")
        if wanted not in (None, "*", event["etag"]):
            return _error(412, "Precondition Failed", "conditionNotMet")
        if request.method == "DELETE":
            if event["status"] == "cancelled":
                return _error(410, "Resource has been deleted")
            self._store({**event, "status": "cancelled"})
            return 204, None
        assert request.method == "PUT"
        new = request.json()
        problem = _problem(new)
        if problem or new["id"] != event_id:
            return _error(400, problem or "id")
        return 200, self._store(new)

    def _list(self, request: Request) -> Answer:
        query = request.query
        if set(query) - _LIST or query.get("singleEvents") != "true":
            return _error(400, f"parameters {sorted(set(query) - _LIST)}")
        low, high = _moment(query["timeMin"]), _moment(query["timeMax"])
        if low is None or high is None:
            return _error(400, "timeMin and timeMax need an offset")
        found = []
        for event in self.events.values():
            if event["status"] == "cancelled" and query.get("showDeleted") != "true":
                continue
            marks = event.get("extendedProperties", {}).get("private", {})
            name, _, value = query.get("privateExtendedProperty", "").partition("=")
            if name and marks.get(name) != value:
                continue
            found += [
                one for one in self._occurrences(event, low, high) if self._touches(one, low, high)
            ]
        found.sort(key=lambda one: (self._instant(one["start"]), one["id"]))
        first = int(query.get("pageToken", 0))
        # Small pages, so that whoever does not follow them is found out.
        size = min(int(query.get("maxResults", 250)), 2)
        page: dict[str, Any] = {"kind": "calendar#events", "timeZone": self.zone}
        page["items"] = found[first : first + size]
        if first + size < len(found):
            page["nextPageToken"] = str(first + size)
        return 200, page

    def _occurrences(
        self, event: dict[str, Any], low: dt.datetime, high: dt.datetime
    ) -> list[dict[str, Any]]:
        if "recurrence" not in event:
            return [event]
        series = Event()
        whole = "date" in event["start"]
        for name, when in (("dtstart", event["start"]), ("dtend", event["end"])):
            if whole:
                series.add(name, dt.date.fromisoformat(when["date"]))
            else:
                wall = dt.datetime.fromisoformat(when["dateTime"])
                series.add(name, wall.replace(tzinfo=ZoneInfo(when["timeZone"])))
        series.add("rrule", vRecur.from_ical(event["recurrence"][0].removeprefix("RRULE:")))
        series.add("uid", event["id"])
        calendar = Calendar()
        calendar.add_component(series)
        day = dt.timedelta(days=1)
        out = []
        for one in recurring_ical_events.of(calendar).between(low - day, high + day):
            start, end = one.start, one.end
            times = (
                ({"date": start.isoformat()}, {"date": end.isoformat()})
                if whole
                else ({"dateTime": start.isoformat()}, {"dateTime": end.isoformat()})
            )
            bare = {name: value for name, value in event.items() if name != "recurrence"}
            out.append(
                {
                    **bare,
                    "id": f"{event['id']}_{start:%Y%m%d}",
                    "recurringEventId": event["id"],
                    "start": times[0],
                    "end": times[1],
                }
            )
        return out

    def _touches(self, event: dict[str, Any], low: dt.datetime, high: dt.datetime) -> bool:
        return self._instant(event["start"]) < high and low < self._instant(event["end"])

    def _instant(self, when: dict[str, str]) -> dt.datetime:
        if "date" in when:
            day = dt.date.fromisoformat(when["date"])
            return dt.datetime.combine(day, dt.time(), ZoneInfo(self.zone))
        moment = dt.datetime.fromisoformat(when["dateTime"])
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(when["timeZone"]))


def _problem(event: dict[str, Any]) -> str:
    if set(event) - _FIELDS:
        return f"unknown fields {sorted(set(event) - _FIELDS)}"
    if not re.fullmatch(r"[a-v0-9]{5,1024}", str(event.get("id", ""))):
        return "Invalid resource id value."
    for name in ("start", "end"):
        when = event.get(name) or {}
        if _moment(str(when.get("dateTime"))) is None or "timeZone" not in when:
            return f"Missing or bad {name} time."
    if event["start"]["dateTime"] >= event["end"]["dateTime"]:
        return "The specified time range is empty."
    if event.get("status") not in ("confirmed", "tentative", "cancelled"):
        return "status"
    for key, value in event["extendedProperties"]["private"].items():
        if len(key) > 44 or not isinstance(value, str) or len(value) > 1024:
            return "extendedProperties"
    return ""


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _error(status: int, message: str, reason: str = "invalid") -> Answer:
    detail = {"domain": "global", "reason": reason, "message": message}
    return status, {"error": {"code": status, "message": message, "errors": [detail]}}


def _b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
