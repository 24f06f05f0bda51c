"""Days that callers name instead of dating: fixed, movable and Easter-based ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
DAY = dt.timedelta(days=1)


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month. Stays inside year 1..9999."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    year = min(max(year, 1), 9999)
    return dt.date(year, month + 1, min(date.day, days_in(year, month + 1)))


def days_in(year: int, month: int) -> int:
    """How many days the month has."""
    if month == 12:
        return 31
    return (dt.date(year, month + 1, 1) - dt.date(year, month, 1)).days


def nth_weekday(year: int, month: int, weekday: int, n: int) -> dt.date | None:
    """The n-th weekday of a month, counted from its end when n is negative."""
    last = days_in(year, month)
    if n > 0:
        day = 1 + (weekday - dt.date(year, month, 1).weekday()) % 7 + 7 * (n - 1)
    else:
        day = last - (dt.date(year, month, last).weekday() - weekday) % 7 + 7 * (n + 1)
    return dt.date(year, month, day) if 1 <= day <= last else None


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Butcher's rule)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


def _fixed(month: int, day: int) -> Callable[[int], dt.date]:
    return lambda year: dt.date(year, month, day)


def _nth(month: int, weekday: int, n: int, plus: int = 0) -> Callable[[int], dt.date]:
    def date(year: int) -> dt.date:
        found = nth_weekday(year, month, weekday, n)
        assert found is not None
        return found + DAY * plus

    return date


def _from_easter(days: int) -> Callable[[int], dt.date]:
    return lambda year: easter(year) + DAY * days


HOLIDAYS: dict[str, Callable[[int], dt.date]] = {
    "new year": _fixed(1, 1),
    "new years": _fixed(1, 1),
    "new year day": _fixed(1, 1),
    "new years day": _fixed(1, 1),
    "new year eve": _fixed(12, 31),
    "new years eve": _fixed(12, 31),
    "epiphany": _fixed(1, 6),
    "martin luther king day": _nth(1, MONDAY, 3),
    "mlk day": _nth(1, MONDAY, 3),
    "groundhog day": _fixed(2, 2),
    "valentine": _fixed(2, 14),
    "valentines": _fixed(2, 14),
    "valentine day": _fixed(2, 14),
    "valentines day": _fixed(2, 14),
    "presidents day": _nth(2, MONDAY, 3),
    "president day": _nth(2, MONDAY, 3),
    "st patricks day": _fixed(3, 17),
    "saint patricks day": _fixed(3, 17),
    "ash wednesday": _from_easter(-46),
    "palm sunday": _from_easter(-7),
    "good friday": _from_easter(-2),
    "easter": _from_easter(0),
    "easter sunday": _from_easter(0),
    "easter monday": _from_easter(1),
    "april fools": _fixed(4, 1),
    "april fools day": _fixed(4, 1),
    "earth day": _fixed(4, 22),
    "may day": _fixed(5, 1),
    "international workers day": _fixed(5, 1),
    "workers day": _fixed(5, 1),
    "cinco de mayo": _fixed(5, 5),
    "mothers day": _nth(5, SUNDAY, 2),
    "mother day": _nth(5, SUNDAY, 2),
    "memorial day": _nth(5, MONDAY, -1),
    "pentecost": _from_easter(49),
    "fathers day": _nth(6, SUNDAY, 3),
    "father day": _nth(6, SUNDAY, 3),
    "juneteenth": _fixed(6, 19),
    "independence day": _fixed(7, 4),
    "bastille day": _fixed(7, 14),
    "labor day": _nth(9, MONDAY, 1),
    "labour day": _nth(9, MONDAY, 1),
    "columbus day": _nth(10, MONDAY, 2),
    "halloween": _fixed(10, 31),
    "halloween day": _fixed(10, 31),
    "all saints day": _fixed(11, 1),
    "veterans day": _fixed(11, 11),
    "veteran day": _fixed(11, 11),
    "thanksgiving": _nth(11, THURSDAY, 4),
    "thanksgiving day": _nth(11, THURSDAY, 4),
    "black friday": _nth(11, THURSDAY, 4, plus=1),
    "cyber monday": _nth(11, THURSDAY, 4, plus=4),
    "christmas": _fixed(12, 25),
    "christmas day": _fixed(12, 25),
    "christmas eve": _fixed(12, 24),
    "xmas": _fixed(12, 25),
    "xmas day": _fixed(12, 25),
    "xmas eve": _fixed(12, 24),
    "boxing day": _fixed(12, 26),
}
"""Name, without apostrophes -> its date in a year."""

LONGEST = max(len(name.split()) for name in HOLIDAYS)


def next_holiday(name: str, today: dt.date) -> dt.date | None:
    """The next day of that name, today included."""
    rule = HOLIDAYS.get(name)
    if rule is None or today.year > 9990:
        return None
    date = rule(today.year)
    return date if date >= today else rule(today.year + 1)
