"""Reads days counted from others: "in two weeks", "a week from Friday", "day after tomorrow"."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.time.day_words import (
    ROUGHLY,
    TODAY,
    TOMORROW,
    WEEKDAYS,
    Day,
    Found,
    Reader,
    past,
    roughly,
)
from app.core.language.time.holidays import DAY, add_months
from app.core.language.time.tokens import DASH, NUMBER, ORDINAL, Token, kind_at, word_at

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
    ("time",),
)
_WEEKS = ("week", "fortnight")
_SPREAD = {"day": 1, "week": 3, "fortnight": 4, "month": 7, "year": 30}
"""How many days a rough "in about N ..." reaches to either side."""
_COUNTED_BEFORE = ("a", "the", "next", "this", "per", "each", "of", "last")


def read(reader: Reader, i: int) -> Found | None:
    """The counted day at token i."""
    found = _counted(reader, i) or _weekdays_from_now(reader, i) or _beside(reader, i)
    if found is None or found[0].date is None:
        return found
    day, end = found
    at = reader.skip(end, (",", "on"))
    weekday = WEEKDAYS.get(reader.word(at), -1)
    if weekday >= 0 and (at > end or len(reader.word(at)) > 4) and day.date is not None:
        date = day.date + DAY * (weekday - day.date.weekday())
        if date >= reader.today and not day.approximate:
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


@dataclass(frozen=True, slots=True)
class _Count:
    """ "In about three weeks": how many of which unit, and where the words end."""

    count: int
    most: int
    """The larger number of "two or three", else the same."""
    unit: str
    end: int
    from_now: bool
    rough: bool


def _counted(reader: Reader, i: int) -> Found | None:
    """The day at a count of units from now or from another day, by the first tail that fits."""
    said = _count(reader, i)
    if said is None:
        return None
    for tail in (_from_now, _from_tomorrow, _from_other, _from_weekday):
        found = tail(reader, said)
        if found:
            return found
    return None


def _count(reader: Reader, i: int) -> _Count | None:
    from_now = reader.word(i) in ("in", "within")
    at = i + 1 if from_now else i
    rough = reader.word(at) in ROUGHLY
    if rough and not from_now:
        return None
    at += rough
    if reader.word(at - 1) in ROUGHLY and reader.word(at - 2) not in ("how", "what"):
        rough = True
    if reader.word(at) == "the":
        return None
    most = 0
    if reader.word(at) in _WEEKS and (not from_now or reader.word(at) == "fortnight"):
        if reader.word(i - 1) in _COUNTED_BEFORE:
            return None
        count = 1
    elif at < len(reader.tokens) and reader.tokens[at].kind == DASH and reader.tokens[at].c < 0:
        count, most, at = reader.tokens[at].a, reader.tokens[at].b, at + 1
    else:
        count, at = count_at(reader.tokens, at)
        if at < 0:
            return None
        if reader.word(at) in ("or", "to") and at + 1 < len(reader.tokens):
            second = reader.tokens[at + 1]
            if second.kind == NUMBER and _UNITS.get(reader.word(at + 2)):
                most, at = second.a, at + 2
    unit = _UNITS.get(reader.word(at))
    if unit is None:
        return None
    end = at + 1
    if reader.word(end) == "or" and reader.word(end + 1) in ("so", "thereabouts"):
        rough, end = True, end + 2
    elif reader.word(end) == "or" and kind_at(reader.tokens, end + 1) == NUMBER and not most:
        most, end = reader.tokens[end + 1].a, end + 2  # "in a week or two"
    return _Count(count, max(most, count), unit, end, from_now, rough)


def _day(reader: Reader, base: dt.date, said: _Count, sign: int = 1) -> Day | None:
    """The day that is counted from `base`, or its span where it was said roughly."""
    date = shift(base, sign * said.count, said.unit)
    if date is None:
        return None
    if said.most > said.count and (last := shift(base, sign * said.most, said.unit)):
        first, last = min(date, last), max(date, last)
        return Day(max(first, reader.today), max(last, reader.today), approximate=True)
    return roughly(date, _SPREAD[said.unit], reader.today) if said.rough else Day(date)


def _from_now(reader: Reader, said: _Count) -> Found | None:
    """ "In three weeks", "three weeks from now", "a fortnight today"."""
    end = _skip_from_now(reader, said.end)
    if not said.from_now and end == said.end:
        return None
    day = _day(reader, reader.today, said)
    return (day, end) if day else None


def _from_tomorrow(reader: Reader, said: _Count) -> Found | None:
    """ "A week tomorrow"."""
    if reader.word(said.end) not in TOMORROW or said.unit not in _WEEKS:
        return None
    day = _day(reader, reader.today + DAY, said)
    return (day, said.end + 1) if day else None


def _from_other(reader: Reader, said: _Count) -> Found | None:
    """ "Two weeks from Friday", "3 days before christmas", "a week on Friday"."""
    link = reader.word(said.end)
    if link not in ("from", "after", "before", "following", "past") and not (
        link == "on" and said.unit in _WEEKS
    ):
        return None
    base = reader.read(said.end + 1)
    if base is None or base[0].date is None or base[0].last:
        return None
    day = _day(reader, base[0].date, said, -1 if link == "before" else 1)
    if day is None or day.date is None:
        return None
    if day.date < reader.today:
        return past(day.date), base[1]
    return replace(day, unsure=base[0].unsure), base[1]


def _from_weekday(reader: Reader, said: _Count) -> Found | None:
    """ "A week Friday"."""
    weekday = WEEKDAYS.get(reader.word(said.end), -1)
    if weekday < 0 or said.unit not in _WEEKS or len(reader.word(said.end)) < 4:
        return None
    first = reader.today + DAY * ((weekday - reader.today.weekday() - 1) % 7 + 1)
    day = _day(reader, first, said)
    return (day, said.end + 1) if day else None


def _skip_from_now(reader: Reader, i: int) -> int:
    for words in _FROM_NOW:
        if all(reader.word(i + k) == word for k, word in enumerate(words)):
            return i + len(words)
    return i


def _weekdays_from_now(reader: Reader, i: int) -> Found | None:
    """ "3 fridays from now"."""
    count, at = count_at(reader.tokens, i)
    name = reader.word(at) if at > 0 else ""
    weekday = WEEKDAYS.get(name[:-1] if name.endswith("days") else name, -1)
    if weekday < 0 or not 1 <= count <= 60 or reader.word(at + 1) != "from":
        return None
    if reader.word(at + 2) not in ("now", *TODAY):
        return None
    first = reader.today + DAY * ((weekday - reader.today.weekday() - 1) % 7 + 1)
    return Day(first + 7 * DAY * (count - 1)), at + 3


def _beside(reader: Reader, i: int) -> Found | None:
    """ "the day after tomorrow", "the week after christmas", "the day before labor day"."""
    at = i + 1 if reader.word(i) == "the" else i
    unit, link = reader.word(at), reader.word(at + 1)
    if unit not in ("day", "week", "month") or link not in ("after", "before", "following"):
        return None
    if reader.word(i - 1) in ("any", "some"):  # "any day after tomorrow" is a bound
        return None
    if reader.word(at + 2) in ("next", "that") or at + 2 >= len(reader.tokens):
        return None
    if reader.tokens[at + 2].kind not in (ORDINAL,) and unit != "day" and at == i:
        return None
    base = reader.read(at + 2)
    if base is None or base[0].date is None:
        return None
    date = shift(base[0].date, -1 if link == "before" else 1, unit)
    if date is None:
        return None
    if date < reader.today:
        return past(date), base[1]
    return Day(date), base[1]
