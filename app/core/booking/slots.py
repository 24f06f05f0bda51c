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

from app.core.booking.appointment import Busy, Draft, Place
from app.core.booking.capacity import first_free, free_places
from app.core.booking.hours import Hours
from app.core.booking.resources import NOTHING_ASKED, Asked, Resource
from app.core.booking.rules import BookingRules, Service

Refusal = Literal[
    "past", "too_soon", "too_far", "holiday", "closed", "past_closing", "off_grid", "away", "taken"
]
"""Why a time cannot be booked; `past_closing`: it is open then, but not until the service ends;
`away`: what was asked for cannot be had then, although it is open."""

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a service can begin. `start` and `end` are aware."""

    start: dt.datetime
    end: dt.datetime
    service: str
    asked: Asked = NOTHING_ASKED
    """What was asked for beside the time."""
    free: tuple[str, ...] = ()
    """The resources that can be had then, in the order of the file."""

    def local(self, zone: ZoneInfo) -> dt.datetime:
        """The start on the wall clock of `zone`."""
        return self.start.astimezone(zone)


def windows(rules: BookingRules, day: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the opening periods of a local day as UTC instants; none on a holiday.

    An opening or closing time that a clock change skips or doubles is taken so that nothing is
    ever open outside the hours meant.
    """
    return [] if rules.holiday(day) else _spans(rules.hours, day, rules.zone)


def _spans(hours: Hours, day: dt.date, zone: ZoneInfo) -> list[tuple[dt.datetime, dt.datetime]]:
    found = []
    for span in sorted(hours.on(day.weekday()), key=lambda span: span.opens):
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


@lru_cache(maxsize=2048)
def _duty(same: _Same, service: Service, day: dt.date) -> tuple[int, ...]:
    """For each start of a day a number whose bit `i` is set where the resource `i` of the service
    can be had by its own hours."""
    rules = same.rules
    length = dt.timedelta(minutes=service.minutes)
    found = [0] * len(starts(rules, service, day))
    for number, resource in enumerate(rules.resources_of(service)):
        own = _own_windows(rules, resource, day)
        for at, start in enumerate(starts(rules, service, day)):
            if own is None or any(a <= start and start + length <= b for a, b in own):
                found[at] |= 1 << number
    return tuple(found)


def _own_windows(
    rules: BookingRules, resource: Resource, day: dt.date
) -> list[tuple[dt.datetime, dt.datetime]] | None:
    """When a resource can be had on a day; None where it follows the business."""
    if resource.is_off(day):
        return []
    return None if resource.hours is None else _spans(resource.hours, day, rules.zone)


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
    asked: Asked = NOTHING_ASKED,
) -> Iterator[Slot]:
    """Yield the slots free on the local days `first` to `last`, both included, in order.

    `busy` must cover those days. Slots without enough notice or beyond the horizon are left out.
    With resources a slot is free where one of those that serve what was `asked` for is.
    """
    earliest = bookable_from(rules, now)
    day = max(first, earliest.astimezone(rules.zone).date())
    last = min(last, last_day(rules, now))
    if rules.resources:
        days = [day + ONE_DAY * number for number in range((last - day).days + 1)]
        yield from _served_slots(rules, service, busy, days, earliest, asked)
        return
    length = dt.timedelta(minutes=service.minutes)
    while day <= last:
        near = _around(busy, day, rules.zone)
        for start in starts(rules, service, day):
            end = start + length
            if start >= earliest and not _collides(near, start, end, service):
                yield Slot(start, end, service.id)
        day += ONE_DAY


def _served_slots(
    rules: BookingRules,
    service: Service,
    busy: Sequence[Busy],
    days: Iterable[dt.date],
    earliest: dt.datetime,
    asked: Asked,
) -> Iterator[Slot]:
    """The slots of `days` at which a resource that may serve is free."""
    resources = rules.resources_of(service)
    candidates = rules.candidates(service, asked)
    wanted = sum(1 << number for number, item in enumerate(resources) if item in candidates)
    begins, duty = [], []
    for day in days:
        on_duty = _duty(_Same(rules), service, day)
        for start, there in zip(starts(rules, service, day), on_duty, strict=True):
            if start >= earliest and there & wanted:
                begins.append(start)
                duty.append(there & wanted)
    places = [Place(item.name, item.count) for item in resources]
    length = dt.timedelta(minutes=service.minutes)
    before, after = service.buffer_before, service.buffer_after
    free = free_places(places, busy, begins, length, before, after)
    for start, there, not_taken in zip(begins, duty, free, strict=True):
        can = there & not_taken
        if can:
            names = tuple(item.name for n, item in enumerate(resources) if can >> n & 1)
            yield Slot(start, start + length, service.id, asked, names)


def on_duty(
    rules: BookingRules, service: Service, start: dt.datetime, asked: Asked
) -> tuple[Resource, ...]:
    """The resources that may serve what was asked for and can be had at `start` by their hours;
    none where it is no possible start."""
    day = start.astimezone(rules.zone).date()
    possible = starts(rules, service, day)
    if start not in possible:
        return ()
    there = _duty(_Same(rules), service, day)[possible.index(start)]
    candidates = rules.candidates(service, asked)
    return tuple(
        item
        for number, item in enumerate(rules.resources_of(service))
        if there >> number & 1 and item in candidates
    )


def refusal(
    rules: BookingRules,
    service: Service,
    start: dt.datetime,
    busy: Iterable[Busy],
    now: dt.datetime,
    asked: Asked = NOTHING_ASKED,
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
    if start not in starts(rules, service, day):
        return "off_grid"
    if rules.resources:
        return _why_not_served(rules, service, start, busy, asked)
    if _collides(list(busy), start, start + length, service):
        return "taken"
    return None


def _why_not_served(
    rules: BookingRules, service: Service, start: dt.datetime, busy: Iterable[Busy], asked: Asked
) -> Refusal | None:
    there = on_duty(rules, service, start, asked)
    if not there:
        return "away"
    places = [Place(item.name, item.count) for item in there]
    before, after = service.buffer_before, service.buffer_after
    end = start + dt.timedelta(minutes=service.minutes)
    return None if first_free(places, busy, start, end, before, after) else "taken"


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
    places: tuple[Place, ...] = (),
    party_size: int = 0,
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
        places=places,
        party_size=party_size,
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
