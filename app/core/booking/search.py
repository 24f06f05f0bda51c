"""Which free times answer a caller's wish for a day, a part of the day or a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.core.booking.appointment import Busy
from app.core.booking.offers import PARTS, nearest, spread
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import BookingRules, Service
from app.core.booking.slots import (
    ONE_DAY,
    Refusal,
    Slot,
    bookable_from,
    free_slots,
    last_day,
    local_instant,
    refusal,
)
from app.core.booking.wanted import Wanted

LOOK_AHEAD = dt.timedelta(days=14)
"""How far past the day asked for other times are looked for."""
NEAR_TIME = dt.timedelta(minutes=90)
"""How far from the time asked for a slot of another day may be."""
_NOON = dt.time(12)

Why = Literal["free", "other_times", "past", "too_far", "closed", "holiday", "full", "none"]
"""`free`: what was asked for. The others say why it is not, with the nearest times instead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The slots to offer, in order, and whether they are what was asked for."""

    why: Why
    slots: tuple[Slot, ...]
    more: int = 0
    """How many further slots fit the wish."""
    refusal: Refusal | None = None
    """Why the very time that was asked for cannot be had, where one was."""
    asked: Asked = NOTHING_ASKED
    """What was asked for beside the time."""
    others: tuple[str, ...] = ()
    """Who or what else is free at the very time that was asked for."""


def days_to_search(
    rules: BookingRules, wish: Wanted, now: dt.datetime, *, further: int = 0
) -> tuple[dt.date, dt.date]:
    """The local days whose busy times `choose` needs; `further` counts wider attempts."""
    first = bookable_from(rules, now).astimezone(rules.zone).date()
    last = last_day(rules, now)
    if wish.first is not None and wish.first > last:
        return max(first, last - LOOK_AHEAD * (2 * further + 1)), last
    begin = first
    if wish.first is not None and wish.first >= first:
        begin = max(first, wish.first - 2 * ONE_DAY * (further + 1))
    if wish.any_day or (wish.last is not None and wish.last < first):
        return begin, min(last, begin + LOOK_AHEAD * (2 * further + 1))
    end = (wish.last or wish.first or begin) + LOOK_AHEAD * (further + 1)
    return begin, min(last, end)


def choose(
    rules: BookingRules,
    service: Service,
    busy: Sequence[Busy],
    wish: Wanted,
    days: tuple[dt.date, dt.date],
    now: dt.datetime,
    asked: Asked = NOTHING_ASKED,
) -> Choice:
    """Choose what to offer from the free slots of `days`."""
    free = list(free_slots(rules, service, busy, days[0], days[1], now, asked))
    choice = replace(_chosen(rules, wish, free, days, now), asked=asked)
    if wish.day is None or wish.time is None or choice.why == "free":
        return choice
    target = local_instant(wish.day, wish.time, rules.zone)
    why = refusal(rules, service, target, busy, now, asked)
    others: tuple[str, ...] = ()
    if asked.resources and why in ("away", "taken"):
        anyone = replace(asked, resources=())
        there = free_slots(rules, service, busy, wish.day, wish.day, now, anyone)
        others = next((slot.free for slot in there if slot.start == target), ())
    return replace(choice, refusal=why, others=others)


def _chosen(
    rules: BookingRules,
    wish: Wanted,
    free: list[Slot],
    days: tuple[dt.date, dt.date],
    now: dt.datetime,
) -> Choice:
    if wish.day is not None:
        return _on_day(rules, wish, free, now)
    asked = [slot for slot in free if wish.has_day(slot.local(rules.zone).date())]
    if not asked and not wish.any_day:
        middle = local_instant(_aim(wish, now.astimezone(rules.zone).date()), _NOON, rules.zone)
        why = _why_not_any(rules, wish, days, now)
        return Choice(why, _nearest_days(rules, free, middle))
    if wish.time is not None:
        return _at_time(rules, wish, asked)
    fitting = [slot for slot in asked if wish.has_time(slot.local(rules.zone).time())]
    if fitting:
        return _first_days(rules, fitting)
    if not asked:
        return Choice("none", ())
    if wish.any_day and wish.part:
        return Choice("full", tuple(asked[: rules.offers]))
    return Choice("other_times", tuple(asked[: rules.offers]))


def _aim(wish: Wanted, today: dt.date) -> dt.date:
    """The day of a span that others should be close to."""
    return wish.first or wish.last or today


def _on_day(rules: BookingRules, wish: Wanted, free: list[Slot], now: dt.datetime) -> Choice:
    assert wish.day is not None
    zone = rules.zone
    here = [slot for slot in free if slot.local(zone).date() == wish.day]
    fitting = [slot for slot in here if wish.has_time(slot.local(zone).time())]
    if wish.time is not None and here:
        target = local_instant(wish.day, wish.time, zone)
        exact = [slot for slot in here if slot.start == target]
        if exact:
            return Choice("free", tuple(exact), len(here) - 1)
        return Choice("other_times", tuple(nearest(here, target, rules.offers)))
    if fitting:
        chosen = spread(fitting, rules.offers)
        return Choice("free", tuple(chosen), len(fitting) - len(chosen))
    target = local_instant(wish.day, _middle(wish), zone)
    if here:
        return Choice("other_times", tuple(nearest(here, target, rules.offers)))
    alike = [slot for slot in free if wish.has_time(slot.local(zone).time())] or free
    return Choice(_why_not(rules, wish.day, now), _nearest_days(rules, alike, target))


def _middle(wish: Wanted) -> dt.time:
    """The time of day that other offers should be close to."""
    if wish.part:
        return dt.time(PARTS[wish.part][0])
    return wish.not_before or wish.not_after or _NOON


def _why_not_any(
    rules: BookingRules, wish: Wanted, days: tuple[dt.date, dt.date], now: dt.datetime
) -> Why:
    """Why none of several days can be had: the reason of all of them, or that they are full."""
    first = wish.first or now.astimezone(rules.zone).date()
    last = min(wish.last or days[1], first + LOOK_AHEAD)
    if wish.days:
        listed = list(wish.days)
    else:
        listed = [first + ONE_DAY * k for k in range((last - first).days + 1)] or [last]
    reasons = {_why_not(rules, day, now) for day in listed}
    if reasons <= {"closed", "holiday"}:
        return "closed"
    return reasons.pop() if len(reasons) == 1 else "full"


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


def _at_time(rules: BookingRules, wish: Wanted, free: list[Slot]) -> Choice:
    """One time of day on any of the days asked for."""
    zone, time = rules.zone, wish.time
    assert time is not None

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
