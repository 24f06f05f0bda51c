"""Which free times answer a caller's wish for a day, a part of the day or a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.core.booking.appointment import Busy
from app.core.booking.offers import PARTS, in_part, nearest, spread
from app.core.booking.rules import DAY_MINUTES, BookingRules, Hours, Service
from app.core.booking.slots import (
    ONE_DAY,
    Slot,
    bookable_from,
    free_slots,
    last_day,
    local_instant,
)
from app.core.language.settings import TimePreferences
from app.core.language.time import expressions

LOOK_AHEAD = dt.timedelta(days=14)
"""How far past the day asked for other times are looked for."""
FARTHEST = dt.timedelta(days=1100)
"""Days beyond this are as good as this: both are out of reach."""
NEAR_TIME = dt.timedelta(minutes=90)
"""How far from the time asked for a slot of another day may be."""

Why = Literal["free", "other_times", "past", "too_far", "closed", "holiday", "full", "none"]
"""`free`: what was asked for. The others say why it is not, with the nearest times instead."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asks for; None is no preference."""

    day: dt.date | None = None
    part: str | None = None
    time: dt.time | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The slots to offer, in order, and whether they are what was asked for."""

    why: Why
    slots: tuple[Slot, ...]
    more: int = 0
    """How many further slots fit the wish."""


def spoken_hours(hours: Hours) -> TimePreferences:
    """How a bare "at three" is read where these hours are kept: as the three o'clock that is open.

    The day begins after the longest time in which no day of the week is open, so that hours past
    midnight belong to the evening before. Without such a time both halves stay possible.
    """
    spans = sorted({(s.opens, s.closes) for day in range(7) for s in hours.on(day)})
    longest, opens, closes = 0, 0, 0
    end = spans[0][1] if spans else 0
    for begin, finish in [*spans[1:], *((a + DAY_MINUTES, b) for a, b in spans[:1])]:
        if begin - end > longest:
            longest, opens, closes = begin - end, begin % DAY_MINUTES, end % DAY_MINUTES
        end = max(end, finish)
    if not longest:
        return expressions.DEFAULTS
    return TimePreferences(opens=_wall(opens), closes=_wall(closes) if closes else dt.time.max)


def _wall(minutes: int) -> dt.time:
    return dt.time(*divmod(minutes, 60))


def wanted(
    arguments: dict[str, Any],
    now_local: dt.datetime,
    prefer: TimePreferences = expressions.DEFAULTS,
) -> Wanted:
    """Read `date`, `part_of_day` and `time` as a model gives them: ISO forms or spoken words."""
    day = _iso_date(arguments.get("date"))
    time = _iso_time(arguments.get("time"))
    part = str(arguments.get("part_of_day") or "").strip().lower()[:40]
    if day is None and arguments.get("date"):
        said = expressions.resolve(str(arguments["date"])[:200], now_local, prefer=prefer)
        day = said.date
        time = time or said.time
    if time is None and arguments.get("time"):
        said = expressions.resolve(str(arguments["time"])[:200], now_local, prefer=prefer)
        time = said.time
        if said.window and said.window.name in PARTS:
            part = part or said.window.name
    if day is not None:
        today = now_local.date()
        day = min(max(day, today - FARTHEST), today + FARTHEST)
    return Wanted(day, part if part in PARTS else None, time)


def days_to_search(
    rules: BookingRules, wish: Wanted, now: dt.datetime, *, further: int = 0
) -> tuple[dt.date, dt.date]:
    """The local days whose busy times `choose` needs; `further` counts wider attempts."""
    first = bookable_from(rules, now).astimezone(rules.zone).date()
    last = last_day(rules, now)
    if wish.day and first <= wish.day <= last:
        first = max(first, wish.day - 2 * ONE_DAY * (further + 1))
        return first, min(last, wish.day + LOOK_AHEAD * (further + 1))
    if wish.day and wish.day > last:
        return max(first, last - LOOK_AHEAD * (2 * further + 1)), last
    return first, min(last, first + LOOK_AHEAD * (2 * further + 1))


def choose(
    rules: BookingRules,
    service: Service,
    busy: Sequence[Busy],
    wish: Wanted,
    days: tuple[dt.date, dt.date],
    now: dt.datetime,
) -> Choice:
    """Choose what to offer from the free slots of `days`."""
    free = list(free_slots(rules, service, busy, days[0], days[1], now))
    if wish.day is not None:
        return _on_day(rules, wish, free, now)
    if wish.time is not None:
        return _at_time(rules, wish.time, free)
    fitting = [slot for slot in free if in_part(slot, wish.part, rules.zone)]
    if not fitting:
        return Choice("full" if free else "none", tuple(free[: rules.offers]))
    return _first_days(rules, fitting)


def _on_day(rules: BookingRules, wish: Wanted, free: list[Slot], now: dt.datetime) -> Choice:
    assert wish.day is not None
    zone = rules.zone
    here = [slot for slot in free if slot.local(zone).date() == wish.day]
    fitting = [slot for slot in here if in_part(slot, wish.part, zone)]
    if wish.time is not None and here:
        target = local_instant(wish.day, wish.time, zone)
        exact = [slot for slot in here if slot.start == target]
        if exact:
            return Choice("free", tuple(exact), len(here) - 1)
        return Choice("other_times", tuple(nearest(here, target, rules.offers)))
    if fitting:
        chosen = spread(fitting, rules.offers)
        return Choice("free", tuple(chosen), len(fitting) - len(chosen))
    noon = dt.time(PARTS[wish.part][0]) if wish.part else dt.time(12)
    target = local_instant(wish.day, wish.time or noon, zone)
    if here:
        return Choice("other_times", tuple(nearest(here, target, rules.offers)))
    alike = [slot for slot in free if in_part(slot, wish.part, zone)] or free
    return Choice(_why_not(rules, wish.day, now), _nearest_days(rules, alike, target))


def _why_not(rules: BookingRules, day: dt.date, now: dt.datetime) -> Why:
    if day < now.astimezone(rules.zone).date():
        return "past"
    if day > last_day(rules, now):
        return "too_far"
    if rules.holiday(day):
        return "holiday"
    if not rules.hours.on(day.weekday()):
        return "closed"
    return "full"


def _at_time(rules: BookingRules, time: dt.time, free: list[Slot]) -> Choice:
    zone = rules.zone

    def distance(slot: Slot) -> dt.timedelta:
        return abs(slot.start - local_instant(slot.local(zone).date(), time, zone))

    days: dict[dt.date, Slot] = {}
    for slot in free:
        day = slot.local(zone).date()
        if day not in days or distance(slot) < distance(days[day]):
            days[day] = slot
    exact = [slot for slot in days.values() if not distance(slot)]
    if exact:
        return Choice("free", tuple(exact[: rules.offers]), max(0, len(exact) - rules.offers))
    close = [slot for slot in days.values() if distance(slot) <= NEAR_TIME] or list(days.values())
    return Choice("other_times" if close else "none", tuple(close[: rules.offers]))


def _first_days(rules: BookingRules, fitting: list[Slot]) -> Choice:
    """Offer from the first two days that have something, most of it on the first."""
    chosen = _two_days(rules, list(_by_day(rules, fitting).values()))
    return Choice("free", chosen, len(fitting) - len(chosen))


def _nearest_days(rules: BookingRules, free: list[Slot], target: dt.datetime) -> tuple[Slot, ...]:
    """Offer from the two days closest to the one that cannot be had."""
    wanted_day = target.astimezone(rules.zone).date()
    days = sorted(_by_day(rules, free).items(), key=lambda item: abs(item[0] - wanted_day))
    return _two_days(rules, [slots for _, slots in days])


def _by_day(rules: BookingRules, slots: list[Slot]) -> dict[dt.date, list[Slot]]:
    days: dict[dt.date, list[Slot]] = {}
    for slot in slots:
        days.setdefault(slot.local(rules.zone).date(), []).append(slot)
    return days


def _two_days(rules: BookingRules, days: list[list[Slot]]) -> tuple[Slot, ...]:
    if not days:
        return ()
    second = days[1][:1] if len(days) > 1 and rules.offers > 1 else []
    chosen = spread(days[0], rules.offers - len(second)) + second
    return tuple(sorted(chosen, key=lambda slot: slot.start))


def _iso_date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value or "").strip()[:10])
    except ValueError:
        return None


def _iso_time(value: Any) -> dt.time | None:
    try:
        return dt.time.fromisoformat(str(value or "").strip()).replace(
            second=0, microsecond=0, tzinfo=None
        )
    except ValueError:
        return None
