"""Reads spans of the clock ("between 2 and 4", "after five", "late afternoon") and moments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.text import vocabulary
from app.core.language.time.clock_grammar import (
    PARTS,
    SPANS,
    UNITS_OF_OTHER,
    Clock,
    read_clock,
    skip_approximate,
    word_at,
)
from app.core.language.time.day_offsets import count_at
from app.core.language.time.tokens import CLOCK, DASH, NUMBER, Token

_AFTER = frozenset(("after", "past", "from", "since"))
_BEFORE = frozenset(("before", "until", "till", "til", "by"))
_MEALS = {
    ("after", "lunch"): (dt.time(13), None),
    ("before", "lunch"): (None, dt.time(12)),
    ("after", "work"): (dt.time(17), None),
    ("before", "work"): (None, dt.time(9)),
    ("after", "school"): (dt.time(15), None),
    ("after", "dinner"): (dt.time(19), None),
    ("before", "dinner"): (None, dt.time(18)),
    ("after", "breakfast"): (dt.time(9), None),
}
_FREE = vocabulary("free available anytime anywhere open")
_BEFORE_ONE = vocabulary("that this the which another any each every later earlier")
_DEGREES = ("early", "late", "mid")
MOVES = frozenset(
    vocabulary(
        "move moved moving change changed changing switch switching reschedule rescheduled swap "
        "rescheduling push pushed shift bump postpone delay bring rebook transfer"
    )
)
"""After one of these "from 2 to 4" names an old and a new time, not a span."""


@dataclass(frozen=True, slots=True)
class Range:
    """A span of the clock as said. Either end may be open."""

    start: Clock | None
    end: Clock | None
    fixed: tuple[dt.time | None, dt.time | None] | None = None
    name: str | None = None

    def times(self, opens: dt.time) -> tuple[dt.time | None, dt.time | None, bool]:
        """Start, end, and whether a half of the day was assumed."""
        if self.fixed is not None:
            return *self.fixed, False
        start, end = self.start, self.end
        if start is not None and end is not None and end.sure and not start.sure:
            first, _ = replace(start, half=end.half, part=end.part).time(opens)
            last, _ = end.time(opens)
            if first > last:
                first, _ = start.time(opens)
            return first, last, False
        if start is not None and end is not None and start.sure and not end.sure:
            first, _ = start.time(opens)
            last, _ = end.time(first)
            return first, last, False
        given_start, assumed_start = start.time(opens) if start else (None, False)
        given_end, assumed_end = end.time(opens) if end else (None, False)
        return given_start, given_end, assumed_start or assumed_end


def read_endpoint(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """A time or a bare hour at token i."""
    while word_at(tokens, i) in ("around", "about", "like", "the", "at", "approximately"):
        i += 1
    if i >= len(tokens):
        return None
    found = read_clock(tokens, i)
    return found if found else read_hour(tokens, i)


def read_hour(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """A bare hour at token i: a number up to 24 that counts nothing else."""
    token = tokens[i]
    if token.kind != NUMBER or len(token.text) > 2 or not 0 <= token.a <= 24:
        return None
    if token.spelled and token.a == 1 and word_at(tokens, i - 1) in _BEFORE_ONE:
        return None
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following is not None and (
        following.kind in (NUMBER, CLOCK) or following.text in UNITS_OF_OTHER
    ):
        return None
    clock = Clock(token.a % 24, 0, fixed=token.a > 12 or token.a == 0)
    return clock, skip_approximate(tokens, i + 1)


def read_range(tokens: list[Token], i: int) -> tuple[Range, int] | None:
    """The span of the clock at token i."""
    word = word_at(tokens, i)
    if tokens[i].kind == DASH:
        return _dashed(tokens, i)
    moving = any(token.text in MOVES for token in tokens[:i])
    if moving and word != "between" and word not in ("after", *_BEFORE, "than"):
        return None
    if word == "not" and word_at(tokens, i - 1) != "why":
        return _not_before(tokens, i)
    if word in ("between", "from"):
        first = read_endpoint(tokens, i + 1)
        links = ("and",) if word == "between" else ("to", "till", "until", "through", "til", "and")
        if first and word_at(tokens, first[1]) in links:
            second = read_endpoint(tokens, first[1] + 1)
            if second:
                return Range(first[0], second[0]), second[1]
        if first and word == "from" and word_at(tokens, first[1]) in ("on", "onward", "onwards"):
            return Range(first[0], None), first[1] + 1
        return None
    meal = _MEALS.get((word, word_at(tokens, i + 1)))
    if meal:
        return Range(None, None, fixed=meal), i + 2
    if word == "than" and word_at(tokens, i - 1) in ("later", "earlier", "sooner"):
        found = read_endpoint(tokens, i + 1)
        if not found:
            return None
        later = (word_at(tokens, i - 1) == "later") != (word_at(tokens, i - 2) in ("no", "not"))
        return (Range(found[0], None) if later else Range(None, found[0])), found[1]
    if word in ("after", *_BEFORE) or (word == "past" and word_at(tokens, i - 1) == "anytime"):
        found = read_endpoint(tokens, i + 1)
        if not found:
            return None
        clock, end = found
        if word in ("after", "past"):
            if word_at(tokens, end) in ("but", "and") and word_at(tokens, end + 1) in _BEFORE:
                until = read_endpoint(tokens, end + 2)
                if until:
                    return Range(clock, until[0]), until[1]
            return Range(clock, None), end
        return Range(None, clock), end
    return _open_or_linked(tokens, i)


def _not_before(tokens: list[Token], i: int) -> tuple[Range, int] | None:
    """ "not before ten", "not until two", "not after five" from the "not" at token i on."""
    bound = word_at(tokens, i + 1)
    if bound not in ("before", "until", "till", "til", "after", "past"):
        return None
    found = read_endpoint(tokens, i + 2)
    if not found:
        return None
    clock, end = found
    return (Range(None, clock) if bound in ("after", "past") else Range(clock, None)), end


def _dashed(tokens: list[Token], i: int) -> tuple[Range, int] | None:
    """ "2-4 pm", "between 2-4"."""
    token = tokens[i]
    if token.c >= 0 or token.a > 24 or token.b > 24:
        return None
    half = word_at(tokens, i + 1)
    said = word_at(tokens, i - 1) in ("between", "from", "at", "around")
    if half in ("am", "pm"):
        return Range(Clock(token.a % 24, 0), Clock(token.b % 24, 0, half=half)), i + 2
    if said:
        return Range(Clock(token.a % 24, 0), Clock(token.b % 24, 0)), i + 1
    return None


def _open_or_linked(tokens: list[Token], i: int) -> tuple[Range, int] | None:
    """ "2 to 4 pm", "4 or later", "10 onwards"."""
    first = read_clock(tokens, i) or read_hour(tokens, i)
    if not first:
        return None
    clock, end = first
    link, second = word_at(tokens, end), word_at(tokens, end + 1)
    if link == "or" and second in ("later", "after", "earlier", "before", "sooner"):
        if second in ("later", "after"):
            return Range(clock, None), end + 2
        return Range(None, clock), end + 2
    if link in ("onward", "onwards"):
        return Range(clock, None), end + 1
    linked = link in ("to", "till", "until", "through", "til") or (
        end < len(tokens) and tokens[end].text == "-" and clock.sure
    )
    if linked:
        last = read_endpoint(tokens, end + 1)
        said = i == 0 or word_at(tokens, i - 1) in (
            "free",
            "available",
            "anytime",
            "anywhere",
            "open",
        )
        if last and (said or last[0].sure or clock.sure or tokens[i].kind == CLOCK):
            return Range(clock, last[0]), last[1]
    return None


def read_part(tokens: list[Token], i: int) -> tuple[str, int, bool] | None:
    """The part of the day at token i: name, end, and whether "in the" came with it."""
    at = i
    if word_at(tokens, at) in ("in", "at", "during", "by", "this", "that", "for"):
        at += 1
    articled = at > i
    if word_at(tokens, at) == "the":
        at += 1
        articled = True
    word = word_at(tokens, at)
    if word == "end" and word_at(tokens, at + 1) == "of":
        last = at + 3 if word_at(tokens, at + 2) in ("the", "my") else at + 2
        return ("end of day", last + 1, True) if word_at(tokens, last) == "day" else None
    if word in ("lunchtime", "lunch") and (word == "lunchtime" or articled):
        end = at + 2 if word_at(tokens, at + 1) == "time" else at + 1
        return ("lunchtime", end, True) if word == "lunchtime" or end == at + 2 else None
    if at < len(tokens) and tokens[at].text == "first" and word_at(tokens, at + 1) == "thing":
        return "early morning", at + 2, True
    degree = ""
    while word_at(tokens, at) in _DEGREES:
        degree = word_at(tokens, at)
        at += 1
        if at < len(tokens) and tokens[at].text == "-":
            at += 1
    name = PARTS.get(word_at(tokens, at))
    if name is None or word_at(tokens, at) in ("am",):
        return None
    if name == "night" and not articled and _counts_nights(tokens, at):
        return None
    if word_at(tokens, i - 1) == "good" or word_at(tokens, at - 1) == "good":
        return None
    named = f"{degree} {name}" if f"{degree} {name}" in SPANS else name
    return named, at + 1, articled


def _counts_nights(tokens: list[Token], i: int) -> bool:
    before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
    counted = i > 0 and tokens[i - 1].kind == NUMBER and (tokens[i - 1].spelled or before == "1")
    return counted or before in ("a", "per", "last", "each", "every") or after in ("stay", "stays")


def read_moment(tokens: list[Token], i: int, now: dt.datetime) -> tuple[dt.datetime, int] | None:
    """ "in 45 minutes", "half an hour from now", "in an hour and a half"."""
    if len(tokens) <= 3 and word_at(tokens, i) == "now":
        return now.replace(second=0, microsecond=0), i + 1
    said_in = word_at(tokens, i) == "in"
    at = i + 1 if said_in else i
    while said_in and word_at(tokens, at) in ("about", "around", "like", "maybe"):
        at += 1
    found = _duration(tokens, at)
    if found is None:
        return None
    minutes, end = found
    if word_at(tokens, end) == "from" and word_at(tokens, end + 1) == "now":
        end += 2
    elif not said_in:
        return None
    moment = now + dt.timedelta(minutes=min(minutes, 100_000))
    if moment.second or moment.microsecond:
        moment = moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    return moment, end


def _duration(tokens: list[Token], i: int) -> tuple[int, int] | None:
    if i < len(tokens) and tokens[i].kind == CLOCK and tokens[i].text.rstrip("rs").endswith("h"):
        return tokens[i].a * 60, i + 1
    words = [word_at(tokens, i + k) for k in range(3)]
    if words[0] == "half" and words[1] in ("an", "a") and words[2] == "hour":
        return 30, i + 3
    if words[:2] == ["half", "hour"]:
        return 30, i + 2
    if words[:2] == ["a", "half"] and words[2] == "hour":
        return 30, i + 3
    if words[1:] in (["quarter", "of"], ["quarters", "of"]) and word_at(tokens, i + 4) == "hour":
        return (15 if words[1] == "quarter" else 45), i + 5
    count, at = count_at(tokens, i)
    if at < 0:
        return None
    half = 0
    if [word_at(tokens, at + k) for k in (0, 2)] == ["and", "half"]:
        half, at = 1, at + 3
    unit = word_at(tokens, at)
    if unit in ("minute", "minutes", "min", "mins"):
        return count, at + 1
    if unit not in ("hour", "hours", "hr", "hrs"):
        return None
    at += 1
    if [word_at(tokens, at + k) for k in (0, 2)] == ["and", "half"]:
        half, at = 1, at + 3
    minutes = count * 60 + 30 * half
    more = word_at(tokens, at + 2) in ("minutes", "mins", "minute")
    if more and word_at(tokens, at) == "and" and tokens[at + 1].kind == NUMBER:
        return minutes + tokens[at + 1].a, at + 3
    return minutes, at
