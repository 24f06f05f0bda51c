"""Reads times of day out of tokens: "half past three", "5 to 18", "evening 4:45", "noonish"."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.text import vocabulary
from app.core.language.time.other_numbers import UNITS
from app.core.language.time.tokens import CLOCK, MARK, NUMBER, Token, kind_at, word_at

MORNING, AFTERNOON, EVENING, NIGHT = "morning", "afternoon", "evening", "night"
PARTS = {
    MORNING: MORNING,
    "mornin": MORNING,
    "am": MORNING,
    "afternoon": AFTERNOON,
    "afternoons": AFTERNOON,
    "mornings": MORNING,
    "evenings": EVENING,
    "evening": EVENING,
    "night": NIGHT,
    "nighttime": NIGHT,
    "overnight": NIGHT,
}
SPANS = {
    MORNING: (dt.time(6), dt.time(12)),
    AFTERNOON: (dt.time(12), dt.time(17)),
    EVENING: (dt.time(17), dt.time(21)),
    NIGHT: (dt.time(19), dt.time(23, 59)),
    "tonight": (dt.time(17), dt.time(23, 59)),
    "early morning": (dt.time(6), dt.time(9)),
    "late morning": (dt.time(10), dt.time(12)),
    "early afternoon": (dt.time(12), dt.time(14, 30)),
    "late afternoon": (dt.time(15), dt.time(18)),
    "mid morning": (dt.time(9), dt.time(11)),
    "mid afternoon": (dt.time(14), dt.time(16)),
    "early evening": (dt.time(17), dt.time(19)),
    "late evening": (dt.time(19), dt.time(22)),
    "lunchtime": (dt.time(12), dt.time(14)),
    "end of day": (dt.time(16), dt.time(18)),
}
"""Parts of the day as spans of the clock."""

_MINUTE_WORDS = frozenset(("minute", "minutes", "min", "mins"))
_PAST = frozenset(("past", "after"))
_TO = frozenset(("to", "till", "til", "before", "of", "until"))
_ONE_WAY = frozenset(("past", "to", "till", "til"))
_PARTS_OF_HOUR = {"quarter": 15, "half": 30}
_AFTER_FOUR_DIGITS = frozenset(vocabulary("ish in tonight hours tomorrow today on oclock please"))


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as said. `half` is "am", "pm" or None; `part` the part of day said with it.

    `fixed` times need no half: noon, midnight, 15:00, 0:30, 05:30.
    """

    hour: int
    minute: int
    half: str | None = None
    part: str | None = None
    fixed: bool = False
    shift: int = 0
    """Minutes to add once the hour is known: -15 for "quarter to"."""

    @property
    def sure(self) -> bool:
        """Whether nothing has to be assumed."""
        return self.fixed or self.half is not None or self.part is not None

    def time(self, opens: dt.time) -> tuple[dt.time, bool]:
        """The time of day, and whether its half was assumed from `opens`."""
        hour, assumed = self.hour, False
        if self.half == "pm":
            hour = hour + 12 if hour < 12 else hour
        elif self.half == "am":
            hour = 0 if hour == 12 else hour
        elif self.part is not None and 1 <= hour <= 12:
            before_noon = hour == 12 and self.shift < 0 and self.part.endswith(MORNING)
            hour = hour if before_noon else _hour_in_part(hour, self.part)
        elif not self.fixed:
            assumed = True
            if hour == 12:
                hour = 0
            before_open = (hour * 60 + self.minute + self.shift) < opens.hour * 60 + opens.minute
            if before_open:
                hour += 12
        minutes = (hour * 60 + self.minute + self.shift) % (24 * 60)
        return dt.time(minutes // 60, minutes % 60), assumed


def _hour_in_part(hour: int, part: str) -> int:
    if part.endswith(MORNING):
        return hour % 12
    if part in (NIGHT, "tonight"):
        return 0 if hour == 12 else hour if hour < 6 else hour + 12
    if part.endswith(EVENING) and hour == 12:
        return 0
    return hour % 12 + 12


def read_clock(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """The time that starts at token i and where it ends. A bare hour is not read here."""
    found = _fraction(tokens, i) or _digits(tokens, i)
    if found is None:
        return None
    clock, end = found
    half, after = read_half(tokens, end)
    if half:
        clock = replace(clock, half=half if clock.hour <= 12 else None)
        end = after
    elif word_at(tokens, end) == "oclock":
        end += 1
        half, after = read_half(tokens, end)
        if half:
            clock, end = replace(clock, half=half), after
    return clock, skip_approximate(tokens, end)


def skip_approximate(tokens: list[Token], end: int) -> int:
    """The place after "ish", "or so", "sharp" and their like."""
    word = word_at(tokens, end)
    if word in ("ish", "sharp", "approximately", "approx", "exactly"):
        return end + 1
    if word == "or" and word_at(tokens, end + 1) in ("so", "thereabouts"):
        return end + 2
    return end


def read_half(tokens: list[Token], i: int) -> tuple[str | None, int]:
    """ "am", "pm", "in the am" at token i."""
    at = i + 1 if i < len(tokens) and tokens[i].kind == MARK and tokens[i].text in ".-" else i
    if word_at(tokens, at) in ("am", "pm"):
        return tokens[at].text, at + 1
    if (
        word_at(tokens, i) == "in"
        and word_at(tokens, i + 1) == "the"
        and word_at(tokens, i + 2) in ("am", "pm")
    ):
        return tokens[i + 2].text, i + 3
    return None, i


def _hour(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """The hour after "past" and "to"."""
    if i >= len(tokens):
        return None
    token = tokens[i]
    if token.kind == NUMBER and 0 <= token.a <= 24:
        return Clock(token.a % 24, 0, fixed=token.a > 12 or token.a == 0), i + 1
    if token.kind == CLOCK and token.b == 0 and token.a <= 24:
        return Clock(token.a % 24, 0, fixed=token.a > 12 or token.a == 0), i + 1
    word = word_at(tokens, i)
    if word in ("noon", "midday"):
        return Clock(12, 0, fixed=True), i + 1
    if word == "midnight":
        return Clock(0, 0, fixed=True), i + 1
    return None


def _fraction(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """ "quarter past five", "20 mins after 10", "5 to 18", "half three"."""
    minutes, at, named = _minutes(tokens, i)
    if minutes < 0:
        return None
    link = word_at(tokens, at)
    if link not in _PAST and link not in _TO:
        return _half_hour(tokens, at) if word_at(tokens, at - 1) == "half" else None
    if not named and not _links_minutes(tokens, i, minutes, link):
        return None
    hour = _hour(tokens, at + 1)
    if hour is None or word_at(tokens, hour[1]) in UNITS:
        return None
    clock, end = hour
    if link in _PAST:
        return replace(clock, minute=minutes), end
    return replace(clock, shift=-minutes), end


def _minutes(tokens: list[Token], i: int) -> tuple[int, int, bool]:
    """The minutes at token i, their end, and whether they are named so ("a quarter", "5 mins")."""
    at = i
    if tokens[i].text in ("a", "an") and word_at(tokens, i + 1) in _PARTS_OF_HOUR:
        at += 1
    minutes = _PARTS_OF_HOUR.get(word_at(tokens, at), -1)
    if minutes >= 0:
        return minutes, at + 1, True
    if kind_at(tokens, at) != NUMBER or not 0 < tokens[at].a < 30:
        return -1, i, False
    twenty = (word_at(tokens, at + 1), tokens[at + 2].a if at + 2 < len(tokens) else -1)
    if tokens[at].a == 5 and twenty == ("and", 20):
        return 25, at + 3, True  # "five and twenty past"
    named = word_at(tokens, at + 1) in _MINUTE_WORDS
    return tokens[at].a, at + 2 if named else at + 1, named


def _half_hour(tokens: list[Token], at: int) -> tuple[Clock, int] | None:
    """ "Half nine": nine thirty, as the British say it."""
    hour = _hour(tokens, at)
    if hour is None or hour[0].hour > 12 or tokens[at].kind != NUMBER:
        return None
    return None if word_at(tokens, hour[1]) in UNITS else (replace(hour[0], minute=30), hour[1])


def _links_minutes(tokens: list[Token], i: int, minutes: int, link: str) -> bool:
    """Whether a bare number before "past" or "to" counts minutes: "ten to five", not "2 to 4"."""
    if minutes % 5 or word_at(tokens, i - 1) in ("from", "between"):
        return False
    if link in _ONE_WAY:
        return True
    return minutes in (10, 20, 25) and link != "of"


def _digits(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    token = tokens[i]
    if token.kind == CLOCK:
        if token.a > 24 or token.b > 59:
            return None
        fixed = token.a > 12 or token.a == 0 or token.text.startswith("0") or "h" in token.text
        half, _ = read_half(tokens, i + 1)
        return Clock(token.a % 24, token.b, fixed=fixed and not half), i + 1
    if token.kind == NUMBER:
        return _number(tokens, i)
    word = word_at(tokens, i)
    if word in ("noon", "midday", "noonish", "noontime"):
        return Clock(12, 0, fixed=True), i + 1
    if word == "midnight":
        return Clock(0, 0, fixed=True), i + 1
    return None


def _number(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """The time whose hour is the number at token i, by the first rule that fits."""
    for rule in _NUMBER_RULES:
        found = rule(tokens, i)
        if found:
            return found
    return None


def _hundreds(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """ "330 pm", "at 1030", "fifteen hundred hours"."""
    token = tokens[i]
    military = token.spelled and 1300 <= token.a <= 2400 and token.a % 100 == 0
    if len(token.text) not in (3, 4) or (token.spelled and not military):
        return None
    hour, minute = divmod(token.a, 100)
    half, _ = read_half(tokens, i + 1)
    if hour > 24 or minute > 59 or not (half or _said_at(tokens, i)):
        return None
    return Clock(hour % 24, minute, fixed=not half and (hour > 12 or hour == 0)), i + 1


def _full_hour(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """ "7 pm", "5 oclock"."""
    value = tokens[i].a
    half, _ = read_half(tokens, i + 1)
    named = half or word_at(tokens, i + 1) == "oclock"
    if not named or not 0 < value <= 24 or len(tokens[i].text) > 2:
        return None
    return Clock(value % 24, 0, fixed=value > 12), i + 1


def _twelve(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """ "12 noon", "twelve midnight"."""
    following = word_at(tokens, i + 1)
    if tokens[i].a != 12 or following not in _NAMED_HOURS:
        return None
    return Clock(_NAMED_HOURS[following], 0, fixed=True), i + 2


def _hour_and_minutes(tokens: list[Token], i: int) -> tuple[Clock, int] | None:
    """ "4 30", "eleven oh five"."""
    value, minutes = tokens[i].a, tokens[i + 1] if i + 1 < len(tokens) else None
    if minutes is None or minutes.kind != NUMBER or len(minutes.text) != 2 or minutes.a > 59:
        return None
    if not 0 <= value <= 24 or len(tokens[i].text) > 2 or kind_at(tokens, i - 1) == NUMBER:
        return None
    if kind_at(tokens, i + 2) == NUMBER or word_at(tokens, i + 2) in UNITS:
        return None
    half, _ = read_half(tokens, i + 2)
    fixed = not half and (value > 12 or value == 0)
    return Clock(value % 24, minutes.a, fixed=fixed), i + 2


_NUMBER_RULES = (_hundreds, _full_hour, _twelve, _hour_and_minutes)
_NAMED_HOURS = {"noon": 12, "midday": 12, "midnight": 0}


def _said_at(tokens: list[Token], i: int) -> bool:
    """Whether the words around a "1030" make it a time."""
    if len(tokens) == 1:
        return True
    before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
    if after in _AFTER_FOUR_DIGITS or after in PARTS or before == "tonight" or before in PARTS:
        return True
    ends = i + 1 == len(tokens) or tokens[i + 1].kind == MARK
    return ends and before in ("at", "around", "about", "approximately", "by", "until", "before")
