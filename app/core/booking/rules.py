"""When and what may be booked: the `booking:` part of an agent's file.

All wall times are in the business's time zone. The models are frozen; a wrong value raises
pydantic's `ValidationError`, whose locations the agent-file loader maps back to file and line.
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from app.core.language.time.holidays import HOLIDAYS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Keys of `hours`, in the order of `date.weekday()`."""

DAY_MINUTES = 24 * 60

ANY_SERVICE = frozenset(
    ("appointment", "appointments", "visit", "booking", "meeting", "session", "slot", "time")
)
"""Words callers add to whatever they want: "a cleaning appointment" is a cleaning."""

_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*(?:-|\u2013|to)\s*(\d{1,2}):(\d{2})\s*")
_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]+")
_YEARLY = re.compile(r"(\d{2})-(\d{2})")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Span(_Model):
    """One opening period of a day, in minutes from local midnight; `closes` is exclusive."""

    opens: int = Field(ge=0, lt=DAY_MINUTES)
    closes: int = Field(gt=0, le=DAY_MINUTES)

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.closes <= self.opens:
            raise ValueError("closing time must be after opening time")
        return self


def _spans(value: Any) -> Any:
    """Read `"09:00-12:00"`, a list of such, `closed`, or nothing."""
    if value is None or value == "closed" or value is False:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise ValueError('give opening hours as "09:00-17:00", a list of such, or closed')
    spans: list[Any] = []
    for item in value:
        if not isinstance(item, str):
            spans.append(item)
            continue
        found = _SPAN.fullmatch(item)
        if not found:
            raise ValueError('opening hours look like "09:00-17:00"')
        hour, minute, end_hour, end_minute = (int(part) for part in found.groups())
        if minute > 59 or end_minute > 59 or hour > 24 or end_hour > 24:
            raise ValueError("opening hours go from 00:00 to 24:00")
        spans.append({"opens": hour * 60 + minute, "closes": end_hour * 60 + end_minute})
    return tuple(spans)


Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans)]


class Hours(_Model):
    """Opening hours per weekday; a day left out is closed."""

    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()

    def on(self, weekday: int) -> tuple[Span, ...]:
        """Return the opening periods of a weekday (Monday is 0)."""
        spans: tuple[Span, ...] = getattr(self, WEEKDAYS[weekday])
        return spans

    @model_validator(mode="after")
    def _disjoint(self) -> Hours:
        for day in WEEKDAYS:
            spans = sorted(getattr(self, day), key=lambda span: span.opens)
            for first, second in itertools.pairwise(spans):
                if second.opens < first.closes:
                    raise ValueError(f"opening hours of {day} overlap")
        return self


def _no_holiday(value: str) -> str:
    """What is wrong with a text that is no holiday, and what would be right."""
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", value):
        return f"{value} is no day of the calendar"
    close = difflib.get_close_matches(_named(value), HOLIDAYS, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"{value[:40]!r} is no date (2026-12-24, 12-24) and no known holiday{meant}"


class Holiday(_Model):
    """Days on which nothing is booked: one date, a range, or a day of every year.

    In YAML: `2026-12-24`, `"12-25"` (every year), `thanksgiving` (every year, one of the names of
    `app.core.language.time.holidays`), or `{from: …, to: …, name: …}`.
    """

    first: dt.date | None = Field(default=None, alias="from")
    last: dt.date | None = Field(default=None, alias="to")
    yearly: str | None = None
    name: str = ""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, dt.date):
            return {"from": value, "to": value}
        if isinstance(value, str):
            if _is_yearly(value):
                return {"yearly": value}
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                raise ValueError(_no_holiday(value)) from None
            return {"from": value, "to": value}
        if isinstance(value, dict) and "date" in value:
            value = dict(value)
            day = value.pop("date")
            if isinstance(day, str) and _is_yearly(day):
                value["yearly"] = day
            else:
                value["from"] = value["to"] = day
        return value

    @model_validator(mode="after")
    def _complete(self) -> Holiday:
        if self.yearly is not None:
            found = _YEARLY.fullmatch(self.yearly)
            if not found:
                if _named(self.yearly) not in HOLIDAYS:
                    raise ValueError("a yearly holiday is written MM-DD, or is one that is known")
                return self
            try:
                dt.date(2024, int(found[1]), int(found[2]))
            except ValueError:
                raise ValueError("a yearly holiday must be a day of the calendar") from None
            return self
        if self.first is None:
            raise ValueError('a holiday needs a date, "MM-DD", or from and to')
        if self.last is not None and self.last < self.first:
            raise ValueError("a holiday must not end before it begins")
        return self

    def covers(self, day: dt.date) -> bool:
        """Tell whether `day` falls on this holiday."""
        if self.yearly is not None:
            rule = HOLIDAYS.get(_named(self.yearly))
            return day == rule(day.year) if rule else day.strftime("%m-%d") == self.yearly
        assert self.first is not None
        return self.first <= day <= (self.last or self.first)


def _named(text: str) -> str:
    return text.strip().lower().replace("'", "").replace("\u2019", "")


def _is_yearly(text: str) -> bool:
    return bool(_YEARLY.fullmatch(text)) or _named(text) in HOLIDAYS


class Service(_Model):
    """Something a caller can book. Minutes of the buffers keep the calendar free around it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    name: str = Field(min_length=1, max_length=60)
    minutes: int = Field(ge=5, le=DAY_MINUTES)
    buffer_before: int = Field(default=0, ge=0, le=240)
    buffer_after: int = Field(default=0, ge=0, le=240)
    also: tuple[str, ...] = ()
    """Other words callers use for it."""
    calcom_event_type: int | None = None
    """Event type id on Cal.com, where that calendar is used."""


def _address(value: Any) -> Any:
    if isinstance(value, str) and not _ADDRESS.fullmatch(value):
        raise ValueError("not an e-mail address")
    return value


EmailAddress = Annotated[str, BeforeValidator(_address)]


class Notify(_Model):
    """Who is told of bookings, beside the record, the feed and the webhook."""

    email: tuple[EmailAddress, ...] = ()
    """Addresses of the business that get a mail about each booking; needs SMTP_URL."""
    text_caller: bool = False
    """Text the caller about each booking, move and cancellation; needs Twilio's settings."""


def _time_zone(value: Any) -> Any:
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                "not a time zone name; write an IANA name such as America/New_York"
            ) from None
    return value


TimeZone = Annotated[str, BeforeValidator(_time_zone)]


def _services() -> tuple[Service, ...]:
    return (Service(id="appointment", name="appointment", minutes=30),)


def _office_hours() -> Hours:
    nine_to_five = (Span(opens=9 * 60, closes=17 * 60),)
    return Hours(**dict.fromkeys(WEEKDAYS[:5], nine_to_five))


class BookingRules(_Model):
    """The rules a careful receptionist keeps."""

    time_zone: TimeZone = "UTC"
    hours: Hours = Field(default_factory=_office_hours)
    holidays: tuple[Holiday, ...] = ()
    grid_minutes: int = Field(default=30, ge=5, le=240)
    """Distance between two possible starts, counted from each opening time."""
    services: tuple[Service, ...] = Field(default_factory=_services)
    notice_minutes: int = Field(default=60, ge=0, le=60 * 24 * 60)
    """How long before its start a slot can still be booked, moved to or cancelled."""
    horizon_days: int = Field(default=60, ge=1, le=730)
    """How many days ahead can be booked."""
    offers: int = Field(default=3, ge=1, le=8)
    """How many slots are offered at once."""
    confirm: bool = True
    """Read the booking back and wait for the caller's yes before it is written."""
    max_bookings_per_call: int = Field(default=4, ge=1, le=20)
    noted_minutes: int = Field(default=30, ge=1, le=24 * 60)
    """While the calendar is down: how long a noted booking is tried before it is given up."""
    notify: Notify = Notify()

    @field_validator("services")
    @classmethod
    def _services_distinct(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        if not 1 <= len(services) <= 32:
            raise ValueError("list 1 to 32 services")
        ids = [service.id for service in services]
        for service_id in ids:
            if ids.count(service_id) > 1:
                raise ValueError(f"two services have the id {service_id}")
        return services

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.time_zone)

    def holiday(self, day: dt.date) -> Holiday | None:
        """Return the holiday that closes `day`, if any."""
        return next((holiday for holiday in self.holidays if holiday.covers(day)), None)

    def service(self, wanted: str | None) -> Service | None:
        """Return the service a caller or the model means; the first one when nothing is said.

        Matches id, name and other words, whole or as part of what was said; the longest of them
        counts, but "appointment" and its like only where nothing else fits. None: unknown.
        """
        if not wanted or not wanted.strip():
            return self.services[0]
        text = _plain(wanted)
        best: tuple[tuple[bool, bool, int], Service] | None = None
        for service in self.services:
            for word in (service.id, service.name, *service.also):
                plain = _plain(word)
                if not plain or not re.search(rf"\b{re.escape(plain)}(?:e?s)?\b", text):
                    continue
                rank = (plain == text, plain not in ANY_SERVICE, len(plain))
                if best is None or rank > best[0]:
                    best = rank, service
        return best[1] if best else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
