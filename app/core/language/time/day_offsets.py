"""Reads days counted from others: "in two weeks", "a week from Friday", "day after tomorrow"."""

from __future__ import annotations

import datetime as dt

from app.core.language.time.clock_grammar import word_at
from app.core.language.time.day_words import (
    TODAY,
    TOMORROW,
    WEEKDAYS,
    Day,
    Found,
    Reader,
)
from app.core.language.time.holidays import DAY, add_months
from app.core.language.time.tokens import NUMBER, ORDINAL, Token

_UNITS = {
    "day": "day",
    "days": "day",
    "week": "week",
    "weeks": "week",
    "wk": "week",
    "wks": "week",
    "month": "month",
    "months": "month",
    "year": "year",
    "years": "year",
    "fortnight": "fortnight",
    "fortnights": "fortnight",
}
_FROM_NOW = (
    ("from", "now"),
    ("from", "today"),
    ("away", "from", "now"),
    ("away",),
    ("hence",),
    ("later",),
    ("out",),
    ("ahead",),
    ("today",),
)


def read(reader: Reader, i: int) -> Found | None:
    """The counted day at token i."""
    found = _counted(reader, i) or _beside(reader, i)
    if found is None or found[0].date is None:
        return found
    day, end = found
    at = reader.skip(end, (",", "on"))
    weekday = WEEKDAYS.get(reader.word(at), -1)
    if weekday >= 0 and (at > end or len(reader.word(at)) > 4) and day.date is not None:
        date = day.date + DAY * (weekday - day.date.weekday())
        if date >= reader.today:
            return Day(date), at + 1
    return found


def shift(date: dt.date, count: int, unit: str) -> dt.date | None:
    """The day `count` units later (or earlier), None when the calendar ends before."""
    if abs(count) > 5000:
        return None
    try:
        if unit == "month":
            return add_months(date, count)
        if unit == "year":
            return add_months(date, 12 * count)
        return date + DAY * count * {"day": 1, "week": 7, "fortnight": 14}[unit]
    except (OverflowError, ValueError):
        return None


def count_at(tokens: list[Token], i: int) -> tuple[int, int]:
    """ "3", "a", "a couple of", "a few" at token i: the number and its end, or end -1."""
    if i < len(tokens) and tokens[i].kind == NUMBER and tokens[i].a >= 0:
        more = word_at(tokens, i + 1) in ("full", "whole", "more")
        return tokens[i].a, i + 2 if more else i + 1
    word = word_at(tokens, i)
    if word in ("a", "an") and word_at(tokens, i + 1) in ("couple", "few"):
        i += 1
        word = word_at(tokens, i)
    if word in ("couple", "few"):
        end = i + 2 if word_at(tokens, i + 1) == "of" else i + 1
        return (2 if word == "couple" else 3), end
    if word in ("a", "an"):
        return 1, i + 1
    return 0, -1


def _counted(reader: Reader, i: int) -> Found | None:
    said_in = reader.word(i) in ("in", "within")
    at = i + 1 if said_in else i
    if reader.word(at) in ("the",):
        return None
    if reader.word(at) in ("fortnight", "week") and not said_in:
        if reader.word(i - 1) in ("a", "the", "next", "this", "per", "each", "of", "last"):
            return None
        count, at = 1, at
    elif reader.word(at) == "fortnight":
        count = 1
    else:
        count, at = count_at(reader.tokens, at)
        if at < 0:
            return None
    unit = _UNITS.get(reader.word(at))
    if unit is None:
        return _weekdays_from_now(reader, count, at)
    end = at + 1
    if said_in:
        date = shift(reader.today, count, unit)
        return (Day(date), _skip_from_now(reader, end)) if date else None
    after = _skip_from_now(reader, end)
    if after > end:
        date = shift(reader.today, count, unit)
        return (Day(date), after) if date else None
    link = reader.word(end)
    if link in TOMORROW and unit in ("week", "fortnight"):
        date = shift(reader.today + DAY, count, unit)
        return (Day(date), end + 1) if date else None
    if link in ("from", "after", "before", "following", "past") or (
        link == "on" and unit in ("week", "fortnight")
    ):
        base = reader.read(end + 1)
        if base is None or base[0].date is None or base[0].last:
            return None
        date = shift(base[0].date, -count if link == "before" else count, unit)
        if date is None:
            return None
        if date < reader.today:
            return Day(None, unsure=("past",)), base[1]
        return Day(date, unsure=base[0].unsure), base[1]
    return None


def _skip_from_now(reader: Reader, i: int) -> int:
    for words in _FROM_NOW:
        if all(reader.word(i + k) == word for k, word in enumerate(words)):
            return i + len(words)
    return i


def _weekdays_from_now(reader: Reader, count: int, i: int) -> Found | None:
    """ "3 fridays from now"."""
    name = reader.word(i)
    weekday = WEEKDAYS.get(name[:-1] if name.endswith("days") else name, -1)
    if weekday < 0 or not 1 <= count <= 60 or reader.word(i + 1) != "from":
        return None
    if reader.word(i + 2) not in ("now", *TODAY):
        return None
    first = reader.today + DAY * ((weekday - reader.today.weekday() - 1) % 7 + 1)
    return Day(first + 7 * DAY * (count - 1)), i + 3


def _beside(reader: Reader, i: int) -> Found | None:
    """ "the day after tomorrow", "the week after christmas", "the day before labor day"."""
    at = i + 1 if reader.word(i) == "the" else i
    unit, link = reader.word(at), reader.word(at + 1)
    if unit not in ("day", "week", "month") or link not in ("after", "before", "following"):
        return None
    if reader.word(at + 2) in ("next", "that") or at + 2 >= len(reader.tokens):
        return None
    if reader.tokens[at + 2].kind not in (ORDINAL,) and unit != "day" and at == i:
        return None
    base = reader.read(at + 2)
    if base is None or base[0].date is None:
        return None
    date = shift(base[0].date, -1 if link == "before" else 1, unit)
    if date is None or date < reader.today:
        return Day(None, unsure=("past",)), base[1]
    return Day(date), base[1]
