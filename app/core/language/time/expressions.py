"""Spoken dates and times: "next Tuesday at half past three", "a week from Friday", "5 to 18".

Whatever the caller may mean is resolved against `now` in the agent's zone, never to the past. What
stays open is reported (`Spoken.ambiguous`, `Spoken.alternatives`), so that the agent can ask or
read the full date back; a day that was named and cannot be used is `Spoken.unusable`, and nothing
is put in its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.language.settings import TimePreferences
from app.core.language.time import corrections
from app.core.language.time import mentions as time_mentions
from app.core.language.time.bounds import UPPER, Bound
from app.core.language.time.clock_grammar import SPANS, Clock
from app.core.language.time.clock_windows import Range
from app.core.language.time.corrections import Placed, Role
from app.core.language.time.day_words import MONTHS, WEEKDAYS, Day
from app.core.language.time.holidays import add_months
from app.core.language.time.mentions import DAY, PART, TIME, Mention
from app.core.language.time.tokens import ISO, SLASH, Token, tokenise, word_at
from app.core.language.time.zones import names_other_zone

DEFAULTS = TimePreferences()
_HALF_DAY = dt.timedelta(hours=12)
_ONE_DAY = dt.timedelta(days=1)
_TO = ("to", "through", "until", "till", "-", "thru")


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

    @property
    def recurring(self) -> bool:
        """Whether days that come again and again were named: "Tuesdays", "every Friday"."""
        return self.unusable == "recurring"

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


class _Reading:
    """The fields of a `Spoken` while it is being put together."""

    def __init__(self) -> None:
        self.date: dt.date | None = None
        self.time: dt.time | None = None
        self.window: Window | None = None
        self.dates: tuple[dt.date, dt.date] | None = None
        self.earliest: dt.date | None = None
        self.latest: dt.date | None = None
        self.unusable = ""
        self.ambiguous: list[str] = []
        self.assumed: list[str] = []
        self.alternatives: list[tuple[dt.date | None, dt.time | None]] = []

    def doubt(self, *reasons: str) -> None:
        """Note what is not certain: as an assumption, or as a question that stays open."""
        for reason in reasons:
            notes = self.assumed if reason == "next_weekday" else self.ambiguous
            if reason not in notes:
                notes.append(reason)

    def refuse(self, reason: str) -> None:
        """Note that the day which was named cannot be used."""
        self.date, self.unusable = None, reason
        self.doubt(reason)

    def halve(self, time: dt.time, closes: dt.time) -> None:
        """Note that the half of the day of `time` was assumed."""
        other = _other_half(time)
        self.alternatives.append((None, other))
        (self.ambiguous if time < other < closes else self.assumed).append("am_pm")

    def spoken(self, old: _Reading, mentions: Iterable[TimeMention]) -> Spoken:
        return Spoken(
            self.date,
            self.time,
            self.window,
            self.dates,
            tuple(self.ambiguous),
            tuple(self.assumed),
            tuple(self.alternatives),
            self.earliest,
            self.latest,
            self.unusable,
            old.date,
            old.time,
            tuple(mentions),
        )


def resolve(text: str, now: dt.datetime, *, prefer: TimePreferences = DEFAULTS) -> Spoken:
    """Understand the date and time in `text`; corrections inside it are followed.

    now: aware, in the agent's zone. Any text is allowed; never raises, never gives the past.
    """
    tokens = tokenise(text)
    mentions = time_mentions.find(tokens, now, prefer)
    if not mentions:
        return Spoken()
    placed = corrections.place(tokens, mentions)
    old = _read([p for p in placed if p.role is Role.FROM], tokens, now, prefer, old=True)
    reading = _read(_new(placed), tokens, now, prefer)
    if any(p.role is Role.TO for p in placed):
        _keep_the_rest(reading, old)
    part = _part([p.mention for p in placed if p.mention.kind == PART and p.stands])
    listed = (_described(text, tokens, p, part, now, prefer) for p in placed)
    return reading.spoken(old, [mention for mention in listed if mention is not None])


def _new(placed: list[Placed]) -> list[Placed]:
    """What is asked for: the target of a move where there is one, else all that is not old."""
    targets = {p.mention.kind for p in placed if p.role is Role.TO and p.stands}
    return [
        p
        for p in placed
        if p.stands
        and p.role is not Role.FROM
        and (p.mention.kind not in targets or p.role is Role.TO or p.mention.bound is not Bound.AT)
    ]


def _keep_the_rest(reading: _Reading, old: _Reading) -> None:
    """ "It is at three on Tuesday, can I move it to four": the day stays, or the time does."""
    named = reading.date or reading.dates or reading.earliest or reading.latest
    if not named and not reading.unusable and old.date and (reading.time or reading.window):
        reading.date = old.date
        reading.doubt(*old.ambiguous[:1])
        reading.assumed.append("same_day")
    elif reading.date and reading.time is None and reading.window is None and old.time:
        reading.time = old.time
        reading.assumed.append("same_time")


def _read(
    placed: list[Placed],
    tokens: list[Token],
    now: dt.datetime,
    prefer: TimePreferences,
    *,
    old: bool = False,
) -> _Reading:
    """The reading of some mentions. old: those of an appointment that is to be moved."""
    reading = _Reading()
    chosen = [p.mention for p in placed if p.stands or old]
    days, times, parts = (
        [mention for mention in chosen if mention.kind == kind] for kind in (DAY, TIME, PART)
    )
    _set_day(reading, [day for day in days if day.bound is Bound.AT], tokens)
    _set_bounds(reading, tokens, [day for day in days if day.bound is not Bound.AT], now.date())
    _set_time(reading, tokens, times, parts, now, prefer)
    _keep_future(reading, now, times, parts)
    if reading.date and (reading.date - now.date()).days > prefer.horizon_days:
        reading.doubt("far")
    return reading


def _set_day(reading: _Reading, mentions: list[Mention], tokens: list[Token]) -> None:
    days = [mention.value for mention in mentions if isinstance(mention.value, Day)]
    if not days:
        return
    dated = [day for day in days if day.date is not None]
    if not dated:
        if days[-1].unusable:
            reading.refuse(days[-1].unusable)
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
    """ "from the 3rd to the 5th", "between Monday and Friday": the last day is after the first."""
    if len(mentions) != 2:
        return None
    gap = [token.text for token in tokens[mentions[0].end : mentions[1].start]]
    first, last = (m.value.date if isinstance(m.value, Day) else None for m in mentions)
    between = word_at(tokens, mentions[0].start - 1) == "between" and gap[:1] == ["and"]
    if not between and (not gap or gap[0] not in _TO):
        return None
    if first is None or last is None:
        return None
    return first, _not_before(first, last, tokens, mentions[1])


def _not_before(first: dt.date, last: dt.date, tokens: list[Token], said: Mention) -> dt.date:
    """The end of a span, in a later week or month where it would lie before the begin."""
    named = {token.text for token in tokens[said.start : said.end]}
    if last >= first or named & MONTHS.keys():
        return last
    if named & WEEKDAYS.keys():
        return last + 7 * _ONE_DAY * -((last - first).days // 7)
    return add_months(last, 1)


def _set_bounds(
    reading: _Reading, tokens: list[Token], mentions: list[Mention], today: dt.date
) -> None:
    """The first and last day that bounds leave."""
    for mention in mentions:
        day = mention.value
        if not isinstance(day, Day):
            continue
        if day.date is None:
            if mention.bound in UPPER or day.unusable != "past":
                reading.refuse(day.unusable or "past")
            continue
        reading.doubt(*day.unsure)
        first, last = day.date, day.last or day.date
        if mention.bound is Bound.AFTER:
            reading.earliest = last + _ONE_DAY
        elif mention.bound is Bound.NOT_BEFORE:
            reading.earliest = first
        elif mention.bound is Bound.BEFORE:
            reading.latest = first - _ONE_DAY
        else:
            reading.latest = last
    first_day, last_day = reading.earliest or today, reading.latest
    if last_day is None:
        return
    if reading.earliest and last_day >= today:
        reading.latest = last_day = _not_before(first_day, last_day, tokens, mentions[-1])
    if last_day < first_day:
        reading.earliest = reading.latest = None
        reading.refuse("past" if last_day < today else "several")
    elif reading.date is None and reading.dates is None:
        reading.dates = first_day, last_day


def _set_time(
    reading: _Reading,
    tokens: list[Token],
    mentions: list[Mention],
    parts: list[Mention],
    now: dt.datetime,
    prefer: TimePreferences,
) -> None:
    part = _part(parts)
    clocks = [mention for mention in mentions if isinstance(mention.value, Clock)]
    ranges = [mention for mention in mentions if isinstance(mention.value, Range)]
    if clocks:
        readings = {_clock(mention, part).time(prefer.opens) for mention in clocks}
        values = sorted({time for time, _ in readings})
        if len(values) > 1:
            reading.doubt("several")
            reading.alternatives.extend((None, time) for time in values)
            return
        time, assumed = values[0], any(assumed for _, assumed in readings)
        if any(_in_other_zone(tokens, mention, now) for mention in clocks):
            reading.doubt("zone")
            reading.alternatives.append((None, time))
            return
        reading.time = time
        if assumed:
            reading.halve(time, prefer.closes)
        return
    if ranges:
        start, end, assumed = _joined(ranges).times(prefer.opens)
        reading.window = Window(start, end)
        if assumed:
            reading.assumed.append("am_pm")
    elif part is not None:
        reading.window = Window(*SPANS[part], part)


def _joined(ranges: list[Mention]) -> Range:
    """The last span, or two that close each other: "after two but before four"."""
    spans = [mention.value for mention in ranges if isinstance(mention.value, Range)]
    last = spans[-1]
    if len(spans) > 1 and last.fixed is None and spans[-2].fixed is None:
        start, end = last.start or spans[-2].start, last.end or spans[-2].end
        open_ends = (last.start is None, spans[-2].start is None)
        if open_ends in ((True, False), (False, True)) and (last.end is None) != open_ends[0]:
            return Range(start, end)
    return last


def _part(parts: list[Mention]) -> str | None:
    return max((str(mention.value) for mention in parts), key=len) if parts else None


def _in_other_zone(tokens: list[Token], mention: Mention, now: dt.datetime) -> bool:
    return names_other_zone([word_at(tokens, mention.end + k) for k in range(2)], now)


def _described(
    text: str,
    tokens: list[Token],
    placed: Placed,
    part: str | None,
    now: dt.datetime,
    prefer: TimePreferences,
) -> TimeMention | None:
    """A mention for whoever reads `Spoken.mentions`."""
    mention, value = placed.mention, placed.mention.value
    start, end = tokens[mention.start].start, tokens[mention.end - 1].end
    known: dict[str, object] = {}
    if isinstance(value, Day):
        known = {
            "date": value.date,
            "last": value.last,
            "unusable": value.unusable,
            "approximate": value.approximate,
            "relative": _is_relative(tokens[mention.start : mention.end]),
        }
    elif isinstance(value, Clock):
        time, assumed = _clock(mention, part).time(prefer.opens)
        zone = "zone" if _in_other_zone(tokens, mention, now) else ""
        known = {"time": time, "assumed": assumed, "unusable": zone}
    elif isinstance(value, Range):
        first, last, assumed = value.times(prefer.opens)
        known = {"window": Window(first, last), "assumed": assumed}
    else:
        known = {"window": Window(*SPANS[value], value)}
    return TimeMention(
        "day" if isinstance(value, Day) else "time",
        text[start:end],
        start,
        end,
        bound=mention.bound,
        role=placed.role,
        stands=placed.stands,
        excluded=placed.excluded,
        **known,  # type: ignore[arg-type]
    )


def _is_relative(tokens: list[Token]) -> bool:
    return not any(token.kind in (ISO, SLASH) or token.text in MONTHS for token in tokens)


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
        reading.refuse("past")
    elif reading.window is not None and reading.time is None:
        end = reading.window.end
        if end is not None and end <= clock_now:
            reading.refuse("past")
