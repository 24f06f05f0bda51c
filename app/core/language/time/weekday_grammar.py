"""Reads weekdays: "next Friday", "Tuesday week", "monday the 26th", "friday, october 16"."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from app.core.language.time import day_offsets, month_grammar
from app.core.language.time.clock_grammar import PARTS
from app.core.language.time.day_words import (
    BEFORE_DAY,
    MONTHS,
    OTHER_WORDS_TOO,
    PAST,
    RECURRING,
    WEEKDAYS,
    Day,
    Found,
    Reader,
    past,
)
from app.core.language.time.holidays import DAY, add_months, days_in
from app.core.language.time.tokens import CLOCK, DASH, ISO, NUMBER, ORDINAL, SLASH

_MODIFIERS = ("this", "next", "coming", "following", "upcoming", "last", "past")
_MOST_MODIFIERS = 3
_MONTHS_SEARCHED = 24
_LAST = ("last", "past", "previous")
_EACH = ("every", "each")


def weekday_at(reader: Reader, i: int) -> int:
    """The weekday named at token i, or -1. Short names that are words too need company."""
    word = reader.word(i)
    if word not in WEEKDAYS or (word in OTHER_WORDS_TOO and not _has_company(reader, i)):
        return -1
    return WEEKDAYS[word]


def coming(reader: Reader, weekday: int) -> dt.date:
    """The first such weekday after today."""
    return reader.today + DAY * ((weekday - reader.today.weekday() - 1) % 7 + 1)


def in_week(reader: Reader, weekday: int, weeks: int) -> dt.date:
    """The weekday in the Monday-to-Sunday week so many weeks from this one."""
    return reader.today + DAY * (weekday - reader.today.weekday() + 7 * weeks)


def week_at(reader: Reader, i: int) -> tuple[int, int]:
    """ "next week", "this week", "the week after next": weeks from now and end, or end -1."""
    if reader.word(i) == "the":
        i += 1
    word, second = reader.word(i), reader.word(i + 1)
    if second == "week":
        if word in ("next", "following", "coming"):
            return 1, i + 2
        if word in ("this", "current"):
            return 0, i + 2
    if word == "week" and second == "after" and reader.word(i + 2) == "next":
        return 2, i + 3
    return 0, -1


def read(reader: Reader, i: int) -> Found | None:
    """The day at token i, if a weekday with or without "next" and its like stands there."""
    if found := _recurring(reader, i) or _of_last_week(reader, i):
        return found
    at, modifier = i, ""
    while at < i + _MOST_MODIFIERS and reader.word(at) in _MODIFIERS:
        modifier = "next" if modifier == "next" else reader.word(at)
        at += 1
    weekday = weekday_at(reader, at)
    if weekday < 0:
        return None
    end = at + 1
    if modifier not in ("last", "past", "coming"):
        found = _with_date(reader, weekday, end)
        if found and not (modifier and found[0].unsure):
            return found
    if not modifier and reader.word(end) == "before" and reader.word(end + 1) == "last":
        return PAST, end + 2
    if modifier:
        if reader.word(end) == "after" and reader.word(end + 1) == "next":
            return Day(coming(reader, weekday) + 7 * DAY), end + 2
        if modifier == "next" and reader.skip(end, ("but",)) == end + 1 and reader.one(end + 1):
            return Day(coming(reader, weekday) + 7 * DAY), end + 2
        return _modified(reader, weekday, modifier), end
    found = _in_named_week(reader, weekday, end)
    if found:
        return found
    if reader.word(end) == "coming":
        return Day(coming(reader, weekday)), end + 1
    day = Day(coming(reader, weekday))
    if weekday == reader.today.weekday():
        day = replace(day, unsure=("next_weekday",), others=(reader.today,))
    return day, end


def _recurring(reader: Reader, i: int) -> Found | None:
    """ "Tuesdays", "every other Friday", "weekdays": days that come again and again."""
    word = reader.word(i)
    if word in _EACH:
        at = reader.skip(i + 1, ("other", "second", "single"))
        return (RECURRING, at + 1) if reader.word(at) in (*WEEKDAYS, "weekday") else None
    if word == "weekdays" or (word.endswith("days") and word[:-1] in WEEKDAYS):
        return RECURRING, i + 1
    return None


def _of_last_week(reader: Reader, i: int) -> Found | None:
    """ "Last week on Friday"."""
    if reader.word(i) not in _LAST or reader.word(i + 1) != "week":
        return None
    at = reader.skip(i + 2, (",", "on", "the"))
    return (PAST, at + 1) if reader.word(at) in WEEKDAYS else None


def _has_company(reader: Reader, i: int) -> bool:
    if len(reader.tokens) <= 2 or reader.word(i - 1) in BEFORE_DAY or _beside_weekday(reader, i):
        return True
    after = reader.skip(i + 1, (",", ".", "the", "/", "-"))
    if after >= len(reader.tokens):
        return False
    following = reader.tokens[after]
    numbered = following.kind in (NUMBER, ORDINAL, CLOCK)
    return numbered or following.text in MONTHS or following.text in ("at", "next", *PARTS)


def _beside_weekday(reader: Reader, i: int) -> bool:
    """ "Mon-Fri", "Sat or Sun"."""
    links = ("-", "to", "or", "and", "through", "/", ",")
    return any(
        0 <= i + step < len(reader.tokens)
        and reader.tokens[i + step].text in links
        and reader.word(i + 2 * step) in WEEKDAYS
        for step in (1, -1)
    )


def _modified(reader: Reader, weekday: int, modifier: str) -> Day:
    soon = coming(reader, weekday)
    if modifier in ("last", "past"):
        return past(soon - 7 * DAY if soon - 7 * DAY < reader.today else soon - 14 * DAY)
    if modifier == "this":
        date = in_week(reader, weekday, 0)
        return Day(date) if date >= reader.today else Day(soon)
    following = in_week(reader, weekday, 1)
    if modifier in ("coming", "upcoming") or following == soon:
        return Day(soon)
    if reader.prefer.next_weekday == "coming":
        return Day(soon, unsure=("next_weekday",), others=(following,))
    return Day(following, unsure=("next_weekday",), others=(soon,))


def _in_named_week(reader: Reader, weekday: int, i: int) -> Found | None:
    """ "(Tuesday) next week", "of this week", "after next", "week"."""
    at = reader.skip(i, (",", "of", "in", "the", "on"))
    if reader.word(at) in _LAST and reader.word(at + 1) == "week":
        return PAST, at + 2
    weeks, end = week_at(reader, at)
    if end > at:
        date = in_week(reader, weekday, weeks)
        return (Day(date) if date >= reader.today else PAST), end
    if reader.word(at) == "after" and reader.word(at + 1) == "next":
        return Day(coming(reader, weekday) + 7 * DAY), at + 2
    weeks = {"week": 1, "fortnight": 2}.get(reader.word(i), 0)
    if weeks and reader.word(i + 1) not in ("of", "before", "after"):
        return Day(coming(reader, weekday) + 7 * weeks * DAY), i + 1
    return None


def _with_date(reader: Reader, weekday: int, i: int) -> Found | None:
    """ "(Monday) the 26th of sep", "(Tuesday) 2nd": the first date that fits both."""
    at = reader.skip(i, (",", ".", "the"))
    if at >= len(reader.tokens):
        return None
    token = reader.tokens[at]
    if token.kind == ISO:
        return fits(reader.numeric(at), weekday)
    if token.kind in (SLASH, DASH):
        return _doubted(reader.numeric(at), weekday)
    if token.kind == ORDINAL or (token.kind == NUMBER and not token.spelled):
        found = month_grammar.read_month_day(reader, at)
        if found is None:
            return _of_month(reader, weekday, at)
    elif token.text in MONTHS:
        found = month_grammar.read_month_day(reader, at)
    else:
        return _in_week_of(reader, weekday, at)
    if found is None or found[0].date is None:
        return found
    return fits(found, weekday)


def _doubted(found: Found | None, weekday: int) -> Found | None:
    """A day in figures that is another weekday: it may be read the wrong way round."""
    if found is None or found[0].date is None or found[0].date.weekday() == weekday:
        return found
    return replace(found[0], unsure=("weekday_mismatch",)), found[1]


def fits(found: Found | None, weekday: int) -> Found | None:
    """The day, if it is that weekday; else that the two contradict each other."""
    if found is None or found[0].date is None:
        return found
    first = found[0].date
    if first.weekday() == weekday:
        return found
    near = first + DAY * ((weekday - first.weekday() + 3) % 7 - 3)
    return Day(None, unsure=("weekday_mismatch",), others=(first, near)), found[1]


def _in_week_of(reader: Reader, weekday: int, i: int) -> Found | None:
    """ "(Monday) two weeks from now": that weekday in the week of the other day."""
    found = day_offsets.read(reader, i)
    if found is None or found[0].date is None or found[0].last:
        return None
    date = found[0].date + DAY * (weekday - found[0].date.weekday())
    return (Day(date), found[1]) if date >= reader.today else None


def _of_month(reader: Reader, weekday: int, i: int) -> Found | None:
    """ "(Friday) the 17th": the next 17th that is a Friday."""
    found = month_grammar.read_day_of_month(reader, i, named=True)
    if found is None or found[0].date is None or found[0].last:
        return None
    first, day = found[0].date, reader.tokens[i].a
    for ahead in range(_MONTHS_SEARCHED):
        month = add_months(first.replace(day=1), ahead)
        if day > days_in(month.year, month.month):
            continue
        date = month.replace(day=day)
        if date.weekday() == weekday:
            if date == first:
                return Day(date), found[1]
            return Day(date, unsure=("weekday_mismatch",), others=(first,)), found[1]
    return None
