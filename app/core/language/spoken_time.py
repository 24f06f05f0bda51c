"""Spoken dates and times: "next Tuesday at half past three", "a week from Friday", "5 to 18".

Whatever the caller may mean is resolved against `now` in the agent's zone, never to the past. What
stays open is reported (`Spoken.ambiguous`, `Spoken.alternatives`), so that the agent can ask or
read the full date back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.core.language.settings import TimePreferences

DEFAULTS = TimePreferences()


@dataclass(frozen=True, slots=True)
class Window:
    """A span of one day: "between 2 and 4", "after five" (no end), "the morning" (named)."""

    start: dt.time | None
    end: dt.time | None
    name: str | None = None
    """The part of the day, when that is how it was said: morning, afternoon, evening, night."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was understood. Everything is None or empty when nothing was said about time.

    date: the one day meant, today or later. time: the one time of day meant (wall clock).
    window: a span of the day instead of one time. dates: first and last day of a span of days
        ("next week", "in April"), when no single day was said.
    ambiguous: why the reading is not certain; empty when it is. Values: "am_pm" (the part of the
        day was assumed), "next_weekday" (this week's or the following one's), "weekday_mismatch"
        (the weekday and the date contradict each other within the year), "day_or_month" ("3/4"),
        "past" (only a past moment fits, so nothing is given), "far" (beyond the horizon),
        "several" (more than one value was said and none was taken back).
    alternatives: the other readings, as (date, time) pairs with None for what is not touched.
    text: the words that were read, in normal form.
    """

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    dates: tuple[dt.date, dt.date] | None = None
    ambiguous: tuple[str, ...] = ()
    alternatives: tuple[tuple[dt.date | None, dt.time | None], ...] = ()
    text: str = ""

    def __bool__(self) -> bool:
        """Whether anything was understood."""
        return not (
            self.date is None and self.time is None and self.window is None and self.dates is None
        )

    def moment(self, now: dt.datetime) -> dt.datetime | None:
        """The aware moment meant: date and time, or the next occurrence of a time alone."""
        if self.time is None:
            return None
        if self.date is not None:
            return dt.datetime.combine(self.date, self.time, tzinfo=now.tzinfo)
        moment = dt.datetime.combine(now.date(), self.time, tzinfo=now.tzinfo)
        return moment if moment >= now else moment + dt.timedelta(days=1)


def resolve(text: str, now: dt.datetime, *, prefer: TimePreferences = DEFAULTS) -> Spoken:
    """Understand the date and time in `text`; corrections inside it are followed.

    now: aware, in the agent's zone. Any text is allowed; never raises, never gives the past.
    """
    return Spoken()
