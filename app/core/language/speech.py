"""Dates, times, numbers and lists in words that a telephone voice reads naturally.

No ISO forms and no digits: "Tuesday, November twenty-fourth at three thirty PM".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from app.core.language.text import vocabulary

_UNITS = vocabulary(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = vocabulary("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = vocabulary(
    "January February March April May June July August September October November December"
)


def say_number(number: int) -> str:
    """A whole number in words: 0 "zero", 42 "forty-two", 1250 "one thousand two hundred fifty"."""
    if number < 0:
        return f"minus {say_number(-number)}"
    if number < 20:
        return _UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return _TENS[tens] + (f"-{_UNITS[unit]}" if unit else "")
    for size, name in ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand")):
        if number >= size:
            head, rest = divmod(number, size)
            return f"{say_number(head)} {name}" + (f" {say_number(rest)}" if rest else "")
    head, rest = divmod(number, 100)
    return f"{_UNITS[head]} hundred" + (f" {say_number(rest)}" if rest else "")


def say_ordinal(number: int) -> str:
    """1 "first", 24 "twenty-fourth", 30 "thirtieth"."""
    words = say_number(number)
    head, dash, last = words.rpartition("-")
    if not dash:
        head, dash, last = words.rpartition(" ")
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return head + dash + last


def say_year(year: int) -> str:
    """2026 "twenty twenty-six", 2005 "two thousand five", 1900 "nineteen hundred"."""
    if year < 1000 or 2000 <= year < 2010 or year > 9999:
        return say_number(year)
    head, rest = divmod(year, 100)
    if rest == 0:
        return f"{say_number(head)} hundred"
    return f"{say_number(head)} {'oh ' if rest < 10 else ''}{say_number(rest)}"


def say_date(date: dt.date, today: dt.date | None = None) -> str:
    """ "Tuesday, November twenty-fourth".

    With `today`: "today" and "tomorrow" come before the full date, so that the caller hears which
    day is meant, and the year is said when it is another one.
    """
    words = f"{_DAYS[date.weekday()]}, {_MONTHS[date.month - 1]} {say_ordinal(date.day)}"
    if today is None:
        return words
    if date.year != today.year and abs((date - today).days) > 180:
        words += f", {say_year(date.year)}"
    near = {0: "today, ", 1: "tomorrow, "}.get((date - today).days, "")
    return near + words


def say_time(time: dt.time) -> str:
    """ "three thirty PM", "three PM", "nine oh five AM", "noon", "midnight"."""
    if time.minute == 0 and time.hour in (0, 12):
        return "noon" if time.hour else "midnight"
    hour = _UNITS[time.hour % 12 or 12]
    half = "PM" if time.hour >= 12 else "AM"
    if time.minute == 0:
        return f"{hour} {half}"
    oh = "oh " if time.minute < 10 else ""
    return f"{hour} {oh}{say_number(time.minute)} {half}"


def say_slot(start: dt.datetime, today: dt.date | None = None) -> str:
    """ "Tuesday, November twenty-fourth at three thirty PM"."""
    return f"{say_date(start.date(), today)} at {say_time(start.time())}"


def say_slots(starts: Sequence[dt.datetime], today: dt.date | None = None) -> str:
    """A short list of openings with every day said once.

    "Tuesday, November twenty-fourth at nine AM or three thirty PM, or Wednesday, ... at noon".
    """
    days: dict[dt.date, list[str]] = {}
    for start in starts:
        days.setdefault(start.date(), []).append(say_time(start.time()))
    parts = [f"{say_date(day, today)} at {say_list(times)}" for day, times in days.items()]
    if len(parts) == 2:
        return f"{parts[0]}, or {parts[1]}"
    return say_list(parts)


def say_list(items: Sequence[str], conjunction: str = "or") -> str:
    """ "a", "a or b", "a, b, or c"."""
    if len(items) < 3:
        return f" {conjunction} ".join(items)
    return ", ".join(items[:-1]) + f", {conjunction} {items[-1]}"
