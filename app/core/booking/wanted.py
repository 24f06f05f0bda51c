"""What is asked of `check_availability`: its arguments as days and times, or why they are unclear.

A model may give ISO forms or the caller's words. Nothing is guessed: an argument that is not
understood as a whole is a `NotUnderstood`, never "no preference".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.booking.hours import DAY_MINUTES, Hours
from app.core.booking.offers import PARTS
from app.core.booking.wanted_forms import (
    CLOCK,
    CLOCKS,
    DOTTED,
    HUNDREDS,
    ISO,
    MAX_CHARS,
    MONTH,
    PART_NAMES,
    WEEK,
    clean,
    has_left_over,
)
from app.core.language.intent.entities import part_of_day
from app.core.language.settings import TimePreferences
from app.core.language.time import expressions
from app.core.language.time.bounds import Bound
from app.core.language.time.day_words import WEEKDAYS
from app.core.language.time.expressions import Spoken

FARTHEST = dt.timedelta(days=1100)
"""Days beyond this are as good as this: both are out of reach."""
_ONE_DAY = dt.timedelta(days=1)

_ABOUT_TIME = re.compile(r"date|day|time|when|hour|week|month|start|end|until|before|after|from|to")
_KNOWN = frozenset(("date", "time", "part_of_day", "service"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The days and times asked for; None is no preference.

    first, last: the first and last day, both inside. days: the single days, where others between
    them are not meant ("Monday or Thursday"). not_before, not_after: the times of day, both inside
    (`before` leaves the second one out); equal for one time, to which the nearest are wanted.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    not_before: dt.time | None = None
    not_after: dt.time | None = None
    part: str | None = None
    days: tuple[dt.date, ...] = ()
    before: bool = False

    @classmethod
    def at(cls, day: dt.date | None = None, time: dt.time | None = None) -> Wanted:
        """One day, one time, or both."""
        return cls(day, day, time, time)

    @property
    def day(self) -> dt.date | None:
        """The day, where it is only one."""
        return self.first if self.first == self.last else None

    @property
    def time(self) -> dt.time | None:
        """The time of day, where it is only one."""
        return self.not_before if self.not_before == self.not_after else None

    @property
    def any_day(self) -> bool:
        """Whether nothing is said about the day."""
        return self.first is None and self.last is None

    def has_day(self, day: dt.date) -> bool:
        """Whether a day is among those asked for."""
        if self.days:
            return day in self.days
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def has_time(self, time: dt.time) -> bool:
        """Whether a start at this time of day lies in the span asked for; one time is no span."""
        if self.part in PARTS:
            low, high = PARTS[self.part]
            if not low <= time.hour < high:
                return False
        if self.time is not None:
            return True
        if self.not_before is not None and time < self.not_before:
            return False
        if self.not_after is None:
            return True
        return time < self.not_after if self.before else time <= self.not_after


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """An argument that says no day or time that can be looked for.

    why: a reason of `Spoken.unusable`, "type" (not a text), "unknown" (no such argument),
    "several", "contradiction", or "" where the words are not understood.
    """

    argument: str
    why: str = ""


def spoken_hours(hours: Hours) -> TimePreferences:
    """How a bare "at three" is read where these hours are kept: as the three o'clock that is open.

    The day begins after the longest time in which no day of the week is open, so that hours past
    midnight belong to the evening before. Without such a time both halves stay possible.
    """
    spans = sorted({(s.opens, s.closes) for day in range(7) for s in hours.on(day)})
    longest, opens, closes = 0, 0, 0
    end = spans[0][1] if spans else 0
    for begin, finish in [*spans[1:], *((a + DAY_MINUTES, b) for a, b in spans[:1])]:
        if begin - end > longest:
            longest, opens, closes = begin - end, begin % DAY_MINUTES, end % DAY_MINUTES
        end = max(end, finish)
    if not longest:
        return expressions.DEFAULTS
    return TimePreferences(opens=_wall(opens), closes=_wall(closes) if closes else dt.time.max)


def _wall(minutes: int) -> dt.time:
    return dt.time(*divmod(minutes, 60))


def read_wanted(
    arguments: Mapping[str, Any], now_local: dt.datetime, hours: Hours | None = None
) -> Wanted | NotUnderstood:
    """Read `date`, `part_of_day` and `time` as a model gives them: ISO forms or spoken words.

    now_local: the time on the business's clock. hours: what is open, to read "at three" and "next
    week" by.
    """
    for name, value in arguments.items():
        if name not in _KNOWN and value not in (None, "") and _ABOUT_TIME.search(name.lower()):
            return NotUnderstood(name, "unknown")
        if name in _KNOWN and not isinstance(value, str | None):
            return NotUnderstood(name, "type")
    reader = _Reader(now_local, hours)
    said = {name: clean(arguments.get(name)) for name in _KNOWN}
    part = reader.part(said["part_of_day"])
    if isinstance(part, NotUnderstood):
        return part
    day = reader.date(said["date"])
    if isinstance(day, NotUnderstood):
        return day
    time = reader.time(said["time"], part.part or day.part)
    if isinstance(time, NotUnderstood):
        return time
    return _together(_together(day, part, "part_of_day"), time, "time")


def _together(first: Wanted | NotUnderstood, more: Wanted, name: str) -> Wanted | NotUnderstood:
    """Both wishes; what the second says of times counts more, of days it must not differ."""
    if isinstance(first, NotUnderstood):
        return first
    merged = first
    if not more.any_day:
        if not first.any_day and (first.first, first.last) != (more.first, more.last):
            return NotUnderstood(name, "contradiction")
        merged = replace(merged, first=more.first, last=more.last, days=more.days)
    times = (first.time, more.time)
    if None not in times and times[0] != times[1]:
        return NotUnderstood(name, "contradiction")
    if more.not_before is not None or more.not_after is not None:
        merged = replace(
            merged, not_before=more.not_before, not_after=more.not_after, before=more.before
        )
    if more.part and first.part and more.part != first.part:
        return NotUnderstood(name, "contradiction")
    if more.part:
        merged = replace(merged, part=more.part)
    if merged.time is not None and merged.part and not _in_part(merged.time, merged.part):
        return NotUnderstood(name, "contradiction")
    return merged


def _in_part(time: dt.time, part: str) -> bool:
    low, high = PARTS[part]
    return low <= time.hour < high


class _Reader:
    """Reads single arguments against one clock."""

    def __init__(self, now_local: dt.datetime, hours: Hours | None) -> None:
        self.now = now_local
        self.hours = hours
        self.prefer = spoken_hours(hours) if hours is not None else expressions.DEFAULTS

    def part(self, text: str) -> Wanted | NotUnderstood:
        """ "Morning", "late afternoon", "after five"."""
        if not text:
            return Wanted()
        name = PART_NAMES.get(text, text)
        if name in PARTS:
            return Wanted(part=name)
        if text == "pm":
            return Wanted(not_before=dt.time(12))
        found = self._spoken(text, "part_of_day")
        if isinstance(found, Wanted) and not found.any_day:
            return NotUnderstood("part_of_day")
        return found

    def date(self, text: str) -> Wanted | NotUnderstood:
        """ "2026-12-01", "2026-12-01T10:00", "2026-12", or words."""
        if not text:
            return Wanted()
        if match := ISO.fullmatch(text):
            return self._iso(match)
        if match := DOTTED.fullmatch(text):
            return self._iso(match)
        if text.isdigit():
            return NotUnderstood("date")
        if match := MONTH.fullmatch(text):
            return self._month(int(match["year"]), int(match["month"]))
        return self._spoken(text, "date")

    def _iso(self, match: re.Match[str]) -> Wanted | NotUnderstood:
        written = match.groupdict()
        if written.get("sep") == "" and len(match["month"]) + len(match["day"]) != 4:
            return NotUnderstood("date")
        try:
            day = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
            time = _wall_time(written["time"]) if written.get("time") else None
        except ValueError:
            return NotUnderstood("date", "no_such_day")
        if time is not None and (written["zone"] or "z") != "z":
            there = dt.datetime.fromisoformat(f"{day}T{time:%H:%M}{match['zone']}")
            here = there.astimezone(self.now.tzinfo)
            day, time = here.date(), here.time()
        return Wanted.at(self._reachable(day), time)

    def _month(self, year: int, month: int) -> Wanted | NotUnderstood:
        if not 1 <= month <= 12 or not 1 <= year <= 9998:
            return NotUnderstood("date", "no_such_day")
        first = dt.date(year, month, 1)
        last = (first + 31 * _ONE_DAY).replace(day=1) - _ONE_DAY
        return Wanted(self._reachable(first), self._reachable(last))

    def time(self, text: str, part: str | None) -> Wanted | NotUnderstood:
        """ "14:00", "3 pm", "13:00-15:00", "after 3", or other words."""
        if not text:
            return Wanted()
        if text in PART_NAMES or text in PARTS or text == "pm":
            return self.part(text)
        if (match := ISO.fullmatch(text)) and match["time"]:
            return self._iso(match)
        text = HUNDREDS.sub(r"\1", text)
        if match := CLOCKS.fullmatch(text):
            span = self._clocks(match)
            if span is not None:
                return span
        if match := CLOCK.fullmatch(text):
            hour, half = int(match["hour"]), match["half"]
            minute = int(match["minute"] or 0)
            if hour > 24 or minute > 59 or (hour == 24 and minute) or (half and not 0 < hour < 13):
                return NotUnderstood("time")
            half = half and half[0] + "m"
            minutes = f":{match['minute']}" if match["minute"] else ""
            text = f"at {match['hour'] if minutes else hour}{minutes} {half or ''}".strip()
        if part and not text.endswith(("am", "pm")) and part not in text:
            text = f"{text} in the {part}"
        return self._spoken(text, "time")

    def _clocks(self, match: re.Match[str]) -> Wanted | None:
        """ "13:00-15:00", "9 to 11 am"; None where it is no span ("14:00-08:00" has an offset)."""
        words = f"between {match[1]} and {match[2]}"
        window = expressions.resolve(words, self.now, prefer=self.prefer).window
        if window is None or window.start is None or window.end is None:
            return None
        if window.end < window.start:
            return None
        return Wanted(not_before=window.start, not_after=window.end)

    def _spoken(self, text: str, name: str) -> Wanted | NotUnderstood:
        """Words, where every one of them is understood."""
        if len(text) > MAX_CHARS:
            return NotUnderstood(name)
        said = expressions.resolve(text, self.now, prefer=self.prefer)
        if any(mention.excluded for mention in said.mentions) or has_left_over(text, said):
            return NotUnderstood(name, said.unusable)
        if said.unusable == "past" and (over := _over(said)) is not None:
            return self._with_times(Wanted.at(self._reachable(over)), said, name)
        unclear = {"zone", "weekday_mismatch", "no_such_day", "recurring", "past"}
        if said.unusable or unclear.intersection(said.ambiguous):
            return NotUnderstood(name, said.unusable or said.ambiguous[0])
        days = self._days(said)
        if days is None or not (said or days.days):
            return NotUnderstood(name, "several" if "several" in said.ambiguous else "")
        return self._with_times(days, said, name)

    def _days(self, said: Spoken) -> Wanted | None:
        if said.date is not None:
            return Wanted.at(self._reachable(said.date))
        if said.dates is not None or said.earliest or said.latest:
            first, last = said.dates or (said.earliest, said.latest)
            first = said.earliest or (None if said.latest else first)
            last = said.latest or (None if said.earliest else last)
            if last is not None and any(WEEK.search(m.text) for m in said.mentions):
                last = self._last_open(first, last)
            return Wanted(first and self._reachable(first), last and self._reachable(last))
        listed = [m.date for m in said.mentions if m.date and m.stands and m.bound is Bound.AT]
        if "several" in said.ambiguous:
            if len(listed) < 2 or any(time for _, time in said.alternatives):
                return None
            days = tuple(sorted({self._reachable(day) for day in _in_one_week(said, listed)}))
            return Wanted(days[0], days[-1], days=days)
        return Wanted()

    def _last_open(self, first: dt.date | None, last: dt.date) -> dt.date:
        """The end of a week without the days at its end on which nobody works."""
        day = last
        while self.hours is not None and not self.hours.on(day.weekday()):
            day -= _ONE_DAY
            if day < (first or day) or last - day > 6 * _ONE_DAY:
                return last
        return day

    def _with_times(self, days: Wanted, said: Spoken, name: str) -> Wanted | NotUnderstood:
        if said.time is not None:
            return replace(days, not_before=said.time, not_after=said.time)
        if "several" in said.ambiguous and any(time for _, time in said.alternatives):
            return NotUnderstood(name, "several")
        windows = {m.window for m in said.mentions if m.stands and m.window and m.window.name}
        if len(windows) > 1:  # "morning or afternoon"
            starts, ends = zip(*((w.start, w.end) for w in windows), strict=True)
            return replace(days, not_before=min(starts), not_after=max(ends))
        if said.window is None:
            return days
        part = part_of_day(said) if said.window.name in PARTS else None
        if part:
            return replace(days, part=part)
        before = any(m.bound is Bound.BEFORE for m in said.mentions if m.kind == "time")
        return replace(days, not_before=said.window.start, not_after=said.window.end, before=before)

    def _reachable(self, day: dt.date) -> dt.date:
        today = self.now.date()
        return min(max(day, today - FARTHEST), today + FARTHEST)


def _in_one_week(said: Spoken, listed: list[dt.date]) -> list[dt.date]:
    """ "Next week on Tuesday or Wednesday": both weekdays lie in the week that was named."""
    named = [m.date for m in said.mentions if m.date and WEEK.search(m.text)]
    if len(named) != 1:
        return listed
    monday = named[0] - _ONE_DAY * named[0].weekday()
    plain = [m.date for m in said.mentions if m.date and m.text.lower() in WEEKDAYS]
    return [monday + _ONE_DAY * day.weekday() if day in plain else day for day in listed]


def _over(said: Spoken) -> dt.date | None:
    """The day that was named and has passed."""
    return next((mention.over for mention in said.mentions if mention.over is not None), None)


def _wall_time(text: str) -> dt.time:
    hour, minute = text.split(":")
    return dt.time(int(hour), int(minute))
