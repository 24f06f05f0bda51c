"""Reads spans of the clock ("between 2 and 4", "2 to 4 pm", "after lunch") and parts of the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.text import vocabulary
from app.core.language.time import other_numbers
from app.core.language.time.bounds import UPPER, Bound, read_suffix
from app.core.language.time.clock_grammar import (
    PARTS,
    SPANS,
    Clock,
    read_clock,
    skip_approximate,
)
from app.core.language.time.day_words import MONTHS
from app.core.language.time.other_numbers import UNITS
from app.core.language.time.tokens import CLOCK, DASH, NUMBER, Token, kind_at, word_at

_LUNCH, _WORK = dt.time(13), dt.time(17)
_MEALS: dict[tuple[str, str], tuple[dt.time | None, dt.time | None]] = {
    ("after", "lunch"): (_LUNCH, None),
    ("before", "lunch"): (None, dt.time(12)),
    ("after", "work"): (_WORK, None),
    ("before", "work"): (None, dt.time(9)),
    ("after", "school"): (dt.time(15), None),
    ("after", "dinner"): (dt.time(19), None),
    ("before", "dinner"): (None, dt.time(18)),
    ("after", "breakfast"): (dt.time(9), None),
}
_FREE = frozenset(vocabulary("free available anytime anywhere open"))
_BEFORE_ONE = vocabulary("that this the which another any each every later earlier")
_DEGREES = ("early", "late", "mid")
_TO = ("to", "till", "until", "through", "til", "thru")
_ROUGHLY = ("around", "about", "like", "the", "at", "approximately", "roughly", "say", "maybe")
_MOST_FILLERS = 4


@dataclass(frozen=True, slots=True)
class Range:
    """A span of the clock as said. Either end may be open."""

    start: Clock | None
    end: Clock | None
    fixed: tuple[dt.time | None, dt.time | None] | None = None

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


def bounded(clock: Clock, bound: Bound) -> Range:
    """The span that a bound leaves open."""
    return Range(None, clock) if bound in UPPER else Range(clock, None)


def read_endpoint(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """A time or a bare hour at token i, behind "around" and its like."""
    last = i + _MOST_FILLERS
    while i < last and word_at(tokens, i) in _ROUGHLY:
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
    if following is not None and (following.kind in (NUMBER, CLOCK) or following.text in UNITS):
        return None
    if other_numbers.skip(tokens, i):
        return None
    clock = Clock(token.a % 24, 0, fixed=token.a > 12 or token.a == 0)
    return clock, skip_approximate(tokens, i + 1)


Spanned = tuple[Range, Bound, int]
"""A span of the clock, how it is bounded, and the place after it."""


def read_range(tokens: list[Token], i: int, *, moving: bool) -> Spanned | None:
    """The span of the clock at token i.

    moving: an act of moving was named before, so "from 2 to 4" names an old and a new time.
    """
    for rule in _RANGES if not moving else _RANGES_OF_MOVES:
        found = rule(tokens, i)
        if found:
            return found
    return None


def _dashed(tokens: list[Token], i: int) -> Spanned | None:
    """ "2-4 pm", "between 2-4"."""
    token = tokens[i]
    if token.kind != DASH or token.c >= 0 or token.a > 24 or token.b > 24:
        return None
    half = word_at(tokens, i + 1)
    first = Clock(token.a % 24, 0, fixed=token.a > 12)
    if half in ("am", "pm"):
        last = Clock(token.b % 24, 0, half=half)
        return Range(Clock(token.a % 24, 0), last), Bound.BETWEEN, i + 2
    if word_at(tokens, i - 1) in ("between", "from", "at", "around"):
        last = Clock(token.b % 24, 0, fixed=token.b > 12)
        return Range(first, last), Bound.BETWEEN, i + 1
    return None


def _between(tokens: list[Token], i: int) -> Spanned | None:
    """ "Between 2 and 4", "from nine to half past ten", "from ten on"."""
    word = word_at(tokens, i)
    if word not in ("between", "from"):
        return None
    first = read_endpoint(tokens, i + 1)
    if first is None:
        return None
    if word_at(tokens, first[1]) in (("and",) if word == "between" else (*_TO, "and")):
        second = read_endpoint(tokens, first[1] + 1)
        if second:
            return Range(first[0], second[0]), Bound.BETWEEN, second[1]
    if word == "from" and word_at(tokens, first[1]) in ("on", "onward", "onwards"):
        return Range(first[0], None), Bound.NOT_BEFORE, first[1] + 1
    return None


def _between_only(tokens: list[Token], i: int) -> Spanned | None:
    return _between(tokens, i) if word_at(tokens, i) == "between" else None


def _meal(tokens: list[Token], i: int) -> Spanned | None:
    """ "After lunch", "before work"."""
    span = _MEALS.get((word_at(tokens, i), word_at(tokens, i + 1)))
    if span is None:
        return None
    bound = Bound.AFTER if span[0] is not None else Bound.BEFORE
    return Range(None, None, fixed=span), bound, i + 2


def _open_ended(tokens: list[Token], i: int) -> Spanned | None:
    """ "4 or later", "10 onwards", "five at the latest"."""
    found = read_clock(tokens, i) or read_hour(tokens, i)
    suffix = read_suffix(tokens, found[1]) if found else None
    if found is None or suffix is None:
        return None
    if kind_at(tokens, suffix[1]) in (NUMBER, CLOCK):  # "or after five" says something else
        return None
    return bounded(found[0], suffix[0]), suffix[0], suffix[1]


def _linked(tokens: list[Token], i: int) -> Spanned | None:
    """ "2 to 4 pm", "3:00 - 4:30"."""
    first = read_clock(tokens, i) or read_hour(tokens, i)
    if first is None:
        return None
    clock, end = first
    dashed = end < len(tokens) and tokens[end].text == "-" and clock.sure
    if word_at(tokens, end) not in _TO and not dashed:
        return None
    last = read_endpoint(tokens, end + 1)
    if last and word_at(tokens, last[1]) in (*MONTHS, "of"):  # "7 to 11 December"
        return None
    said = i == 0 or word_at(tokens, i - 1) in _FREE
    if last and (said or last[0].sure or clock.sure or tokens[i].kind == CLOCK):
        return Range(clock, last[0]), Bound.BETWEEN, last[1]
    return None


_RANGES = (_dashed, _between, _meal, _open_ended, _linked)
_RANGES_OF_MOVES = (_dashed, _between_only, _open_ended)
"""Tried in this order."""


def read_part(tokens: list[Token], i: int) -> tuple[str, int, bool] | None:
    """The part of the day at token i: name, end, and whether "in the" came with it."""
    at = i
    if word_at(tokens, at) in ("in", "at", "during", "by", "this", "that", "for"):
        at += 1
    articled = at > i
    if word_at(tokens, at) == "the":
        at += 1
        articled = True
    for rule in (_end_of_day, _lunch, _first_thing):
        end = rule(tokens, at, articled)
        if end:
            return _NAMES[rule], end, True
    return _plain_part(tokens, i, at, articled)


def _end_of_day(tokens: list[Token], at: int, articled: bool) -> int:
    """ "The end of the day"."""
    if word_at(tokens, at) != "end" or word_at(tokens, at + 1) != "of":
        return 0
    last = at + 3 if word_at(tokens, at + 2) in ("the", "my") else at + 2
    return last + 1 if word_at(tokens, last) == "day" else 0


def _lunch(tokens: list[Token], at: int, articled: bool) -> int:
    """ "Lunchtime", "at lunch time"."""
    word = word_at(tokens, at)
    if word == "lunchtime":
        return at + 1
    return at + 2 if word == "lunch" and articled and word_at(tokens, at + 1) == "time" else 0


def _first_thing(tokens: list[Token], at: int, articled: bool) -> int:
    """ "First thing (in the morning)"."""
    first = at < len(tokens) and tokens[at].text == "first"
    return at + 2 if first and word_at(tokens, at + 1) == "thing" else 0


_NAMES = {_end_of_day: "end of day", _lunch: "lunchtime", _first_thing: "early morning"}


def _plain_part(
    tokens: list[Token], i: int, at: int, articled: bool
) -> tuple[str, int, bool] | None:
    """ "Morning", "late afternoon", "mid-morning"."""
    degree, first = "", at
    while word_at(tokens, at) in _DEGREES and at < first + _MOST_FILLERS:
        degree = word_at(tokens, at)
        at += 1
        if at < len(tokens) and tokens[at].text == "-":
            at += 1
    name = PARTS.get(word_at(tokens, at))
    if name is None or word_at(tokens, at) == "am":
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
