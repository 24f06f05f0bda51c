"""Spoken dates and times: "next Tuesday at half past three", "a week from Friday", "5 to 18".

Whatever the caller may mean is resolved against `now` in the agent's zone, never to the past. What
stays open is reported (`Spoken.ambiguous`, `Spoken.alternatives`), so that the agent can ask or
read the full date back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.core.language.settings import TimePreferences
from app.core.language.time import corrections
from app.core.language.time import mentions as time_mentions
from app.core.language.time.clock_grammar import SPANS, Clock, word_at
from app.core.language.time.clock_windows import Range
from app.core.language.time.day_words import Day
from app.core.language.time.mentions import DAY, PART, TIME, Mention
from app.core.language.time.tokens import Token, tokenise
from app.core.language.time.zones import names_other_zone

DEFAULTS = TimePreferences()
_HALF_DAY = dt.timedelta(hours=12)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of one day: "between 2 and 4", "after five" (no end), "the morning" (named)."""

    start: dt.time | None
    end: dt.time | None
    name: str | None = None
    """The part of the day, when that is how it was said: "morning", "late afternoon"."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was understood. Everything is None or empty when nothing was said about time.

    date: the one day meant, today or later. time: the one time of day meant (wall clock).
    window: a span of the day instead of one time. dates: first and last day of a span of days
        ("next week", "in April"), when no single day was said.
    ambiguous: why the agent has to ask; empty when it need not. Values: "am_pm" (both halves of
        the day are possible), "weekday_mismatch" (the weekday and the date contradict each other at
        first sight), "day_or_month" ("3/4"), "past" (only a past moment fits, so it is not given),
        "far" (beyond the horizon), "no_such_day" ("February 30"), "zone" (a time in
        another zone), "several" (more values than one, and none was taken back).
    assumed: what was settled by the preferences and should be read back. Values: "am_pm" (the half
        of the day that lies in the hours), "next_weekday" (which week is meant).
    alternatives: the other readings, as (date, time) pairs with None for what is not touched.
    """

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    dates: tuple[dt.date, dt.date] | None = None
    ambiguous: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    alternatives: tuple[tuple[dt.date | None, dt.time | None], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was understood."""
        return not (
            self.date is None and self.time is None and self.window is None and self.dates is None
        )

    def moment(self, now: dt.datetime) -> dt.datetime | None:
        """The aware moment meant: date and time, or the next occurrence of a time alone."""
        unclear_day = any(date is not None for date, _ in self.alternatives)
        if self.time is None or (self.date is None and unclear_day):
            return None
        if self.date is not None:
            return dt.datetime.combine(self.date, self.time, tzinfo=now.tzinfo)
        moment = dt.datetime.combine(now.date(), self.time, tzinfo=now.tzinfo)
        return moment if moment >= now else moment + _ONE_DAY


class _Reading:
    """The fields of a `Spoken` while it is being put together."""

    def __init__(self) -> None:
        self.date: dt.date | None = None
        self.time: dt.time | None = None
        self.window: Window | None = None
        self.dates: tuple[dt.date, dt.date] | None = None
        self.ambiguous: list[str] = []
        self.assumed: list[str] = []
        self.alternatives: list[tuple[dt.date | None, dt.time | None]] = []

    def doubt(self, *reasons: str) -> None:
        """Note what is not certain: as an assumption, or as a question that stays open."""
        for reason in reasons:
            notes = self.assumed if reason == "next_weekday" else self.ambiguous
            if reason not in notes:
                notes.append(reason)

    def halve(self, time: dt.time, closes: dt.time) -> None:
        """Note that the half of the day of `time` was assumed."""
        other = _other_half(time)
        self.alternatives.append((None, other))
        (self.ambiguous if time < other < closes else self.assumed).append("am_pm")

    def spoken(self) -> Spoken:
        return Spoken(
            self.date,
            self.time,
            self.window,
            self.dates,
            tuple(self.ambiguous),
            tuple(self.assumed),
            tuple(self.alternatives),
        )


def resolve(text: str, now: dt.datetime, *, prefer: TimePreferences = DEFAULTS) -> Spoken:
    """Understand the date and time in `text`; corrections inside it are followed.

    now: aware, in the agent's zone. Any text is allowed; never raises, never gives the past.
    """
    tokens = tokenise(text)
    mentions = time_mentions.find(tokens, now, prefer)
    if not mentions:
        return Spoken()
    reading = _Reading()
    days = corrections.standing(tokens, mentions, DAY)
    times = corrections.standing(tokens, mentions, TIME)
    parts = corrections.standing(tokens, mentions, PART)
    _set_day(reading, days, tokens)
    _set_time(reading, tokens, times, parts, now, prefer)
    _keep_future(reading, now, times, parts)
    if reading.date and (reading.date - now.date()).days > prefer.horizon_days:
        reading.doubt("far")
    return reading.spoken()


def _set_day(reading: _Reading, mentions: list[Mention], tokens: list[Token]) -> None:
    days = [mention.value for mention in mentions if isinstance(mention.value, Day)]
    if not days:
        return
    dated = [day for day in days if day.date is not None]
    if not dated:
        reading.doubt(*days[-1].unsure)
        reading.alternatives.extend((other, None) for other in days[-1].others)
        return
    single = [day for day in dated if day.last is None]
    distinct = {day.date for day in single}
    if len(distinct) > 1:
        if span := _span(tokens, mentions):
            reading.dates = span
            return
        reading.doubt("several")
        reading.alternatives.extend((date, None) for date in sorted(filter(None, distinct)))
        return
    day = single[-1] if single else dated[-1]
    reading.doubt(*day.unsure)
    reading.alternatives.extend((other, None) for other in day.others)
    if day.last is not None and day.date is not None:
        reading.dates = day.date, day.last
    else:
        reading.date = day.date


def _span(tokens: list[Token], mentions: list[Mention]) -> tuple[dt.date, dt.date] | None:
    """ "from the 3rd to the 5th", "Monday through Friday": the last day is after the first."""
    if len(mentions) != 2:
        return None
    gap = [token.text for token in tokens[mentions[0].end : mentions[1].start]]
    first, last = (m.value.date if isinstance(m.value, Day) else None for m in mentions)
    if not gap or gap[0] not in ("to", "through", "until", "till", "-", "thru"):
        return None
    if first is None or last is None:
        return None
    while last < first:
        last += 7 * _ONE_DAY
    return first, last


def _set_time(
    reading: _Reading,
    tokens: list[Token],
    mentions: list[Mention],
    parts: list[Mention],
    now: dt.datetime,
    prefer: TimePreferences,
) -> None:
    part = max((str(mention.value) for mention in parts), key=len) if parts else None
    clocks = [mention for mention in mentions if isinstance(mention.value, Clock)]
    ranges = [mention.value for mention in mentions if isinstance(mention.value, Range)]
    if clocks:
        readings = {_clock(mention, part).time(prefer.opens) for mention in clocks}
        values = sorted({time for time, _ in readings})
        if len(values) > 1:
            reading.doubt("several")
            reading.alternatives.extend((None, time) for time in values)
            return
        time, assumed = values[0], any(assumed for _, assumed in readings)
        zone = [word_at(tokens, m.end + k) for m in clocks for k in range(2)]
        if names_other_zone(zone, now):
            reading.doubt("zone")
            reading.alternatives.append((None, time))
            return
        reading.time = time
        if assumed:
            reading.halve(time, prefer.closes)
        return
    if ranges:
        start, end, assumed = ranges[-1].times(prefer.opens)
        reading.window = Window(start, end)
        if assumed:
            reading.assumed.append("am_pm")
    elif part is not None:
        reading.window = Window(*SPANS[part], part)


def _clock(mention: Mention, part: str | None) -> Clock:
    """The clock of a mention, with a part of the day that was said elsewhere."""
    assert isinstance(mention.value, Clock)
    clock = mention.value
    if part is None or clock.sure:
        return clock
    return Clock(clock.hour, clock.minute, part=part, shift=clock.shift)


def _other_half(time: dt.time) -> dt.time:
    return (dt.datetime.combine(dt.date(2000, 1, 1), time) + _HALF_DAY).time()


def _keep_future(
    reading: _Reading, now: dt.datetime, times: list[Mention], parts: list[Mention]
) -> None:
    """Move or drop what lies before now."""
    if reading.date != now.date():
        return
    clock_now = now.time().replace(second=0, microsecond=0)
    tonight = any(mention.value == "tonight" for mention in parts)
    if reading.time is not None and reading.time < clock_now:
        if tonight and reading.time.hour < 6:
            reading.date += _ONE_DAY
            return
        other = _other_half(reading.time)
        if "am_pm" in (*reading.ambiguous, *reading.assumed) and other >= clock_now:
            reading.time, reading.alternatives = other, []
            reading.ambiguous = [reason for reason in reading.ambiguous if reason != "am_pm"]
            reading.assumed = list(dict.fromkeys((*reading.assumed, "am_pm")))
            return
        reading.date = None
        reading.doubt("past")
    elif reading.window is not None and reading.time is None:
        end = reading.window.end
        if end is not None and end <= clock_now:
            reading.date = None
            reading.doubt("past")
