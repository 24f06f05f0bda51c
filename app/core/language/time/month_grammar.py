"""Reads days of months: "March 3rd", "3 of march", "the 4th", "first tuesday in october"."""

from __future__ import annotations

import datetime as dt

from app.core.language.time.clock_grammar import PARTS
from app.core.language.time.day_words import (
    MONTHS,
    NO_SUCH_DAY,
    NOT_A_DAY,
    PAST,
    WEEKDAYS,
    Day,
    Found,
    Reader,
)
from app.core.language.time.holidays import add_months, days_in, nth_weekday
from app.core.language.time.other_numbers import UNITS
from app.core.language.time.tokens import DASH, NUMBER, ORDINAL, kind_at

_CLOCK_WORDS = frozenset(("am", "pm", "oclock", "to", "past", "minutes", "mins"))
_COUNTED = ("a", "one", "my", "your", "our", "their")
"""Before an ordinal that counts something: "hang on a second"."""
_PRONOUNS = ("i", "we", "you", "be", "have")


def read_month_day(reader: Reader, i: int) -> Found | None:
    """ "March 3rd 2026", "mar the 3rd", "3 of march", "first of march", "the ides of march"."""
    span = _dashed(reader, i)
    if span is not None:
        return span
    month = MONTHS.get(reader.word(i), 0)
    if month:
        at = reader.skip(i + 1, (".", "the", "/", "-", ","))
        if _is_no_ordinal_day(reader, at):
            return NO_SUCH_DAY, at + 1
        if at < len(reader.tokens) and _is_day_number(reader, at):
            if last := _last_day(reader, at):
                return _days_of(reader, month, reader.tokens[at].a, reader.tokens[last].a, last)
            year, end = read_year(reader, at + 1)
            return reader.dated(year, month, reader.tokens[at].a, end) or (NO_SUCH_DAY, end)
        return None
    token = reader.tokens[i]
    if token.kind in (NUMBER, ORDINAL) and (last := _last_day(reader, i)):
        month = MONTHS.get(reader.word(reader.skip(last + 1, ("of",))), 0)
        if month:
            at = reader.skip(last + 1, ("of",))
            return _days_of(reader, month, token.a, reader.tokens[last].a, at)
    ides = token.text == "ides"
    if _is_no_ordinal_day(reader, i):
        month_at = reader.skip(i + 1, ("of", "day"))
        return (NO_SUCH_DAY, month_at + 1) if reader.word(month_at) in MONTHS else None
    if not ides and (token.kind not in (NUMBER, ORDINAL) or not 1 <= token.a <= 31):
        return None
    at = reader.skip(i + 1, ("of", "/", "-", "day", "in", "."))
    month = MONTHS.get(reader.word(at), 0)
    if not month or (reader.word(at) == "may" and reader.word(at + 1) in _PRONOUNS):
        return None
    day = (15 if month in (3, 5, 7, 10) else 13) if ides else token.a
    year, end = read_year(reader, at + 1)
    return reader.dated(year, month, day, end) or (NO_SUCH_DAY, end)


def _dashed(reader: Reader, i: int) -> Found | None:
    """ "December 7-11", "7-11 december"."""
    month, at = MONTHS.get(reader.word(i), 0), i + 1
    if not month:
        month, at = MONTHS.get(reader.word(i + 1), 0), i
    if not month or kind_at(reader.tokens, at) != DASH or reader.tokens[at].c >= 0:
        return None
    return _days_of(reader, month, reader.tokens[at].a, reader.tokens[at].b, i + 1)


def _last_day(reader: Reader, at: int) -> int:
    """ "December 7 to 11", "between December 7 and 11": the place of the last day, 0 where an hour
    may be meant."""
    links: tuple[str, ...] = ("to", "through", "thru", "until", "till")
    if any(reader.word(k) == "between" for k in range(max(0, at - 3), at)):
        links = ("and",)
    if reader.word(at + 1) not in links or at > reader.first_move:
        return 0
    last = at + 3 if reader.word(at + 2) == "the" else at + 2
    kind = kind_at(reader.tokens, last)
    if kind == ORDINAL:
        return last if reader.tokens[at].a < reader.tokens[last].a <= 31 else 0
    if kind != NUMBER or not reader.tokens[at].a < reader.tokens[last].a <= 31:
        return 0
    following = reader.word(last + 1)
    hour = following in _CLOCK_WORDS or following in UNITS or following in PARTS
    return 0 if hour or kind_at(reader.tokens, last + 1) == NUMBER else last


def _days_of(reader: Reader, month: int, begin: int, finish: int, at: int) -> Found:
    """Days of one month from one to another; `at` is the last token before a year."""
    year, end = read_year(reader, at + 1)
    first = reader.dated(year, month, begin, end)
    last = reader.dated(year, month, finish, end)
    if first is None or last is None:
        return NO_SUCH_DAY, end
    if first[0].date is None or last[0].date is None or begin >= finish:
        return PAST, end
    return Day(min(first[0].date, last[0].date), last[0].date), end


def _is_no_ordinal_day(reader: Reader, i: int) -> bool:
    """ "(December) 32nd", "0th"."""
    return kind_at(reader.tokens, i) == ORDINAL and not 1 <= reader.tokens[i].a <= 31


def _is_day_number(reader: Reader, i: int) -> bool:
    token = reader.tokens[i]
    if token.kind == ORDINAL:
        return 1 <= token.a <= 31
    if token.kind != NUMBER or not 1 <= token.a <= 31 or len(token.text) > 2:
        return False
    following = reader.word(i + 1)
    if following == "to" and _last_day(reader, i):
        return True
    return following not in _CLOCK_WORDS and following not in UNITS


def read_year(reader: Reader, i: int) -> tuple[int, int]:
    """The year at token i and where it ends; -1 and i when there is none."""
    at = reader.skip(i, (",", "of", "in", "/", "-"))
    if kind_at(reader.tokens, at) != NUMBER:
        return -1, i
    token = reader.tokens[at]
    if 1900 <= token.a <= 2200 and len(token.text) == 4:
        return token.a, at + 1
    if token.spelled:
        return _spoken_year(reader, at, i)
    return _short_year(reader, at, i)


def _spoken_year(reader: Reader, at: int, i: int) -> tuple[int, int]:
    """ "Nineteen eighty five", "nineteen oh five", "twenty twenty six"."""
    century = reader.tokens[at].a
    if century not in (19, 20) or kind_at(reader.tokens, at + 1) != NUMBER:
        return -1, i
    following = reader.tokens[at + 1]
    least = 20 if century == 20 else 10
    if len(following.text) != 2 or (following.a < least and following.text[0] != "0"):
        return -1, i
    return 100 * century + following.a, at + 2


def _short_year(reader: Reader, at: int, i: int) -> tuple[int, int]:
    """ "(Oct 5) 26": two digits that are soon, right behind the day or the month."""
    token, before = reader.tokens[at], reader.tokens[i - 1]
    close = len(token.text) == 2 and 0 <= token.a - reader.today.year % 100 <= 10
    if not close or at != i or not (before.kind == ORDINAL or before.text in MONTHS):
        return -1, i
    following = reader.tokens[at + 1] if at + 1 < len(reader.tokens) else None
    if following is not None and (
        following.kind == NUMBER
        or following.text in _CLOCK_WORDS
        or following.text in UNITS
        or following.text in PARTS
    ):
        return -1, i
    return 2000 + token.a, at + 1


def read_day_of_month(reader: Reader, i: int, *, named: bool = False) -> Found | None:
    """ "the 4th", "15th", "on the twelfth", "20 of this month", "10th of next month".

    named: a weekday stands before it, so a bare number is a day of the month too.
    """
    token = reader.tokens[i]
    if token.kind == ORDINAL and token.a > 31 and _ends_as_day(reader, i):
        return NO_SUCH_DAY, i + 1
    if token.kind not in (NUMBER, ORDINAL) or not 1 <= token.a <= 31:
        return None
    months, end = _month_named(reader, i + 1)
    if end > 0 and months < 0:
        return _next_of_month(reader, token.a, end)
    if end > 0:
        start = add_months(reader.today.replace(day=1), months)
        if token.a > days_in(start.year, start.month):
            return NO_SUCH_DAY, end
        date = start.replace(day=token.a)
        return (Day(date) if date >= reader.today else PAST), end
    following = reader.word(i + 1)
    spelled_one = i + 1 < len(reader.tokens) and reader.tokens[i + 1][2:6] == (1, -1, -1, True)
    if following in NOT_A_DAY or following in UNITS or spelled_one:
        return None
    before = reader.word(i - 1)
    articled = before in ("the", "on") or (reader.word(i - 2) == "on" and before not in _COUNTED)
    if token.kind == NUMBER:
        if not (named or (reader.word(i - 1) == "the" and reader.word(i - 2) in ("on", "for"))):
            return None
        if following in _CLOCK_WORDS or len(token.text) > 2:
            return None
    elif token.spelled and not (named or articled or reader.word(i - 1) in MONTHS):
        return None
    return _next_of_month(reader, token.a, i + 1)


def _ends_as_day(reader: Reader, i: int) -> bool:
    """ "On the 32nd (at ten)", not "the 50th anniversary"."""
    following = reader.word(i + 1)
    return reader.word(i - 1) in ("the", "on") and following in ("", "at", "please", "in", "around")


def _next_of_month(reader: Reader, day: int, end: int) -> Found | None:
    for ahead in range(4):
        start = add_months(reader.today.replace(day=1), ahead)
        if day <= days_in(start.year, start.month):
            date = start.replace(day=day)
            if date >= reader.today:
                return Day(date), end
    return None


def _month_named(reader: Reader, i: int) -> tuple[int, int]:
    """ "of this month", "of next month": months from now and end, or end -1.

    "Of the month" is any: -1 months.
    """
    if reader.word(i) not in ("of", "this", "next"):
        return 0, -1
    at = reader.skip(i, ("of", "the"))
    word = reader.word(at)
    if word == "month" and at > i:
        return -1, at + 1
    if reader.word(at + 1) == "month":
        if word in ("this", "current"):
            return 0, at + 2
        if word in ("next", "following", "coming"):
            return 1, at + 2
    return 0, -1


def read_nth(reader: Reader, i: int) -> Found | None:
    """ "first tuesday in october", "last day of feb", "the 5th last day of May"."""
    token, at = reader.tokens[i], i + 1
    n = token.a if token.kind == ORDINAL else 0
    if token.text == "last":
        n = -1
    elif n and reader.word(at) == "last":
        at, n = at + 1, -n
    elif n and reader.word(at) == "to" and reader.word(at + 1) == "last":
        at, n = at + 2, -n
    weekday = WEEKDAYS.get(reader.word(at), -1)
    if not n or abs(n) > 31 or (weekday < 0 and reader.word(at) != "day"):
        return None
    end = at + 1
    if reader.word(end) not in ("of", "in"):
        return None
    months, month_end = _month_named(reader, end)
    if month_end > 0:
        for ahead in (0, 1) if months < 0 else (months,):
            start = add_months(reader.today.replace(day=1), ahead)
            date = _nth(start.year, start.month, weekday, n)
            if date is not None and date >= reader.today:
                return Day(date), month_end
        return PAST, month_end
    month = MONTHS.get(reader.word(end + 1), 0)
    if not month:
        return None
    year, end = read_year(reader, end + 2)
    years = (year,) if year > 0 else (reader.today.year, reader.today.year + 1)
    for year in years:
        date = _nth(min(year, 9990), month, weekday, n)
        if date is not None and date >= reader.today:
            return Day(date), end
    return PAST, end


def _nth(year: int, month: int, weekday: int, n: int) -> dt.date | None:
    if weekday >= 0:
        return nth_weekday(year, month, weekday, n)
    day = n if n > 0 else days_in(year, month) + 1 + n
    return dt.date(year, month, day) if 1 <= day <= days_in(year, month) else None
