"""Opening hours and days off, as the `booking:` part of an agent's file writes them.

All wall times are in the business's time zone.
"""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.language.time.holidays import HOLIDAYS

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Keys of `hours`, in the order of `date.weekday()`."""

DAY_MINUTES = 24 * 60

_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*(?:-|\u2013|to)\s*(\d{1,2}):(\d{2})\s*")
_YEARLY = re.compile(r"(\d{2})-(\d{2})")


class Model(BaseModel):
    """Base of the booking rules' parts: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Span(Model):
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


class Hours(Model):
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


class Holiday(Model):
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
