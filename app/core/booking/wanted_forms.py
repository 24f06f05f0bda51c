"""The forms in which models write days and times, and the words that say nothing of them."""

from __future__ import annotations

import re

from app.core.language.text import level, vocabulary
from app.core.language.time.expressions import Spoken
from app.core.language.time.zones import ZONE_NAMES

MAX_CHARS = 200
"""A longer argument is not understood."""

ISO = re.compile(
    r"(?P<year>\d{4})(?P<sep>[-/.]?)(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
    r"(?:[t ]\s?(?P<time>\d{1,2}:\d{2})(?::\d{2}(?:\.\d{1,6})?)?\s?(?P<zone>z|[+-]\d{2}:?\d{2})?)?"
)
MONTH = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})")
CLOCK = re.compile(
    r"t?(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::\d{2}(?:\.\d{1,6})?)?)? ?"
    r"(?:(?P<half>am?|pm?)|(?P<suffix>z|[+-]\d{2}:?\d{2}|h|hrs?|hours?))?"
)
HUNDREDS = re.compile(r"^(\d{3,4}) ?(?:h|hrs?|hours)$")
DOTTED = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})")
_ONE_CLOCK = r"(\d{1,2}(?::\d{2})?(?: ?[ap]m)?)"
CLOCKS = re.compile(rf"(?:from |between )?{_ONE_CLOCK} ?(?:-|to|and) ?{_ONE_CLOCK}")
_ANY = frozenset(
    vocabulary(
        """
        any, any day, anyday, any date, any time, anytime, any time of day, asap, whenever, soon,
        as soon as possible, as early as possible, next available, first available, earliest,
        earliest available, the earliest, soonest, soonest available, the soonest, no preference,
        no preferences, flexible, either, all, all day, open, anything, doesn't matter,
        does not matter, whatever, whatever works, any works, any of them, next opening,
        first opening, the next available, next free, first free, next free day, next free slot,
        next available day, next available slot, none, null, n/a, na, -, unspecified,
        not specified, unknown, undefined
        """,
        ",",
    )
)
PART_NAMES = {
    "am": "morning",
    "mornings": "morning",
    "afternoons": "afternoon",
    "evenings": "evening",
    "night": "evening",
}
_SIGNS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"\s?(?:\.\.+|->|\u2192|/(?=\d{4}-))\s?", " to "),
        (r"^>= ?", "not before "),
        (r"^> ?", "after "),
        (r"^<= ?", "by "),
        (r"^< ?(?=\d)", "before "),
        (r" ?\+$", " or later"),
        (r"^(?:at (?:the )?)?earliest (?=\d)", "not before "),
        (r"^(?:at (?:the )?)?latest (?=\d)", "by "),
        (r"^past (?=\d)", "after "),
        (r"^(?:between now and|from now (?:until|till|to|through)|now (?:until|till|to)) ", "by "),
        (r"^(?:~|ca\b\.?|circa|approx\b\.?) ?", "around "),
        (r"(?<!after )(?<!before )\blunch(?: ?time)?\b", "lunchtime"),
        (
            r"\b(?:the )?(?:next|first|earliest|soonest) (?:available|free|possible|open)\b"
            r"(?: (?:slot|appointment|time|day|opening|date)\b)?",
            "",
        ),
        (r"^from (?!.* (?:to|until|till|through|-|on|onwards?)\b)", "starting "),
    )
)
"""Signs and short forms of models -> the words that callers use."""
_HARMLESS = frozenset(
    vocabulary(
        "on the at please any day date time of in for around about approximately a an or and "
        "if possible would be good great works is it this some sometime anytime preferably maybe "
        "i'd i like want to come appointment slot between from by o'clock oclock local hours hrs "
        "either ideally with no preference open available free also only exactly just can could do "
        "roughly say there through until till to but earliest soonest early as opening later "
        "onwards close near @ h ( )"
    )
) | frozenset((*ZONE_NAMES, "timezone", "zone"))
_BETWEEN_MENTIONS = frozenset(("-", "/", "(", ")"))
WEEK = re.compile(r"week(?!end)", re.IGNORECASE)
_LEFT = re.compile(r"[a-z0-9']+|[^\sa-z0-9',.?!;&]")


def clean(value: str | None) -> str:
    """The words of an argument; "" where it says that anything will do."""
    text = " ".join(level(value or "")[: MAX_CHARS + 1].split()).strip(" .,!?")
    if text in _ANY:
        return ""
    for pattern, words in _SIGNS:
        text = pattern.sub(words, text)
    return text


def has_left_over(text: str, said: Spoken) -> bool:
    """Whether words stay that are neither a day nor a time nor say nothing."""
    rest, at = [], 0
    for mention in said.mentions:
        if mention.start > at:
            rest.append(text[at : mention.start])
        at = max(at, mention.end)
    rest.append(text[at:])
    known = _HARMLESS | _BETWEEN_MENTIONS if len(said.mentions) > 1 else _HARMLESS
    return any(word not in known for piece in rest for word in _LEFT.findall(piece))
