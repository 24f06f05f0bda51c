"""What was understood of the days and times in a text, as values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.core.language.time.bounds import Bound
from app.core.language.time.corrections import Role

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of one day: "between 2 and 4", "after five" (no end), "the morning" (named)."""

    start: dt.time | None
    end: dt.time | None
    name: str | None = None
    """The part of the day, when that is how it was said: "morning", "late afternoon"."""


@dataclass(frozen=True, slots=True)
class TimeMention:
    """One day or time as it was said.

    kind: "day" or "time". start, end: its characters in the text; text: those characters.
    date, last: a day, or the first and last of a span of days. time: a time of day; window: a span
    of the clock. All are None where the mention is `unusable`. For a bound they are the value that
    was said, not the excluded one's neighbour: "after the 10th" is AFTER with the 10th.
    role: the old (FROM) and the new (TO) value of something moved. stands: not taken back and not
    ruled out by what follows; excluded: named only to be ruled out ("not Monday").
    unusable: why it cannot be used: "past", "no_such_day", "recurring", "weekday_mismatch", "zone",
    or "". assumed: the half of the day was assumed from the preferences. relative: the day depends
    on when it was said ("tomorrow", "Friday", "the 4th").
    """

    kind: str
    text: str
    start: int
    end: int
    date: dt.date | None = None
    last: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    bound: Bound = Bound.AT
    role: Role = Role.NONE
    stands: bool = True
    excluded: bool = False
    unusable: str = ""
    approximate: bool = False
    relative: bool = False
    assumed: bool = False
    over: dt.date | None = None
    """The day that was named and has passed, where it is known which."""

    @property
    def past(self) -> bool:
        """Whether a day was named that is over."""
        return self.unusable == "past"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was understood. Everything is None or empty when nothing was said about time.

    date: the one day meant, today or later. time: the one time of day meant (wall clock).
    window: a span of the day instead of one time. dates: first and last day of a span of days
        ("next week", "in April"), when no single day was said.
    earliest, latest: the first and last day that a bound leaves ("after the 10th", "by Friday");
        both are inside it.
    unusable: why a day was named and cannot be used, "" where that is not so: "past",
        "no_such_day" ("February 30"), "recurring" ("Tuesdays"), "weekday_mismatch" ("Saturday the
        20th", a Friday). Then there is no date, and none is implied.
    from_date, from_time: the old day and time in a request to move ("from Tuesday at 3 to ...").
    ambiguous: why the agent has to ask; empty when it need not. Values: those of `unusable`,
        "am_pm" (both halves of the day are possible), "day_or_month" ("3/4"), "far" (beyond the
        horizon), "zone" (a time in another zone), "several" (more values than one, and none was
        taken back).
    assumed: what was settled by the preferences and should be read back. Values: "am_pm" (the half
        of the day that lies in the hours), "next_weekday" (which week is meant), "same_day" and
        "same_time" (of what is moved).
    alternatives: the other readings, as (date, time) pairs with None for what is not touched.
    mentions: every day and time that was said, in order, also those that do not stand.
    """

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    dates: tuple[dt.date, dt.date] | None = None
    ambiguous: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    alternatives: tuple[tuple[dt.date | None, dt.time | None], ...] = ()
    earliest: dt.date | None = None
    latest: dt.date | None = None
    unusable: str = ""
    from_date: dt.date | None = None
    from_time: dt.time | None = None
    mentions: tuple[TimeMention, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was understood."""
        return any(
            value is not None
            for value in (self.date, self.time, self.window, self.dates, self.earliest, self.latest)
        )

    def moment(self, now: dt.datetime) -> dt.datetime | None:
        """The aware moment meant: date and time, or the next occurrence of a time alone.

        None where a day was named in another way: a span, a bound, one that cannot be used.
        """
        if self.time is None:
            return None
        if self.date is not None:
            return dt.datetime.combine(self.date, self.time, tzinfo=now.tzinfo)
        unclear_day = any(date is not None for date, _ in self.alternatives)
        if unclear_day or self.unusable or self.dates or self.earliest or self.latest:
            return None
        moment = dt.datetime.combine(now.date(), self.time, tzinfo=now.tzinfo)
        return moment if moment >= now else moment + _ONE_DAY
