"""Reads times of day out of tokens: "half past three", "5 to 18", "evening 4:45", "noonish"."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.core.language.text import vocabulary
from app.core.language.time.tokens import CLOCK, MARK, NUMBER, WORD, Token

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
UNITS_OF_OTHER = frozenset(
    vocabulary(
        "people persons person guests guest adults adult kids kid children child of rooms room "
        "nights days day weeks week months month years year hours hour minutes minute mins seconds "
        "times tables tickets seats dollars bucks percent euros pounds more others stars star "
        "bedroom bedrooms bed beds pax party teeth tooth fillings friends men women ladies us "
        "patients dogs cats cars miles stay"
    )
)
"""A number before one of these is a count, not a time."""

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


def word_at(tokens: list[Token], i: int) -> str:
    """The text of token i if it is a word, else ""."""
    return tokens[i].text if 0 <= i < len(tokens) and tokens[i].kind == WORD else ""


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
    token = tokens[i]
    at = i
    if token.text in ("a", "an") and word_at(tokens, i + 1) in ("quarter", "half"):
        at += 1
    word = word_at(tokens, at)
    minutes, named = -1, True
    if word == "quarter":
        minutes = 15
    elif word == "half":
        minutes = 30
    elif tokens[at].kind == NUMBER and 0 < tokens[at].a < 30:
        minutes, named = tokens[at].a, False
    if minutes < 0:
        return None
    at += 1
    if word_at(tokens, at) in _MINUTE_WORDS:
        at, named = at + 1, True
    link = word_at(tokens, at)
    if link not in _PAST and link not in _TO:
        if word == "half" and (hour := _hour(tokens, at)) and hour[0].hour <= 12:
            if word_at(tokens, hour[1]) in UNITS_OF_OTHER or tokens[at].kind != NUMBER:
                return None
            return replace(hour[0], minute=30), hour[1]
        return None
    if not named:
        if minutes % 5 or word_at(tokens, i - 1) in ("from", "between"):
            return None
        if link not in _ONE_WAY and minutes not in (5, 10, 20, 25):
            return None
        if link == "of" or (link in ("before", "after", "until") and minutes == 5):
            return None
    hour = _hour(tokens, at + 1)
    if hour is None or word_at(tokens, hour[1]) in UNITS_OF_OTHER:
        return None
    clock, end = hour
    if link in _PAST:
        return replace(clock, minute=minutes), end
    return replace(clock, shift=-minutes), end


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
    """ "4 30", "330 pm", "12 noon", "5 oclock", "7 pm"."""
    token, value = tokens[i], tokens[i].a
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    half, _ = read_half(tokens, i + 1)
    military = token.spelled and 1300 <= value <= 2400 and value % 100 == 0
    if len(token.text) in (3, 4) and (military or not token.spelled):
        hour, minute = divmod(value, 100)
        if hour <= 24 and minute < 60 and (half or _said_at(tokens, i)):
            fixed = not half and (hour > 12 or hour == 0)
            return Clock(hour % 24, minute, fixed=fixed), i + 1
        return None
    if not 0 <= value <= 24 or following is None or len(token.text) > 2:
        return None
    if half or following.text == "oclock":
        return (Clock(value % 24, 0, fixed=value > 12), i + 1) if value else None
    if following.text in ("noon", "midday") and value == 12:
        return Clock(12, 0, fixed=True), i + 2
    if following.text == "midnight" and value == 12:
        return Clock(0, 0, fixed=True), i + 2
    if following.kind == NUMBER and len(following.text) == 2 and following.a < 60:
        after = tokens[i + 2] if i + 2 < len(tokens) else None
        before = tokens[i - 1] if i else None
        if after is not None and (after.kind == NUMBER or after.text in UNITS_OF_OTHER):
            return None
        if before is not None and before.kind == NUMBER:
            return None
        half, _ = read_half(tokens, i + 2)
        fixed = not half and (value > 12 or value == 0)
        return Clock(value % 24, following.a, fixed=fixed), i + 2
    return None


def _said_at(tokens: list[Token], i: int) -> bool:
    """Whether the words around a "1030" make it a time."""
    if len(tokens) == 1:
        return True
    before, after = word_at(tokens, i - 1), word_at(tokens, i + 1)
    if after in _AFTER_FOUR_DIGITS or after in PARTS or before == "tonight" or before in PARTS:
        return True
    ends = i + 1 == len(tokens) or tokens[i + 1].kind == MARK
    return ends and before in ("at", "around", "about", "approximately", "by", "until", "before")
