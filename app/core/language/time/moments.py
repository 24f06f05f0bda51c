"""Reads moments counted from now: "in 45 minutes", "half an hour from now"."""

from __future__ import annotations

import datetime as dt

from app.core.language.text import vocabulary
from app.core.language.time.day_offsets import count_at
from app.core.language.time.tokens import CLOCK, MARK, NUMBER, WORD, Token, word_at

_ROUGHLY = ("about", "around", "like", "maybe", "roughly", "approximately")
_NOW = frozenset(
    vocabulary("now, right now, now please, at present, at the present time, at the moment", ",")
)
_MOST_MINUTES = 100_000
_MINUTES = ("minute", "minutes", "min", "mins")
_HOURS = ("hour", "hours", "hr", "hrs")


def read_moment(tokens: list[Token], i: int, now: dt.datetime) -> tuple[dt.datetime, int] | None:
    """ "in 45 minutes", "half an hour from now", "in an hour and a half".

    Real minutes pass, also where the clocks change in between.
    """
    if i == 0 and (end := _now(tokens)):
        return now.replace(second=0, microsecond=0), end
    said_in = word_at(tokens, i) == "in"
    at = i + 1 if said_in else i
    if said_in and word_at(tokens, at) in _ROUGHLY:
        at += 1
    found = _duration(tokens, at)
    if found is None:
        return None
    minutes, end = found
    if word_at(tokens, end) == "from" and word_at(tokens, end + 1) == "now":
        end += 2
    elif not said_in:
        return None
    real = now.astimezone(dt.UTC) + dt.timedelta(minutes=min(minutes, _MOST_MINUTES))
    moment = real.astimezone(now.tzinfo)
    if moment.second or moment.microsecond:
        moment = moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    return moment, end


def _now(tokens: list[Token]) -> int:
    """The end of a text that says "now" and nothing else, or 0."""
    words = [token.text for token in tokens[:6] if token.kind == WORD]
    whole = len(words) == sum(token.kind != MARK for token in tokens)
    return len(tokens) if whole and " ".join(words) in _NOW else 0


def _duration(tokens: list[Token], i: int) -> tuple[int, int] | None:
    """The minutes of a duration at token i, and its end."""
    for rule in (_written_hours, _half_an_hour, _quarters, _counted):
        found = rule(tokens, i)
        if found:
            return found
    return None


def _written_hours(tokens: list[Token], i: int) -> tuple[int, int] | None:
    """ "3h", "2hrs"."""
    if i < len(tokens) and tokens[i].kind == CLOCK and tokens[i].text.rstrip("rs").endswith("h"):
        return tokens[i].a * 60, i + 1
    return None


def _half_an_hour(tokens: list[Token], i: int) -> tuple[int, int] | None:
    """ "Half an hour", "a half hour", "half hour"."""
    for words in (("half", "an", "hour"), ("half", "a", "hour"), ("a", "half", "hour")):
        if all(word_at(tokens, i + k) == word for k, word in enumerate(words)):
            return 30, i + 3
    return (30, i + 2) if (word_at(tokens, i), word_at(tokens, i + 1)) == ("half", "hour") else None


def _quarters(tokens: list[Token], i: int) -> tuple[int, int] | None:
    """ "A quarter of an hour", "three quarters of an hour"."""
    name = word_at(tokens, i + 1)
    if name not in ("quarter", "quarters") or word_at(tokens, i + 2) != "of":
        return None
    if word_at(tokens, i + 4) != "hour":
        return None
    return (15 if name == "quarter" else 45), i + 5


def _counted(tokens: list[Token], i: int) -> tuple[int, int] | None:
    """ "45 minutes", "two and a half hours", "an hour and 20 minutes"."""
    count, at = count_at(tokens, i)
    if at < 0:
        return None
    half, at = _and_a_half(tokens, at)
    unit = word_at(tokens, at)
    if unit in _MINUTES:
        return count, at + 1
    if unit not in _HOURS:
        return None
    also, at = _and_a_half(tokens, at + 1)
    minutes = count * 60 + 30 * max(half, also)
    more = word_at(tokens, at + 2) in _MINUTES
    if more and word_at(tokens, at) == "and" and tokens[at + 1].kind == NUMBER:
        return minutes + tokens[at + 1].a, at + 3
    return minutes, at


def _and_a_half(tokens: list[Token], at: int) -> tuple[int, int]:
    if (word_at(tokens, at), word_at(tokens, at + 2)) == ("and", "half"):
        return 1, at + 3
    return 0, at
