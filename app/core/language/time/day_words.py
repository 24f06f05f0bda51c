"""The words for days, and the value they are read into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from app.core.language.settings import TimePreferences
from app.core.language.text import vocabulary
from app.core.language.time.tokens import Token

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tue tues",
            "wednesday wed weds",
            "thursday thu thur thurs",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
"""Monday is 0."""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}

TODAY = frozenset(("today", "todays", "tonight", "tonite"))
TOMORROW = frozenset(("tomorrow", "tomorrows", "tmrw", "tmr", "tomorow"))

OTHER_WORDS_TOO = frozenset(
    ("mon", "wed", "weds", "sat", "sun", "fri", "may", "march", "mar", "dec", "jan")
)
"""Names of days and months that are also something else: they need company to count."""

BEFORE_DAY = frozenset(
    vocabulary(
        "on this next coming following until till by for from of in every last after before no not"
    )
)
NOT_A_DAY = frozenset(
    vocabulary(
        "time times one ones floor thing appointment street avenue visit place class choice option "
        "date grade person name part half quarter available opening slot step question tooth last "
        "power thought thoughts row week weekend available-one hour minute couple few"
    )
)
"""What an ordinal counts instead of naming a day of the month."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a span of days from `date` to `last`.

    date is None when no day that is still to come fits. unsure and others: why, and which other
    days may be meant (as `Spoken.ambiguous` and `Spoken.alternatives`).
    """

    date: dt.date | None
    last: dt.date | None = None
    unsure: tuple[str, ...] = ()
    others: tuple[dt.date, ...] = ()
    approximate: bool = False
    """Said roughly ("in about three weeks"): a span around the day."""
    over: dt.date | None = None
    """The day that was named and is over, where it is known which."""

    @property
    def unusable(self) -> str:
        """Why the day was named and cannot be used, "" where it can."""
        return self.unsure[0] if self.date is None and self.unsure else ""


def roughly(date: dt.date, days: int, today: dt.date) -> Day:
    """The span of so many days before and after a day, cut at today."""
    span = dt.timedelta(days=days)
    return Day(max(today, date - span), max(today, date + span), approximate=True)


PAST = Day(None, unsure=("past",))
"""A day that is over."""


def past(date: dt.date) -> Day:
    """A day that is over, and which it is."""
    return Day(None, unsure=("past",), over=date)


NO_SUCH_DAY = Day(None, unsure=("no_such_day",))
"""The thirtieth of February."""
RECURRING = Day(None, unsure=("recurring",))
"""Tuesdays, every Friday: no one day."""

ROUGHLY = frozenset(vocabulary("about around roughly approximately maybe approx circa say like"))
""" "In about three weeks"."""


Found = tuple[Day, int]
"""What was read, and the place of the first token after it."""


class Reader(Protocol):
    """What the grammars see of `day_grammar.DayReader`."""

    tokens: list[Token]
    today: dt.date
    prefer: TimePreferences
    first_move: int
    """The place of the first act of moving, after which "from" and "to" are no span."""

    def word(self, i: int) -> str: ...
    def one(self, i: int) -> bool: ...
    def skip(self, i: int, texts: tuple[str, ...]) -> int: ...
    def read(self, i: int) -> Found | None: ...
    def numeric(self, i: int) -> Found | None: ...
    def dated(self, year: int, month: int, day: int, end: int) -> Found | None: ...
