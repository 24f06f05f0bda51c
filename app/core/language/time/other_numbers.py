"""Numbers that are no days and no times: people, prices, ages, doses, addresses, years.

A table of small rules, tried in order at every token; each has an example that the tests read. A
rule gives the place after what it covers, or 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.language.text import vocabulary
from app.core.language.time.tokens import (
    CLOCK,
    DASH,
    NUMBER,
    ORDINAL,
    SLASH,
    WORD,
    Token,
    kind_at,
    word_at,
)

UNITS = frozenset(
    vocabulary(
        "people persons person guests guest adults adult kids kid children child of rooms room "
        "nights days day weeks week months month years year hours hour minutes minute mins seconds "
        "times tables tickets seats dollars bucks percent euros pounds more others stars star "
        "bedroom bedrooms bed beds pax party teeth tooth fillings friends men women ladies us "
        "patients dogs cats cars miles stay mg milligrams milligram ml grams gram kilos kilo kg "
        "lbs tablets tablet pills pill capsules doses dose drops puffs inches feet foot meters "
        "metres degrees cents pence quid grand dollar euro pound buck crowns implants cavities "
        "cleanings haircuts appointments visits sessions blocks things questions copies pieces "
        "bottles glasses boxes slots options bookings kilometers kilometres km fold siblings "
        "brothers sisters sons daughters grandchildren cousins colleagues employees units points"
    )
)
"""A number before one of these is a count, not a time."""
_DURATIONS = frozenset(
    vocabulary("days day weeks week months month years year hours hour minutes minute mins seconds")
)
_GROUPS = frozenset(vocabulary("table tables party group reservation booking dinner lunch brunch"))
_LABELS = frozenset(
    vocabulary(
        "apartment apt suite unit flat room floor building gate platform line lane exit route "
        "highway interstate bus track box page step option chapter level grade extension ext code "
        "pin zip case order invoice ticket reference ref confirmation account policy member id "
        "tooth version size channel number # phone mobile cell fax postcode licence license "
        "plate flight seat row door desk chair station bay aisle stage phase model serial passport"
    )
)
_LINKS = frozenset(vocabulary("number no is code was id #"))
_STREETS = frozenset(
    vocabulary(
        "street st avenue ave road rd lane drive boulevard blvd court square parkway terrace "
        "crescent close way plaza highway mews"
    )
)
_NOT_IN_STREETS = frozenset(
    vocabulary(
        "at on in the and or to for am pm oclock o'clock please thanks if is it i we you so but by "
        "tomorrow today tonight monday tuesday wednesday thursday friday saturday sunday morning "
        "afternoon evening works from of with until after before"
    )
)
_PEOPLE = frozenset(
    vocabulary(
        "i he she they son daughter kid child boy girl wife husband mother father mom mum dad baby "
        "grandmother grandfather grandma grandpa brother sister"
    )
)
_AM = frozenset(vocabulary("am is are turned turns turning was i'm he's she's they're becoming"))
_CLOCK_AFTER = frozenset(vocabulary("am pm oclock o'clock noon past to till minutes sharp ish"))
_BEFORE_CLOCK = frozenset(vocabulary("at around about"))
_SINGULAR_S = frozenset(vocabulary("is as works this plus yes thanks does was his its us sounds"))
_MONEY = frozenset("$\u00a3\u20ac")
_PARTY_REACH = 8
_MOST_GUESTS = 30

Rule = Callable[[list[Token], int], int]


@dataclass(frozen=True, slots=True)
class Row:
    """A rule, and a sentence in which it finds something that is no day and no time."""

    name: str
    example: str
    find: Rule


def skip(tokens: list[Token], i: int) -> int:
    """The place after the other number that starts at token i, or 0."""
    for row in RULES:
        end = row.find(tokens, i)
        if end:
            return end
    return 0


def _is_clock(tokens: list[Token], i: int) -> bool:
    """Whether the number at i is a time by what follows it ("7 pm", "7 30")."""
    if kind_at(tokens, i) == CLOCK:
        return True
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following is None:
        return False
    return following.text in _CLOCK_AFTER or (following.kind == NUMBER and len(following.text) == 2)


def _money(tokens: list[Token], i: int) -> int:
    if tokens[i].text in _MONEY and kind_at(tokens, i + 1) in (NUMBER, CLOCK):
        return i + 2
    return 0


def _ratio(tokens: list[Token], i: int) -> int:
    token = tokens[i]
    if token.kind == SLASH and token.c < 0:
        never = min(token.a, token.b) > 12 or max(token.a, token.b) > 31
        return i + 1 if never or (token.a, token.b) == (24, 7) else 0
    if token.kind == NUMBER and (token.a, word_at(tokens, i + 1)) == (24, "seven"):
        return i + 2
    if token.kind == NUMBER and (word_at(tokens, i + 1), word_at(tokens, i + 2)) == ("out", "of"):
        return i + 4 if kind_at(tokens, i + 3) == NUMBER else 0
    numbers = kind_at(tokens, i + 1) == NUMBER
    if token.kind == NUMBER and token.a == 24 and numbers and tokens[i + 1].a == 7:
        return i + 2
    return 0


def _range_of_things(tokens: list[Token], i: int) -> int:
    if tokens[i].kind != DASH or tokens[i].c >= 0:
        return 0
    word = word_at(tokens, i + 1)
    plural = word.endswith("s") and len(word) > 3 and word not in _SINGULAR_S
    return i + 1 if word in UNITS or plural else 0


def _count(tokens: list[Token], i: int) -> int:
    """A number and what it counts; durations are left to the readers of days and moments."""
    if tokens[i].kind not in (NUMBER, CLOCK):
        return 0
    word = word_at(tokens, i + 1)
    if tokens[i].kind == NUMBER and (word in _DURATIONS or word == "day"):
        return 0
    if word == "of":
        return i + 3 if word_at(tokens, i + 2) in ("us", "them", "you", "those", "these") else 0
    if word in UNITS:
        return i + 2
    adjective = word.isalpha() and word not in _CLOCK_AFTER and word not in _NOT_IN_STREETS
    return i + 3 if adjective and word_at(tokens, i + 2) in UNITS - _DURATIONS else 0


def _guests(tokens: list[Token], i: int) -> int:
    """ "A table for two", "party of six"."""
    if word_at(tokens, i) not in _GROUPS or word_at(tokens, i + 1) not in ("for", "of"):
        return 0
    at = i + 3 if word_at(tokens, i + 2) in ("about", "around", "maybe", "just", "up") else i + 2
    if not _is_headcount(tokens, at):
        return 0
    sure = word_at(tokens, i) in ("table", "tables", "party", "group")
    if sure or _hour_follows(tokens, at + 1):
        return _past_other_guests(tokens, at + 1)
    return 0


def _is_headcount(tokens: list[Token], at: int) -> bool:
    if kind_at(tokens, at) != NUMBER or _is_clock(tokens, at):
        return False
    return 0 < tokens[at].a <= _MOST_GUESTS


def _past_other_guests(tokens: list[Token], at: int) -> int:
    """ "... or five" belongs to the guests too."""
    if word_at(tokens, at) in ("or", "to") and kind_at(tokens, at + 1) == NUMBER:
        return at if _is_clock(tokens, at + 1) else at + 2
    return at


def _for_guests(tokens: list[Token], i: int) -> int:
    """ "For two on Saturday at seven": where a time follows, the number counts people."""
    if word_at(tokens, i) != "for" or not _is_headcount(tokens, i + 1):
        return 0
    return i + 2 if _hour_follows(tokens, i + 2) else 0


def _hour_follows(tokens: list[Token], i: int) -> bool:
    """Whether "at seven" or its like comes within a few words, in the same clause."""
    for k in range(i, min(len(tokens), i + _PARTY_REACH)):
        if tokens[k].text in (".", "?", "!", "to", "from", "not"):
            return False
        if tokens[k].kind == CLOCK:
            return True
        if tokens[k].kind == NUMBER and (
            _is_clock(tokens, k) or tokens[k - 1].text in _BEFORE_CLOCK
        ):
            return True
        if tokens[k].text in ("noon", "midnight", "half", "quarter", "midday"):
            return tokens[k - 1].text in (*_BEFORE_CLOCK, "past", "a")
    return False


def _label(tokens: list[Token], i: int) -> int:
    """ "Order number 12 30", "extension 5", "suite 3": all numbers that follow."""
    if tokens[i].text not in _LABELS:
        return 0
    at = i + 1
    for _ in range(3):
        if word_at(tokens, at) in _LINKS or (at < len(tokens) and tokens[at].text == "#"):
            at += 1
    end = at
    while kind_at(tokens, end) in (NUMBER, DASH, CLOCK) and not _is_clock_end(tokens, end):
        end += 1
    return end if end > at else 0


def _is_clock_end(tokens: list[Token], i: int) -> bool:
    return tokens[i].kind == NUMBER and word_at(tokens, i + 1) in ("am", "pm", "oclock")


def _street(tokens: list[Token], i: int) -> int:
    """ "12 Oak Street", "200 South 3rd Street"."""
    if tokens[i].kind != NUMBER:
        return 0
    for k in range(i + 1, min(len(tokens), i + 5)):
        if tokens[k].kind not in (WORD, ORDINAL) or tokens[k].text in _NOT_IN_STREETS:
            return 0
        if tokens[k].text in _STREETS:
            return k + 1 if k > i + 1 else 0
    return 0


def _age(tokens: list[Token], i: int) -> int:
    """ "I'm 45", "my son is six", "aged seven"."""
    if kind_at(tokens, i + 1) != NUMBER or _is_clock(tokens, i + 1):
        return 0
    word = word_at(tokens, i)
    said = word in ("aged", "age") or (
        word in _AM and (word[-2:] in ("'m", "'s", "re") or word_at(tokens, i - 1) in _PEOPLE)
    )
    if not said or tokens[i + 1].a > 120:
        return 0
    return i + 2 if word_at(tokens, i + 2) not in ("minutes", "mins") else 0


def _dose(tokens: list[Token], i: int) -> int:
    """ "I take two in the morning"."""
    takes = word_at(tokens, i) in ("take", "takes", "taking", "took") and word_at(
        tokens, i - 1
    ) in (*("i", "he", "she", "they", "been", "am", "is", "i'm"),)
    if not takes or kind_at(tokens, i + 1) != NUMBER or _is_clock(tokens, i + 1):
        return 0
    return i + 2


def _digits(tokens: list[Token], i: int) -> int:
    """ "Four one five five five five": a number said digit by digit; "415 555 0132"."""
    if tokens[i].kind != NUMBER:
        return 0
    end, digits = i, 0
    while kind_at(tokens, end) == NUMBER and end - i < 20:
        digits += len(tokens[end].text)
        end += 1
    size = end - i
    if word_at(tokens, end) in ("am", "pm", "oclock"):
        return 0
    return end if size >= 4 or (size == 3 and digits >= 7) or digits >= 7 else 0


def _year(tokens: list[Token], i: int) -> int:
    """ "In nineteen eighty five": a year without a day."""
    token, following = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else None
    if token.kind != NUMBER or word_at(tokens, i - 1) in _BEFORE_CLOCK:
        return 0
    if not token.spelled:
        return i + 1 if word_at(tokens, i - 1) in ("in", "since") and 1900 <= token.a <= 2100 else 0
    if token.a not in (19, 20) or following is None or following.kind != NUMBER:
        return 0
    if word_at(tokens, i + 2) in ("hours", "hour") or not following.spelled:
        return 0
    least = 10 if token.a == 19 else 20
    return i + 2 if least <= following.a <= 99 and (token.a == 19 or following.a < 60) else 0


RULES: tuple[Row, ...] = (
    Row("money", "that was $45 last time", _money),
    Row("ratio", "you are open 24/7", _ratio),
    Row("range of things", "I need 2-3 fillings", _range_of_things),
    Row("label", "my order number is 12 30", _label),
    Row("guests", "a table for two", _guests),
    Row("for guests", "for four this Saturday at seven", _for_guests),
    Row("street", "I live at 12 Oak Street", _street),
    Row("age", "my son is six", _age),
    Row("dose", "I take two in the morning", _dose),
    Row("digits", "four one five five five five", _digits),
    Row("year", "we moved here in nineteen eighty five", _year),
    Row("count", "the two small fillings", _count),
)
"""Tried in this order."""
