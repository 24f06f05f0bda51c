"""Time that people keep free of appointments: once, whole days, or again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event, vRecur

from app.core.booking.appointment import Busy


@dataclass(frozen=True, slots=True)
class Block:
    """Blocked time. `start` and `end` are ISO 8601 wall times of `time_zone`, or dates for whole
    days (`end` exclusive); `rule` is an RRULE of RFC 5545, empty for once."""

    id: str
    start: str
    end: str
    title: str = ""
    rule: str = ""
    time_zone: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Block:
        """The inverse of `to_json`."""
        return cls(**data)

    def event(self, zone: ZoneInfo) -> Event:
        """The block as a VEVENT."""
        event = Event()
        event.add("uid", self.id)
        zone = ZoneInfo(self.time_zone) if self.time_zone else zone
        for name, text in (("dtstart", self.start), ("dtend", self.end)):
            if len(text) == len("2026-01-01"):
                event.add(name, dt.date.fromisoformat(text))
            else:
                moment = dt.datetime.fromisoformat(text)
                event.add(name, moment if moment.tzinfo else moment.replace(tzinfo=zone))
        if self.rule:
            event.add("rrule", vRecur.from_ical(self.rule))
        return event


def expand(
    found: Iterable[Block], start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> list[Busy]:
    """Return every occurrence of the blocks that touches `start`..`end`."""
    calendar = Calendar()
    for block in found:
        calendar.add_component(block.event(zone))
    return busy_of(calendar, start, end, zone)


def busy_of(
    calendar: Calendar,
    start: dt.datetime,
    end: dt.datetime,
    zone: ZoneInfo,
    own: Callable[[Event], Busy | None] = lambda event: None,
    takes_time: Callable[[Event], bool] = lambda event: True,
) -> list[Busy]:
    """Return when the events of an iCalendar object take time between `start` and `end`.

    `own` may give an event's busy time itself; `takes_time` is asked of each occurrence.
    """
    if not calendar.subcomponents:
        return []
    # Whole days are compared without a time zone there, so ask for a day more on each side.
    margin = dt.timedelta(days=1)
    busy = []
    for event in recurring_ical_events.of(calendar).between(start - margin, end + margin):
        if not takes_time(event):
            continue
        item = own(event)
        if item is None:
            item = Busy(*span(event, zone))
        if item.start < end and start < item.end:
            busy.append(item)
    return sorted(busy, key=lambda item: item.start)


def span(event: Any, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The UTC instants a VEVENT begins and ends; whole days are days of `zone`."""
    begin, finish = event.start, event.end
    return _instant(begin, zone), _instant(finish, zone)


def _instant(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(dt.UTC)
