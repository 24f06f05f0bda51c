"""Where the entries of a calendar's days are drawn: pure arithmetic on wall times.

A day runs from midnight to midnight by the business's clock. Where the clocks change, a wall time
that is skipped takes no entry, and one that comes twice holds those of both hours side by side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from app.core.booking.hours import DAY_MINUTES
from app.core.booking.rules import BookingRules
from app.core.booking.slots import ONE_DAY, Slot, day_bounds, windows

Shown = Literal["week", "day"]
Kind = Literal["booked", "blocked", "busy", "free"]

LEAST_MINUTES = 20
"""The shortest entry is drawn this tall, so that it can be read."""
USUAL_HOURS = (8, 18)
"""Shown where the business is closed and nothing takes time."""
_STEP = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that takes time, or time that is free. `start` and `end` are aware."""

    kind: Kind
    start: dt.datetime
    end: dt.datetime
    title: str = ""
    resource: str = ""
    """With whom or what it is; empty for the whole business."""
    event_id: str = ""
    """Of an appointment of ours."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and where it is drawn: per cent of its column's height and width."""

    entry: Entry
    top: float
    height: float
    left: float
    width: float
    covered: bool = False
    """Of free time: something of a part of the business lies over it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One day, or one resource's part of it; entries in the order of their start."""

    day: dt.date
    entries: tuple[Placed, ...]
    resource: str = ""


def days_of(shown: Shown, day: dt.date) -> tuple[dt.date, ...]:
    """The days that are shown: the one, or its week from Monday on."""
    if shown == "day":
        return (day,)
    monday = day - ONE_DAY * day.weekday()
    return tuple(monday + ONE_DAY * number for number in range(7))


def columns(
    days: Sequence[dt.date],
    entries: Iterable[Entry],
    zone: ZoneInfo,
    hours: tuple[int, int],
    resources: Sequence[str] = (),
) -> list[Column]:
    """The columns of several days; of one day with `resources` one for each of them. What takes
    the whole business is in all of those."""
    found = sorted(entries, key=lambda each: (each.start, each.end, each.resource))
    if len(days) > 1 or not resources:
        return [Column(day, place(found, day, zone, hours)) for day in days]
    return [
        Column(
            days[0],
            place([e for e in found if e.resource in ("", name)], days[0], zone, hours),
            name,
        )
        for name in resources
    ]


def place(
    entries: Iterable[Entry], day: dt.date, zone: ZoneInfo, hours: tuple[int, int]
) -> tuple[Placed, ...]:
    """Draw what touches a day between two full `hours`. Entries that overlap stand side by side;
    free time lies behind them."""
    begin, end = day_bounds(zone, day)
    here = [
        (entry, *_extent(entry, day, zone))
        for entry in entries
        if entry.start < end and begin < entry.end
    ]
    taking = [(first, last) for entry, first, last in here if entry.kind != "free"]
    lanes = iter(_lanes(taking))
    first_minute, minutes = hours[0] * 60, (hours[1] - hours[0]) * 60
    placed = []
    for entry, first, last in here:
        lane, count = (0, 1) if entry.kind == "free" else next(lanes)
        top = max(0, first - first_minute)
        height = min(minutes, last - first_minute) - top
        if height > 0:
            share = 100 / count
            span = (_percent(top, minutes), _percent(height, minutes))
            covered = entry.kind == "free" and any(a < last and first < b for a, b in taking)
            placed.append(Placed(entry, *span, round(lane * share, 3), round(share, 3), covered))
    return tuple(placed)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 3)


def _extent(entry: Entry, day: dt.date, zone: ZoneInfo) -> tuple[int, int]:
    """First and last minute of an entry by the clock of a day that it touches."""
    begin, end = day_bounds(zone, day)
    first = 0 if entry.start <= begin else _minute(entry.start, zone)
    last = DAY_MINUTES if entry.end >= end else _minute(entry.end, zone)
    least = 1 if entry.kind == "free" else LEAST_MINUTES
    last = max(last, min(first + least, DAY_MINUTES))
    return first, last


def _minute(moment: dt.datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


def _lanes(extents: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """For each extent its lane and how many lanes there are beside it.

    Extents that overlap, also over others, form a group, whose members are equally wide.
    """
    order = sorted(range(len(extents)), key=lambda at: extents[at])
    found = [(0, 1)] * len(extents)
    group: list[tuple[int, int]] = []
    ends: list[int] = []

    def close() -> None:
        for at, lane in group:
            found[at] = (lane, len(ends))
        group.clear()
        ends.clear()

    for at in order:
        first, last = extents[at]
        if ends and first >= max(ends):
            close()
        lane = next((number for number, end in enumerate(ends) if end <= first), len(ends))
        if lane == len(ends):
            ends.append(last)
        else:
            ends[lane] = last
        group.append((at, lane))
    close()
    return found


def hours_shown(
    rules: BookingRules, days: Sequence[dt.date], entries: Iterable[Entry]
) -> tuple[int, int]:
    """The first full hour and the one after the last that have to be shown: those in which the
    business is open or something of ours takes time."""
    extents = [
        _extent(Entry("booked", opens, closes), day, rules.zone)
        for day in days
        for opens, closes in windows(rules, day)
    ]
    for entry in entries:
        if entry.kind != "booked":
            continue
        for day in days:
            begin, end = day_bounds(rules.zone, day)
            if entry.start < end and begin < entry.end:
                extents.append(_extent(entry, day, rules.zone))
    if not extents:
        return USUAL_HOURS
    first = min(first for first, _ in extents) // 60
    last = -(-max(last for _, last in extents) // 60)
    return first, max(last, first + 1)


def free_spans(slots: Iterable[Slot], resource: str = "") -> list[Entry]:
    """The free time that slots make up, those that follow each other as one."""
    found: list[Entry] = []
    for slot in slots:
        before = found[-1] if found else None
        if before is not None and slot.start <= before.end:
            end = max(before.end, slot.end)
            found[-1] = Entry("free", before.start, end, resource=resource)
        else:
            found.append(Entry("free", slot.start, slot.end, resource=resource))
    return found


def label(entry: Entry, day: dt.date, zone: ZoneInfo) -> str:
    """The times of an entry on a day, on the business's clock: "10:00–10:30"."""
    begin, end = day_bounds(zone, day)
    starts = entry.start >= begin and clock(entry.start, zone)
    ends = entry.end < end and clock(entry.end, zone)
    if starts and (ends or entry.end == end):
        return f"{starts}–{ends or '24:00'}"
    if starts:
        return f"from {starts}"
    return f"until {ends}" if ends else "all day"


def clock(moment: dt.datetime, zone: ZoneInfo) -> str:
    """The wall time of a moment; with the zone's name where it comes twice."""
    local = moment.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def clock_change(day: dt.date, zone: ZoneInfo) -> str:
    """What happens to the clocks on a day, as a sentence; empty where nothing does."""
    begin, end = day_bounds(zone, day)
    moment = begin
    while moment < end:
        before, after = _offset(moment, zone), _offset(moment + _STEP, zone)
        if before != after:
            at = (moment + _STEP).astimezone(dt.UTC) + before
            minutes = abs(int((after - before).total_seconds())) // 60
            how = "forward" if after > before else "back"
            span = "an hour" if minutes == 60 else f"{minutes} minutes"
            return f"The clocks go {how} {span} at {at:%H:%M}."
        moment += _STEP
    return ""


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()
