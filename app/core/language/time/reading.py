"""Puts the mentions that stand together into one reading: day, span, bounds, time, window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from app.core.language.settings import TimePreferences
from app.core.language.time.bounds import UPPER, Bound
from app.core.language.time.clock_grammar import SPANS, Clock
from app.core.language.time.clock_windows import Range
from app.core.language.time.corrections import Placed
from app.core.language.time.day_words import MONTHS, WEEKDAYS, Day
from app.core.language.time.holidays import add_months
from app.core.language.time.mentions import DAY, PART, TIME, Mention
from app.core.language.time.spoken import Spoken, TimeMention, Window
from app.core.language.time.tokens import ISO, NUMBER, ORDINAL, SLASH, Token, word_at
from app.core.language.time.zones import names_other_zone

_HALF_DAY = dt.timedelta(hours=12)
_ONE_DAY = dt.timedelta(days=1)
_TO = ("to", "through", "until", "till", "-", "thru")


class Reading:
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

    def spoken(self, old: Reading, mentions: Iterable[TimeMention]) -> Spoken:
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


def read(
    placed: list[Placed],
    tokens: list[Token],
    now: dt.datetime,
    prefer: TimePreferences,
    *,
    old: bool = False,
) -> Reading:
    """The reading of some mentions. old: those of an appointment that is to be moved."""
    reading = Reading()
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


def _set_day(reading: Reading, mentions: list[Mention], tokens: list[Token]) -> None:
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
    if _has_month(tokens, mentions[1]) and not _has_month(tokens, mentions[0]):
        numbered = [t.a for t in _tokens(tokens, mentions[0]) if t.kind in (NUMBER, ORDINAL)]
        if numbered and numbered[-1] <= last.day and not _has_weekday(tokens, mentions[0]):
            first = last.replace(day=max(numbered[-1], 1))  # "the 14th to the 18th of December"
    return first, _not_before(first, last, tokens, mentions[1])


def _not_before(first: dt.date, last: dt.date, tokens: list[Token], said: Mention) -> dt.date:
    """The end of a span, in a later week or month where it would lie before the begin."""
    if last >= first or _has_month(tokens, said):
        return last
    if _has_weekday(tokens, said):
        return last + 7 * _ONE_DAY * -((last - first).days // 7)
    return add_months(last, 1)


def _tokens(tokens: list[Token], mention: Mention) -> list[Token]:
    return tokens[mention.start : mention.end]


def _has_month(tokens: list[Token], mention: Mention) -> bool:
    return any(t.text in MONTHS or t.kind in (ISO, SLASH) for t in _tokens(tokens, mention))


def _has_weekday(tokens: list[Token], mention: Mention) -> bool:
    return any(token.text in WEEKDAYS for token in _tokens(tokens, mention))


def _set_bounds(
    reading: Reading, tokens: list[Token], mentions: list[Mention], today: dt.date
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
    reading: Reading,
    tokens: list[Token],
    mentions: list[Mention],
    parts: list[Mention],
    now: dt.datetime,
    prefer: TimePreferences,
) -> None:
    part = longest_part(parts)
    clocks = [mention for mention in mentions if isinstance(mention.value, Clock)]
    ranges = [mention for mention in mentions if isinstance(mention.value, Range)]
    if clocks:
        readings = {clock_in(mention, part).time(prefer.opens) for mention in clocks}
        values = sorted({time for time, _ in readings})
        if len(values) > 1:
            reading.doubt("several")
            reading.alternatives.extend((None, time) for time in values)
            return
        time, assumed = values[0], any(assumed for _, assumed in readings)
        if any(in_other_zone(tokens, mention, now) for mention in clocks):
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


def longest_part(parts: list[Mention]) -> str | None:
    return max((str(mention.value) for mention in parts), key=len) if parts else None


def in_other_zone(tokens: list[Token], mention: Mention, now: dt.datetime) -> bool:
    return names_other_zone([word_at(tokens, mention.end + k) for k in range(2)], now)


def clock_in(mention: Mention, part: str | None) -> Clock:
    """The clock of a mention, with a part of the day that was said elsewhere."""
    assert isinstance(mention.value, Clock)
    clock = mention.value
    if part is None or clock.sure:
        return clock
    return Clock(clock.hour, clock.minute, part=part, shift=clock.shift)


def _other_half(time: dt.time) -> dt.time:
    return (dt.datetime.combine(dt.date(2000, 1, 1), time) + _HALF_DAY).time()


def _keep_future(
    reading: Reading, now: dt.datetime, times: list[Mention], parts: list[Mention]
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
