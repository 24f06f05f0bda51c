"""How a day or a time is bounded: before, after, by, until, from ... on, at the latest."""

from __future__ import annotations

from enum import StrEnum

from app.core.language.text import vocabulary
from app.core.language.time.tokens import MARK, Token, word_at


class Bound(StrEnum):
    """What a value limits. The excluded ends are those of BEFORE and, for days, of AFTER."""

    AT = "at"
    """The value itself."""
    BEFORE = "before"
    AFTER = "after"
    NOT_BEFORE = "not_before"
    """From the value on: "not before", "at the earliest", "or later", "from Monday on"."""
    BY = "by"
    """Up to and with the value: "by", "at the latest", "no later than"."""
    UNTIL = "until"
    BETWEEN = "between"


OPPOSITE = {
    Bound.BEFORE: Bound.NOT_BEFORE,
    Bound.UNTIL: Bound.NOT_BEFORE,
    Bound.BY: Bound.AFTER,
    Bound.AFTER: Bound.BY,
    Bound.NOT_BEFORE: Bound.BEFORE,
}
"""What remains of a bound that is refused: "I can't do before ten"."""

UPPER = frozenset((Bound.BEFORE, Bound.BY, Bound.UNTIL))
"""The value is the end of what is wanted; for AFTER and NOT_BEFORE it is the begin."""

MOVES = frozenset(
    vocabulary(
        "move moved moving change changed changing switch switching reschedule rescheduled swap "
        "rescheduling push pushed shift bump postpone postponed delay bring rebook transfer"
    )
)
"""After one of these "from 2 to 4" names an old and a new time, not a span."""


def _table(**listed: str) -> tuple[tuple[tuple[str, ...], Bound], ...]:
    pairs = [
        (tuple(phrase.split()), Bound(name))
        for name, phrases in listed.items()
        for phrase in vocabulary(phrases, ",")
    ]
    return tuple(sorted(pairs, key=lambda pair: len(pair[0]), reverse=True))


_BEFORE_VALUE = _table(
    before="before, prior to, earlier than, sooner than, ahead of",
    after="after, later than, anytime past, time past, any time past",
    not_before=(
        "not before, not until, not till, not til, not earlier than, not sooner than, "
        "no earlier than, no sooner than, nothing before, nothing until, never before, starting, "
        "starting from, starting on, starting at, beginning on, as of, on or after, at or after"
    ),
    by=(
        "by, not after, not past, not later than, no later than, nothing after, nothing past, "
        "never after, within, on or before, at or before"
    ),
    until="until, till, til, up to, up until, up till",
)
_AFTER_VALUE = _table(
    not_before=(
        "or later, or after, or afterwards, or any time after, or anytime after, and later, "
        "and after, onward, onwards, and onward, and onwards, at the earliest, at earliest, "
        "earliest, and up, forward"
    ),
    by=(
        "or earlier, or before, or sooner, and earlier, and before, at the latest, at latest, "
        "latest, tops"
    ),
)
_AWAY = frozenset(
    vocabulary(
        "away gone out busy working travelling traveling abroad vacation leave unavailable tied "
        "stuck work works school class not can't cannot cant don't dont won't wont never nothing "
        "couldn't closed meeting meetings asleep"
    )
)
"""Who is this until two o'clock has time from two o'clock on."""
_CLAUSES = frozenset(vocabulary("and but so then because"))
_REACH = 8
_FIRST = {"earliest": Bound.NOT_BEFORE, "soonest": Bound.NOT_BEFORE, "latest": Bound.BY}
_IS = frozenset(("is", "be", "would", "was"))


def read_prefix(tokens: list[Token], i: int, *, moving: bool) -> tuple[Bound, int] | None:
    """The bound whose words start at token i, and the place after them.

    moving: an act of moving was named before, so "until Friday" is where something is moved to.
    """
    for words, bound in _BEFORE_VALUE:
        if all(word_at(tokens, i + k) == word for k, word in enumerate(words)):
            if bound is Bound.UNTIL:
                if moving:
                    return None
                bound = Bound.NOT_BEFORE if _is_away(tokens, i) else bound
            return bound, i + len(words)
    return None


def read_suffix(tokens: list[Token], end: int) -> tuple[Bound, int] | None:
    """The bound whose words follow a value that ends at `end`: "or later", "at the latest"."""
    for words, bound in _AFTER_VALUE:
        if all(word_at(tokens, end + k) == word for k, word in enumerate(words)):
            return bound, end + len(words)
    return None


def said_before(tokens: list[Token], start: int) -> Bound | None:
    """ "The earliest I can do is (Friday)"."""
    if word_at(tokens, start - 1) not in _IS:
        return None
    for k in range(start - 2, max(-1, start - 2 - _REACH), -1):
        if tokens[k].kind == MARK:
            return None
        if tokens[k].text in _FIRST:
            return _FIRST[tokens[k].text]
    return None


def _is_away(tokens: list[Token], i: int) -> bool:
    for k in range(i - 1, max(-1, i - 1 - _REACH), -1):
        if tokens[k].kind == MARK or tokens[k].text in _CLAUSES:
            return False
        if tokens[k].text in _AWAY:
            return True
    return False
