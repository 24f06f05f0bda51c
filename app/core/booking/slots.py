"""Free slots: from the rules and what is busy to the times that can be offered.

Pure arithmetic on instants. A day's opening hours are wall times of the business's time zone; the
grid is walked in real minutes from each opening, so a day on which clocks change neither loses nor
doubles a slot, and a wall time that comes twice is offered only the first time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from app.core.booking.appointment import Busy, Draft
from app.core.booking.rules import BookingRules, Service

Refusal = Literal[
    "past", "too_soon", "too_far", "holiday", "closed", "past_closing", "off_grid", "taken"
]
"""Why a time cannot be booked; `past_closing`: it is open then, but not until the service ends."""

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a service can begin. `start` and `end` are aware."""

    start: dt.datetime
    end: dt.datetime
    service: str

    def local(self, zone: ZoneInfo) -> dt.datetime:
        """The start on the wall clock of `zone`."""
        return self.start.astimezone(zone)


def windows(rules: BookingRules, day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the opening periods of a local day as UTC instants; none on a holiday.

    An opening or closing time that a clock change skips or doubles is taken so that nothing is
    ever open outside the hours meant.
    """
    if rules.holiday(day):
        return []
    zone = rules.zone
    found = []
    for span in sorted(rules.hours.on(day.weekday()), key=lambda span: span.opens):
        opens = _instant(day, span.opens, zone, 0)
        closes = min(_instant(day, span.closes, zone, fold) for fold in (0, 1))
        if opens < closes:
            found.append((opens, closes))
    return found


def starts(rules: BookingRules, service: Service, day: dt.date) -> tuple[dt.datetime, ...]:
    """Every start on the grid of a local day at which the service fits, in UTC, in order."""
    return _starts(_Same(rules), service.minutes, day)


class _Same:
    """Rules as a key of a cache: they never change, and comparing all of them would take longer
    than what is cached."""

    __slots__ = ("rules",)

    def __init__(self, rules: BookingRules) -> None:
        self.rules = rules

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.rules is other.rules

    def __hash__(self) -> int:
        return id(self.rules)


@lru_cache(maxsize=2048)
def _starts(same: _Same, minutes: int, day: dt.date) -> tuple[dt.datetime, ...]:
    rules = same.rules
    zone = rules.zone
    step = dt.timedelta(minutes=rules.grid_minutes)
    length = dt.timedelta(minutes=minutes)
    found = []
    for opens, closes in windows(rules, day):
        start = opens
        while start + length <= closes:
            if not start.astimezone(zone).fold:
                found.append(start)
            start += step
    return tuple(found)


def bookable_from(rules: BookingRules, now: dt.datetime) -> dt.datetime:
    """The first instant that can still be booked."""
    return now + dt.timedelta(minutes=rules.notice_minutes)


def last_day(rules: BookingRules, now: dt.datetime) -> dt.date:
    """The last local day that can be booked."""
    return now.astimezone(rules.zone).date() + dt.timedelta(days=rules.horizon_days)


def free_slots(
    rules: BookingRules,
    service: Service,
    busy: Sequence[Busy],
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
) -> Iterator[Slot]:
    """Yield the slots free on the local days `first` to `last`, both included, in order.

    `busy` must cover those days. Slots without enough notice or beyond the horizon are left out.
    """
    earliest = bookable_from(rules, now)
    day = max(first, earliest.astimezone(rules.zone).date())
    last = min(last, last_day(rules, now))
    length = dt.timedelta(minutes=service.minutes)
    while day <= last:
        near = _around(busy, day, rules.zone)
        for start in starts(rules, service, day):
            end = start + length
            if start >= earliest and not _collides(near, start, end, service):
                yield Slot(start, end, service.id)
        day += ONE_DAY


def refusal(
    rules: BookingRules,
    service: Service,
    start: dt.datetime,
    busy: Iterable[Busy],
    now: dt.datetime,
) -> Refusal | None:
    """Say why the service cannot begin at `start`, or None when it can."""
    if start <= now:
        return "past"
    if start < bookable_from(rules, now):
        return "too_soon"
    day = start.astimezone(rules.zone).date()
    if day > last_day(rules, now):
        return "too_far"
    if rules.holiday(day):
        return "holiday"
    length = dt.timedelta(minutes=service.minutes)
    open_then = [b for a, b in windows(rules, day) if a <= start < b]
    if not open_then:
        return "closed"
    if start + length > open_then[0]:
        return "past_closing"
    if start not in set(starts(rules, service, day)):
        return "off_grid"
    if _collides(list(busy), start, start + length, service):
        return "taken"
    return None


def day_bounds(
    zone: ZoneInfo, first: dt.date, last: dt.date | None = None
) -> tuple[dt.datetime, dt.datetime]:
    """The UTC instants at which the local days `first` to `last` begin and end."""
    after = (last or first) + ONE_DAY
    return _instant(first, 0, zone, 0), _instant(after, 0, zone, 0)


def local_instant(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """The UTC instant of a wall time; one that is skipped becomes the moment after the change."""
    return _instant(day, time.hour * 60 + time.minute, zone, 0)


def draft(
    rules: BookingRules,
    service: Service,
    start: dt.datetime,
    *,
    business: str,
    name: str,
    phone: str = "",
    notes: str = "",
    call_id: str = "",
    asked_at: float = 0.0,
) -> Draft:
    """Build the appointment to be written for a slot; `business` is the business's id."""
    return Draft(
        start=start.astimezone(dt.UTC),
        end=(start + dt.timedelta(minutes=service.minutes)).astimezone(dt.UTC),
        service=service.id,
        title=f"{service.name.capitalize()}: {name}" if name else service.name.capitalize(),
        name=name,
        phone=phone,
        notes=notes,
        time_zone=rules.time_zone,
        before=service.buffer_before,
        after=service.buffer_after,
        call_id=call_id,
        asked_at=asked_at,
        business=business,
        calcom_event_type=service.calcom_event_type,
    )


def _instant(day: dt.date, minutes: int, zone: ZoneInfo, fold: int) -> dt.datetime:
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)


def _around(busy: Sequence[Busy], day: dt.date, zone: ZoneInfo) -> list[Busy]:
    """What of `busy` can matter on a local day, buffers of up to half a day included."""
    begin, end = day_bounds(zone, day)
    margin = ONE_DAY / 2
    return [item for item in busy if item.start < end + margin and begin - margin < item.end]


def _collides(busy: Sequence[Busy], start: dt.datetime, end: dt.datetime, service: Service) -> bool:
    before, after = service.buffer_before, service.buffer_after
    return any(item.blocks(start, end, before, after) for item in busy)
