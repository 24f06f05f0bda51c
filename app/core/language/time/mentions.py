"""Finds every mention of a day or a time in a text, in the order they were said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.language.settings import TimePreferences
from app.core.language.text import vocabulary
from app.core.language.time import other_numbers
from app.core.language.time.bounds import (
    UPPER,
    Bound,
    read_prefix,
    read_suffix,
    said_before,
)
from app.core.language.time.clock_grammar import Clock, read_clock
from app.core.language.time.clock_windows import (
    Range,
    bounded,
    read_endpoint,
    read_hour,
    read_part,
    read_range,
)
from app.core.language.time.day_grammar import DayReader
from app.core.language.time.day_words import Day, roughly
from app.core.language.time.moments import read_moment
from app.core.language.time.tokens import MARK, NUMBER, ORDINAL, Token, kind_at, word_at

DAY, TIME, PART = "day", "time", "part"

_BEFORE_HOUR = frozenset(vocabulary("at around about approximately roughly like say @ near"))
_FOR_A_TIME = frozenset(
    vocabulary("me it appointment meeting slot down schedule time us booked that him her them")
)
_FILLERS = frozenset(
    vocabulary(
        "um uh er erm hmm well so okay ok yes yeah please thanks the i said no not sorry oh maybe "
        "actually lets do say make it that how what about or but rather wait mean then is works "
        "work good fine great would be perfect for me exactly just and to let's it's its at around"
    )
)
_COUNTED = frozenset(vocabulary("party table group headcount guests people number size"))
_BIRTH = frozenset(vocabulary("born birthday birthdate dob"))
_NEW_CLAUSE = frozenset(vocabulary(". , ? ! ; and so but can could would"))
_BIRTH_REACH = 10
_BEFORE_TIMES = ("at", "around", "about", "by", ",", "say", "like", "approximately", "@")
_ROUGH_DAY = frozenset(vocabulary("around roughly approximately circa sometime-around"))
_ROUGH_SPREAD = 3


@dataclass(frozen=True, slots=True)
class Mention:
    """kind: DAY, TIME or PART. value: a Day, a Clock or Range, or a part's name; its tokens."""

    kind: str
    value: Day | Clock | Range | str
    start: int
    end: int
    bound: Bound = Bound.AT


def find(tokens: list[Token], now: dt.datetime, prefer: TimePreferences) -> list[Mention]:
    """All mentions. A moment ("in 45 minutes") is a day and a time at the same place."""
    return _Finder(tokens, now, prefer).find()


class _Finder:
    """Reads one list of tokens from its start to its end."""

    def __init__(self, tokens: list[Token], now: dt.datetime, prefer: TimePreferences) -> None:
        self.tokens = tokens
        self.now = now
        self.reader = DayReader(tokens, now.date(), prefer)
        self.mentions: list[Mention] = []
        count = len(tokens)
        self.first_counted = next((k for k in range(count) if tokens[k].text in _COUNTED), count)
        self.telling = sum(not _is_filler(token) for token in tokens)

    def find(self) -> list[Mention]:
        i = 0
        while i < len(self.tokens):
            i = self._next(i)
        return [mention for mention in self.mentions if not _of_birth(self.tokens, mention)]

    def _next(self, i: int) -> int:
        """Add what starts at token i; the place after it, or after the token."""
        skipped = other_numbers.skip(self.tokens, i)
        if skipped:
            return skipped
        if self.tokens[i].kind == MARK:
            return i + 1
        for rule in _MENTIONS:
            end = rule(self, i)
            if end > i:
                return end
        return i + 1

    def add(self, mention: Mention) -> int:
        self.mentions.append(mention)
        return mention.end

    @property
    def last(self) -> Mention | None:
        return self.mentions[-1] if self.mentions else None


def _is_filler(token: Token) -> bool:
    return token.text in _FILLERS or token.kind == MARK


def _moment(at: _Finder, i: int) -> int:
    """ "In 45 minutes": a day and a time."""
    found = read_moment(at.tokens, i, at.now)
    if found is None:
        return i
    moment, end = found
    at.add(Mention(DAY, Day(moment.date()), i, end))
    return at.add(Mention(TIME, Clock(moment.hour, moment.minute, fixed=True), i, end))


def _bounded(at: _Finder, i: int) -> int:
    """ "After December 10th", "by five", "not before Friday"."""
    prefix = read_prefix(at.tokens, i, moving=at.reader.first_move < i)
    if prefix is None:
        return i
    bound, start = prefix
    last = at.last
    if bound is Bound.UNTIL and last is not None and last.kind == DAY and last.end == i:
        return i  # "from the 7th until the 9th"
    if word_at(at.tokens, i) == "within" and (day := at.reader.read(i)):
        return at.add(Mention(DAY, day[0], i, day[1], bound))
    while word_at(at.tokens, start) in ("on", "around", "about") and start < i + 6:
        start += 1
    day = at.reader.read(start)
    if day is not None:
        return at.add(_with_time(at, Mention(DAY, day[0], i, day[1], bound)))
    clock = read_endpoint(at.tokens, start)
    if clock is None or kind_at(at.tokens, start) == MARK:
        return i
    return at.add(Mention(TIME, bounded(clock[0], bound), i, clock[1], bound))


def _with_time(at: _Finder, mention: Mention) -> Mention:
    """A last day together with the time right behind it: "by Friday at five" asks for no five.

    "After Tuesday at three" does: there the time is a mention of its own.
    """
    if mention.bound not in UPPER:
        return mention
    part = read_part(at.tokens, mention.end) if mention.end < len(at.tokens) else None
    if part is not None and not part[2]:  # "before Friday morning"
        return replace(mention, end=part[1])
    if mention.bound is Bound.BEFORE:
        return mention
    start = mention.end + (word_at(at.tokens, mention.end) in ("at", "around"))
    if start >= len(at.tokens):
        return mention
    clock = read_clock(at.tokens, start)
    if clock is None and start > mention.end:
        clock = read_hour(at.tokens, start)
    return mention if clock is None else replace(mention, end=clock[1])


def _range(at: _Finder, i: int) -> int:
    """ "Between 2 and 4", "10 or later"."""
    found = read_range(at.tokens, i, moving=at.reader.first_move < i)
    if found is None:
        return i
    span, bound, end = found
    return at.add(Mention(TIME, span, i, end, bound))


def _day(at: _Finder, i: int) -> int:
    """ "Tomorrow", "around the 10th", "Friday or later", "from Monday on"."""
    found = at.reader.read(i)
    if found is None:
        return i
    day, end = found
    before = word_at(at.tokens, i - 1)
    numbered = any(token.kind in (NUMBER, ORDINAL) for token in at.tokens[i:end])
    if before in _ROUGH_DAY and numbered and day.date is not None and day.last is None:
        day = roughly(day.date, _ROUGH_SPREAD, at.now.date())
    bound = said_before(at.tokens, i) or Bound.AT
    suffix = read_suffix(at.tokens, end)
    if suffix is not None and read_endpoint(at.tokens, suffix[1]) is None:
        bound, end = suffix
    elif before in ("from", "starting") and word_at(at.tokens, end) in ("on", "onward", "onwards"):
        bound, end = Bound.NOT_BEFORE, end + 1
    at.add(Mention(DAY, day, i, end, bound))
    if word_at(at.tokens, end - 1) in ("tonight", "tonite"):
        at.add(Mention(PART, "tonight", end - 1, end))
    return end


def _clock(at: _Finder, i: int) -> int:
    found = read_clock(at.tokens, i)
    return i if found is None else _add_clock(at, i, found)


def _add_clock(at: _Finder, i: int, found: tuple[Clock, int]) -> int:
    bound = said_before(at.tokens, i)
    if bound is None:
        return at.add(Mention(TIME, found[0], i, found[1]))
    return at.add(Mention(TIME, bounded(found[0], bound), i, found[1], bound))


def _part(at: _Finder, i: int) -> int:
    """Bind a part of the day to the time beside it, or keep it as a mention of its own."""
    part = read_part(at.tokens, i)
    if part is None:
        return i
    name, end, articled = part
    start = end
    while start < min(len(at.tokens), end + 4) and at.tokens[start].text in _BEFORE_TIMES:
        start += 1
    last = at.last
    follows = last is not None and last.kind == TIME and _only_glue(at.tokens, last.end, i)
    if start < len(at.tokens) and not (articled and follows):
        found = read_clock(at.tokens, start) or read_hour(at.tokens, start)
        if found and found[0].half is None:
            return at.add(Mention(TIME, replace(found[0], part=name), i, found[1]))
    if follows and last is not None and (bound := _in_part(last, name)) is not None:
        at.mentions[-1] = replace(last, value=bound, end=end)
        return end
    return at.add(Mention(PART, name, i, end))


def _in_part(mention: Mention, name: str) -> Clock | Range | None:
    """The time of a mention in the part of the day said behind it."""
    value = mention.value
    if isinstance(value, Clock) and value.part is None:
        return replace(value, part=name)
    if isinstance(value, Range):
        if value.end is not None and not value.end.sure:
            return replace(value, end=replace(value.end, part=name))
        if value.end is None and value.start is not None and not value.start.sure:
            return replace(value, start=replace(value.start, part=name))
    return None


def _hour(at: _Finder, i: int) -> int:
    """A bare number that is an hour by what stands around it."""
    if at.tokens[i].kind != NUMBER:
        return i
    hour = read_hour(at.tokens, i)
    if hour is None or not _is_hour(at, i, hour[1]):
        return i
    return _add_clock(at, i, hour)


_MENTIONS: tuple[Callable[[_Finder, int], int], ...] = (
    _moment,
    _bounded,
    _range,
    _day,
    _clock,
    _part,
    _hour,
)
"""What may start at a token, tried in this order; each gives the place after it, or the same."""


def _only_glue(tokens: list[Token], start: int, end: int) -> bool:
    return all(tokens[k].text in (",", "in", "the", "at") for k in range(start, end))


def _of_birth(tokens: list[Token], mention: Mention) -> bool:
    """Whether it is somebody's date of birth: "I was born on the fourth of May"."""
    for k in range(mention.start - 1, max(-1, mention.start - 1 - _BIRTH_REACH), -1):
        if tokens[k].text in _NEW_CLAUSE:
            break
        word = word_at(tokens, k)
        if word in _BIRTH or (word == "birth" and word_at(tokens, k - 1) == "of"):
            return True
    after = [token.text for token in tokens[mention.end : mention.end + 3]]
    return after[:1] == ["is"] and "birthday" in after


# Whether a bare number is an hour: small rules, tried in order until one knows.


def _is_hour(at: _Finder, i: int, end: int, *, alone: bool = False) -> bool:
    """Whether the number at token i is a time of day. alone: do not look past an "or"."""
    for rule in _HOURS:
        if alone and rule is _alternative:
            continue
        known = rule(at, i, end)
        if known is not None:
            return known
    return at.telling - (not _is_filler(at.tokens[i])) == 0  # nothing else was said


def _qualified(at: _Finder, i: int, end: int) -> bool | None:
    """ "Ten-ish", "8 in the evening"."""
    part = read_part(at.tokens, end) if end < len(at.tokens) else None
    return True if end > i + 1 or (part and at.tokens[i].a <= 12) else None


def _pronoun(at: _Finder, i: int, end: int) -> bool | None:
    """ "I need one" counts."""
    pronoun = at.tokens[i].spelled and at.tokens[i].a == 1 and len(at.tokens) > 3
    return False if pronoun and word_at(at.tokens, i - 1) not in _BEFORE_HOUR else None


def _said_at(at: _Finder, i: int, end: int) -> bool | None:
    """ "At three", "around ten"."""
    before = word_at(at.tokens, i - 1)
    if before not in _BEFORE_HOUR:
        return None
    return before not in ("like", "say") or not at.tokens[i].spelled or len(at.tokens) < 8


def _booked_for(at: _Finder, i: int, end: int) -> bool | None:
    """ "Put me down for two"."""
    booked = word_at(at.tokens, i - 1) == "for" and word_at(at.tokens, i - 2) in _FOR_A_TIME
    return True if booked else None


def _moved_to(at: _Finder, i: int, end: int) -> bool | None:
    """ "Move it to four", where no party of four is meant; "move it from two"."""
    moves = word_at(at.tokens, i - 1) in ("to", "from") and at.tokens[i].a <= 12
    return True if moves and at.reader.first_move < i <= at.first_counted else None


def _alternative(at: _Finder, i: int, end: int) -> bool | None:
    """ "Three or three thirty"; "three or four people" are none."""
    if word_at(at.tokens, end) != "or" or end + 1 >= len(at.tokens):
        return None
    if read_clock(at.tokens, end + 1):
        return True
    other = read_hour(at.tokens, end + 1)
    if other is None:
        return False if at.tokens[end + 1].kind == NUMBER else None
    return True if _is_hour(at, end + 1, other[1], alone=True) else None


def _after_day(at: _Finder, i: int, end: int) -> bool | None:
    """ "Tuesday ten"."""
    last = at.last
    beside = last is not None and last.end == i and last.kind in (DAY, PART)
    return at.tokens[i].a <= 24 if beside else None


def _before_day(at: _Finder, i: int, end: int) -> bool | None:
    """ "9 tomorrow morning"."""
    following = at.reader.read(end) if end < len(at.tokens) else None
    sure = following is not None and not following[0].unsure and at.tokens[i].a <= 12
    return True if sure else None


def _beside_time(at: _Finder, i: int, end: int) -> bool | None:
    """ "At three, no, four"."""
    last = at.last
    if last is None or last.kind != TIME:
        return None
    return all(_is_filler(token) for token in at.tokens[last.end : i])


_HOURS = (
    _qualified,
    _pronoun,
    _said_at,
    _booked_for,
    _moved_to,
    _alternative,
    _after_day,
    _before_day,
    _beside_time,
)
