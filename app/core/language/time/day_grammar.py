"""Reads days out of tokens: "tomorrow", "12/24", "next week", "the week of the 4th"."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from app.core.language.settings import TimePreferences
from app.core.language.text import vocabulary
from app.core.language.time import day_offsets, day_spans, month_grammar, weekday_grammar
from app.core.language.time.bounds import MOVES
from app.core.language.time.clock_grammar import PARTS
from app.core.language.time.day_words import (
    MONTHS,
    NO_SUCH_DAY,
    OTHER_WORDS_TOO,
    PAST,
    TODAY,
    TOMORROW,
    WEEKDAYS,
    Day,
    Found,
    past,
)
from app.core.language.time.holidays import DAY, LONGEST, days_in, next_holiday
from app.core.language.time.tokens import DASH, ISO, MARK, SLASH, Token, word_at

_NOT_OF_DAY = frozenset(vocabulary("or and to week next this coming after fortnight works is"))
"""A weekday before one of these is another day than the one said before it."""
_NO_DASHED_DAY = frozenset(("am", "pm", "oclock", "people"))
_DEEPEST = 3
"""How far days may be counted from days that are counted from days."""


class DayReader:
    """Reads days from one list of tokens, against one `today`."""

    def __init__(self, tokens: list[Token], today: dt.date, prefer: TimePreferences) -> None:
        self.tokens = tokens
        self.today = today
        self.prefer = prefer
        count = len(tokens)
        self.first_move = next((k for k in range(count) if tokens[k].text in MOVES), count)
        self._depth = 0

    def word(self, i: int) -> str:
        """The text of token i if it is a word, else ""."""
        return word_at(self.tokens, i)

    def one(self, i: int) -> bool:
        """Whether "one" or "1" stands at token i."""
        return i < len(self.tokens) and self.tokens[i].text == "1"

    def skip(self, i: int, texts: tuple[str, ...]) -> int:
        """The first place from i on whose token is none of these."""
        while i < len(self.tokens) and self.tokens[i].text in texts:
            i += 1
        return i

    def read(self, i: int) -> Found | None:
        """The day or span of days that starts at token i and where it ends."""
        at = i + 1 if self.word(i) == "the" else i
        if at >= len(self.tokens) or self.tokens[at].kind == MARK or self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._read(i, at)
        finally:
            self._depth -= 1

    def _read(self, i: int, at: int) -> Found | None:
        return (
            day_offsets.read(self, i)
            or self._with_weekday(
                self.numeric(at)
                or self._named(at)
                or month_grammar.read_nth(self, at)
                or month_grammar.read_month_day(self, at)
            )
            or weekday_grammar.read(self, at)
            or month_grammar.read_day_of_month(self, at)
            or self._holiday(at)
            or day_spans.read(self, at)
        )

    def _with_weekday(self, found: Found | None) -> Found | None:
        """ "December 8th, Tuesday", "tomorrow, Friday": the weekday must fit the day."""
        if found is None or found[0].date is None or found[0].last is not None:
            return found
        at = self.skip(found[1], (",",))
        name = self.word(at)
        if WEEKDAYS.get(name, -1) < 0 or name in OTHER_WORDS_TOO:
            return found
        if self.word(at + 1) in _NOT_OF_DAY:
            return found
        return weekday_grammar.fits((found[0], at + 1), WEEKDAYS[name])

    def numeric(self, i: int) -> Found | None:
        """ "2026-12-24", "12/24", "12-24-26"."""
        token = self.tokens[i]
        if token.kind == ISO:
            found = self.dated(token.a, token.b, token.c, i + 1)
            return found or (NO_SUCH_DAY, i + 1)
        if token.kind not in (SLASH, DASH):
            return None
        year = token.c + 2000 if 0 <= token.c < 100 else token.c
        month, day = token.a, token.b
        if self.prefer.day_first or month > 12:
            month, day = day, month
        following = self.word(i + 1)
        if token.kind == DASH and (following in _NO_DASHED_DAY or following in MONTHS):
            return None
        found = self.dated(year, month, day, i + 1)
        if found and found[0].date and day <= 12 and month != day and not self.prefer.day_first:
            other = self.dated(year, day, month, i + 1)
            others = (other[0].date,) if other and other[0].date else ()
            return replace(found[0], unsure=("day_or_month",), others=others), i + 1
        whole = token.c >= 0 or (1 <= month <= 12 and 1 <= day <= 31)
        if found is None and token.kind == SLASH and whole:
            return NO_SUCH_DAY, i + 1
        return found

    def dated(self, year: int, month: int, day: int, end: int) -> Found | None:
        """A month and day with its year, or the next one when year is -1."""
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            return None
        if year >= 0:
            if not 1 <= year <= 9990 or day > days_in(year, month):
                return None
            date = dt.date(year, month, day)
            return (Day(date) if date >= self.today else past(date)), end
        for year in range(self.today.year, self.today.year + 9):
            if day <= days_in(year, month) and dt.date(year, month, day) >= self.today:
                return Day(dt.date(year, month, day)), end
        return None

    def _named(self, i: int) -> Found | None:
        word = self.word(i)
        if word in TODAY or word in TOMORROW:
            weeks, end = self._weeks_later(i + 1)
            return Day(self.today + DAY * ((word in TOMORROW) + 7 * weeks)), end
        if word == "yesterday":
            return past(self.today - DAY), i + 1
        if word == "later" and self.word(i + 1) == "today":
            return Day(self.today), i + 2
        if word in ("this", "later") and self.word(i + 1) in PARTS:
            return Day(self.today), i + 1
        return None

    def _weeks_later(self, i: int) -> tuple[int, int]:
        """ "(Tomorrow) week", "(today) fortnight"."""
        weeks = {"week": 1, "fortnight": 2}.get(self.word(i), 0)
        if not weeks or self.word(i + 1) in ("of", "before", "after", "from"):
            return 0, i
        return weeks, i + 1

    def _holiday(self, i: int) -> Found | None:
        if self.word(i) in ("next", "this"):
            i += 1
        for size in range(min(LONGEST, len(self.tokens) - i), 0, -1):
            name = " ".join(token.text for token in self.tokens[i : i + size]).replace("'", "")
            date = next_holiday(name, self.today)
            if date is None:
                continue
            year, end = month_grammar.read_year(self, i + size)
            if year < 0:
                return Day(date), end
            date = next_holiday(name, dt.date(year, 1, 1))
            return (Day(date) if date is not None and date >= self.today else PAST), end
        return None
