"""Spoken dates and times: "next Tuesday at half past three", "a week from Friday", "5 to 18".

Whatever the caller may mean is resolved against `now` in the agent's zone, never to the past. What
stays open is reported (`Spoken.ambiguous`, `Spoken.alternatives`), so that the agent can ask or
read the full date back; a day that was named and cannot be used is `Spoken.unusable`, and nothing
is put in its place.
"""

from __future__ import annotations

import datetime as dt

from app.core.language.settings import TimePreferences
from app.core.language.time import corrections
from app.core.language.time import mentions as time_mentions
from app.core.language.time.bounds import Bound
from app.core.language.time.clock_grammar import SPANS, Clock
from app.core.language.time.clock_windows import Range
from app.core.language.time.corrections import Placed, Role
from app.core.language.time.day_words import MONTHS, Day
from app.core.language.time.mentions import PART
from app.core.language.time.reading import Reading, clock_in, in_other_zone, longest_part, read
from app.core.language.time.spoken import Spoken, TimeMention, Window
from app.core.language.time.tokens import ISO, SLASH, Token, tokenise

__all__ = ["DEFAULTS", "Spoken", "TimeMention", "Window", "resolve"]

DEFAULTS = TimePreferences()


def resolve(text: str, now: dt.datetime, *, prefer: TimePreferences = DEFAULTS) -> Spoken:
    """Understand the date and time in `text`; corrections inside it are followed.

    now: aware, in the agent's zone. Any text is allowed; never raises, never gives the past.
    """
    tokens = tokenise(text)
    mentions = time_mentions.find(tokens, now, prefer)
    if not mentions:
        return Spoken()
    placed = corrections.place(tokens, mentions)
    old = read([p for p in placed if p.role is Role.FROM], tokens, now, prefer, old=True)
    reading = read(_new(placed), tokens, now, prefer)
    if any(p.role is Role.TO for p in placed):
        _keep_the_rest(reading, old)
    part = longest_part([p.mention for p in placed if p.mention.kind == PART and p.stands])
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


def _keep_the_rest(reading: Reading, old: Reading) -> None:
    """ "It is at three on Tuesday, can I move it to four": the day stays, or the time does."""
    named = reading.date or reading.dates or reading.earliest or reading.latest
    if not named and not reading.unusable and old.date and (reading.time or reading.window):
        reading.date = old.date
        reading.doubt(*old.ambiguous[:1])
        reading.assumed.append("same_day")
    elif reading.date and reading.time is None and reading.window is None and old.time:
        reading.time = old.time
        reading.assumed.append("same_time")


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
            "over": value.over,
            "relative": _is_relative(tokens[mention.start : mention.end]),
        }
    elif isinstance(value, Clock):
        time, assumed = clock_in(mention, part).time(prefer.opens)
        zone = "zone" if in_other_zone(tokens, mention, now) else ""
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
