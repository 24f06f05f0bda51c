"""Reads spans of days: "next week", "this weekend", "in april", "the end of the month"."""

from __future__ import annotations

import datetime as dt

from app.core.language.text import vocabulary
from app.core.language.time import day_offsets, month_grammar, weekday_grammar
from app.core.language.time.day_words import (
    MONTHS,
    OTHER_WORDS_TOO,
    PAST,
    Day,
    Found,
    Reader,
)
from app.core.language.time.holidays import DAY, add_months, days_in
from app.core.language.time.tokens import ORDINAL

_THIS = ("this", "current", "the")
_NEXT = ("next", "following", "coming")
_PARTS = {"early": "beginning", "mid": "middle", "late": "end"}
_BEFORE_MONTH = vocabulary("in next this for until of during by after before through")
Span = tuple[dt.date, dt.date, int]


def read(reader: Reader, i: int) -> Found | None:
    """The span at token i, cut at today; or the weekday in it ("next week on Wednesday")."""
    word, second = reader.word(i), reader.word(i + 1)
    if word in ("end", "beginning", "start", "middle", "rest") and second == "of":
        return _part(reader, word, reader.skip(i + 2, ("the",)))
    if word in _PARTS and (found := _part(reader, _PARTS[word], i + 1)):
        return found
    span = (
        _week(reader, i)
        or _weekend(reader, i)
        or _month(reader, i)
        or _week_of(reader, i)
        or _coming_days(reader, i)
    )
    if span is None:
        return None
    first, last, end = span
    at = reader.skip(end, ("on", ",", "the"))
    weekday = weekday_grammar.weekday_at(reader, at)
    if weekday >= 0 and last - first == 6 * DAY:
        date = first + DAY * ((weekday - first.weekday()) % 7)
        return (Day(date) if date >= reader.today else PAST), at + 1
    return _cut(reader, first, last), end


def _cut(reader: Reader, first: dt.date, last: dt.date) -> Day:
    return Day(max(first, reader.today), last) if last >= reader.today else PAST


def _week(reader: Reader, i: int) -> Span | None:
    weeks, end = weekday_grammar.week_at(reader, i)
    if end < 0:
        return None
    monday = weekday_grammar.in_week(reader, 0, weeks)
    return monday, monday + 6 * DAY, end


def _weekend(reader: Reader, i: int) -> Span | None:
    words = [reader.word(at) for at in range(i, i + 3)]
    if "weekend" not in words or not all(
        word in (*_THIS, *_NEXT, "upcoming") for word in words[: words.index("weekend")]
    ):
        return None
    end = i + words.index("weekend") + 1
    weeks = 1 if words[0] == "next" else 0
    but_one = weeks and reader.word(end) == "but" and reader.one(end + 1)
    if but_one or (reader.word(end), reader.word(end + 1)) == ("after", "next"):
        weeks, end = 2, end + 2
    elif (reader.word(end), reader.word(end + 1)) == ("after", "this"):
        weeks, end = 1, end + 2
    of = reader.read(reader.skip(end + 1, ("the",))) if reader.word(end) == "of" else None
    if of is not None and of[0].date is not None and of[0].last is None:
        saturday = of[0].date + DAY * (5 - of[0].date.weekday())
        return saturday, saturday + DAY, of[1]
    saturday = weekday_grammar.in_week(reader, 5, weeks)
    return saturday, saturday + DAY, end


def _coming_days(reader: Reader, i: int) -> Span | None:
    """ "(The) next two weeks", "the coming days"."""
    if reader.word(i) not in ("next", "coming", "following"):
        return None
    count, at = day_offsets.count_at(reader.tokens, i + 1)
    if at < 0 and reader.word(i + 1) == "days":
        count, at = 7, i + 1
    if at < 0:
        return None
    days = {"days": 1, "weeks": 7, "months": 30}.get(reader.word(at), 0)
    return (reader.today, reader.today + min(count, 60) * days * DAY, at + 1) if days else None


def _month(reader: Reader, i: int) -> Span | None:
    word, second = reader.word(i), reader.word(i + 1)
    this = reader.today.replace(day=1)
    if second == "month" and word in (*_THIS, *_NEXT):
        return _whole(add_months(this, 1 if word in _NEXT else 0), i + 2)
    at = i + 1 if word in ("next", "this") else i
    month = MONTHS.get(reader.word(at), 0)
    said_in = reader.word(at - 1) in _BEFORE_MONTH or reader.word(at - 1) in _PARTS
    if not month or (reader.word(at) in OTHER_WORDS_TOO and not said_in and len(reader.tokens) > 1):
        return None
    year, end = month_grammar.read_year(reader, at + 1)
    if year < 0:
        year = this.year + (1 if month < this.month else 0)
    return _whole(dt.date(min(year, 9990), month, 1), end)


def _whole(first: dt.date, end: int) -> Span:
    return first, first.replace(day=days_in(first.year, first.month)), end


def _week_of(reader: Reader, i: int) -> Span | None:
    """ "first week of october", "the week of the 4th"."""
    if reader.tokens[i].kind == ORDINAL and reader.word(i + 1) == "week":
        month = _month(reader, reader.skip(i + 2, ("of", "in", "the")))
        n = reader.tokens[i].a
        if month is None or not 1 <= n <= 4:
            return None
        first = month[0] + 7 * DAY * (n - 1)
        return first, first + 6 * DAY, reader.skip(month[2], (".",))
    if reader.word(i) == "week" and reader.word(i + 1) in ("of", "beginning", "starting"):
        found = reader.read(reader.skip(i + 2, ("on",)))
        if found and found[0].date and not found[0].last:
            monday = found[0].date - DAY * found[0].date.weekday()
            return monday, monday + 6 * DAY, found[1]
    return None


def _part(reader: Reader, part: str, i: int) -> Found | None:
    """The first, middle or last part of a week, a month or a year."""
    word, ahead, end = reader.word(i), 0, i + 1
    if word in (*_THIS, *_NEXT):
        ahead, end = int(word in _NEXT), i + 2
        word = reader.word(i + 1)
    today = reader.today
    if word == "week":
        first = weekday_grammar.in_week(reader, 0, ahead)
        last = first + 4 * DAY
    elif word == "month":
        first = add_months(today.replace(day=1), ahead)
        last = first.replace(day=days_in(first.year, first.month))
    elif word == "year":
        if part == "end":
            return Day(dt.date(min(today.year + ahead, 9990), 12, 31)), end
        first = dt.date(min(today.year + ahead, 9990), 1, 1)
        last = first.replace(month=12, day=31)
    elif month := _month(reader, i):
        first, last, end = month
    else:
        return None
    third = (last - first) // 3
    if part in ("beginning", "start"):
        last = first + third
    elif part == "end":
        first = last - third
    elif part == "middle":
        first, last = first + third, last - third
    return _cut(reader, first, last), end
