"""Time that people keep free of appointments: once, whole days, or again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event, vRecur

from app.adapters.calendars.occurrences import EventReports, busy_of
from app.core.booking.appointment import Busy
from app.errors import BadRequest

MAX_TITLE = 80


@dataclass(frozen=True, slots=True)
class Block:
    """Blocked time. `start` and `end` are ISO 8601 wall times of `time_zone`, or dates for whole
    days (`end` exclusive); `rule` is an RRULE of RFC 5545, empty for once. `resource` is what it
    takes one of, empty for the whole business."""

    id: str
    start: str
    end: str
    title: str = ""
    rule: str = ""
    time_zone: str = ""
    resource: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: value for name, value in asdict(self).items() if value or name != "resource"}

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
        if self.resource:
            event.add("resources", self.resource)
        if self.rule:
            event.add("rrule", vRecur.from_ical(self.rule))
        return event


def check_block(block: Block, zone: ZoneInfo) -> None:
    """Raise `BadRequest` for a block that ends before it begins or that cannot be read."""
    try:
        first, last = (dt.datetime.fromisoformat(text) for text in (block.start, block.end))
        if first >= last or len(block.start) != len(block.end):
            raise ValueError
        reports, margin = EventReports(), dt.timedelta(days=1)
        span = (first.replace(tzinfo=dt.UTC) - margin, last.replace(tzinfo=dt.UTC) + margin)
        expand([block], *span, zone, reports)
        if reports.problems:
            raise ValueError
    except (ValueError, TypeError, KeyError, OverflowError):
        raise BadRequest("the start, the end or the rule of the block cannot be read") from None


def expand(
    found: Iterable[Block],
    start: dt.datetime,
    end: dt.datetime,
    zone: ZoneInfo,
    reports: EventReports | None = None,
) -> list[Busy]:
    """Return every occurrence of the blocks that touches `start`..`end`. One that cannot be read
    is skipped, or blocks what can be read of it, and is reported."""
    reports = reports or EventReports()
    events = []
    for block in found:
        try:
            events.append(block.event(zone))
        except (ValueError, KeyError, TypeError) as error:
            message = f"a block cannot be read: it is skipped ({type(error).__name__})"
            reports.add(block.id, "block", message)
    return busy_of(events, start, end, zone, reports, resources=_resources)


def _resources(event: Event) -> tuple[str, ...]:
    return (str(event["resources"]),) if "resources" in event else ()
