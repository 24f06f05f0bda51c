"""Words that are spelled: "R-E-Y-E-S", "S as in Sam, M, I, T, H", "G E O double F"."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.language.text import vocabulary

_NATO = frozenset(
    vocabulary(
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima "
        "mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky x-ray "
        "xray yankee zulu"
    )
)
_TIMES = {"double": 2, "triple": 3}
_SIGNS = {"apostrophe": "'", "hyphen": "-", "dash": "-"}
_AS_IN = (
    ("as", "in"),
    (",", "as", "in"),
    (",", "like"),
    ("like", "in"),
    ("like",),
    ("for",),
    ("is", "for"),
)
_CHAIN = re.compile(r"[^\W\d_](?:[-.][^\W\d_])+(?:'s)?")
_BREAKS = frozenset(("then", "and", "next", "space", "new", "word"))
_REMARKS = frozenset(("with", "without", "no", "a", "an", "two", "one", "the", "not"))
"""Words before letters that only say how a name is written: "with a p-h"."""
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Spelled:
    """Words made of letters, and the tokens [start, end) that spell them."""

    words: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Letters:
    """Letters that stand together, the tokens they take, and whether they were one token."""

    letters: str
    start: int
    end: int
    chained: bool = False


def find_spelled(tokens: Sequence[str]) -> list[Spelled]:
    """The words that are spelled among `tokens` (words and marks in lower case)."""
    found: list[Spelled] = []
    i = 0
    while i < len(tokens):
        group, end = _group_at(tokens, i)
        if len(group) > 1 or (group and group[0].chained):
            remark = i > 0 and tokens[i - 1] in _REMARKS
            words = () if remark else _words_of(group, tokens)
            if words:
                found.append(Spelled(words, group[0].start, group[-1].end))
            i = end
        else:
            i = max(end, i + 1)
    return found


def _group_at(tokens: Sequence[str], i: int) -> tuple[list[_Letters], int]:
    """Letters from token i on, with what may stand between them; and the place after them."""
    group: list[_Letters] = []
    at = end = i
    while at < len(tokens):
        item = _letters_at(tokens, at)
        if item is not None:
            group.append(item)
            at = end = item.end
        elif group and tokens[at] in (",", ".", "-", "capital", *_BREAKS):
            at += 1
        else:
            break
    return group, end


def _letters_at(tokens: Sequence[str], i: int) -> _Letters | None:
    token = tokens[i]
    if token in ("capital", "letter") and i + 1 < len(tokens):
        inner = _letters_at(tokens, i + 1)
        return _Letters(inner.letters, i, inner.end) if inner else None
    if token in _TIMES and i + 1 < len(tokens) and len(tokens[i + 1].removesuffix("'s")) == 1:
        return _Letters(tokens[i + 1][0] * _TIMES[token], i, i + 2)
    if token in _SIGNS:
        inside = 0 < i < len(tokens) - 1 and len(tokens[i - 1]) < 2
        return _Letters(_SIGNS[token], i, i + 1) if inside else None
    if _CHAIN.fullmatch(token):
        letters = re.sub(r"[-.]|'s$", "", token)
        return _Letters(letters, i, i + 1, chained=True)
    if token in _NATO and _beside_nato(tokens, i):
        return _Letters(token[0], i, i + 1)
    if len(token) != 1 or not token.isalpha():
        return None
    for cue in _AS_IN:
        after = i + 1 + len(cue)
        cued = tuple(tokens[i + 1 : after]) == cue and after < len(tokens)
        if cued and tokens[after][:1] == token:
            return _Letters(token, i, after + 1)
    return _Letters(token, i, i + 1)


def _beside_nato(tokens: Sequence[str], i: int) -> bool:
    """At least three words of the spelling alphabet in a row; "Mike" alone is a name."""
    words = [k for k, token in enumerate(tokens) if token not in (",", ".", "-")]
    place = words.index(i)
    row = 1
    for step in (-1, 1):
        at = place + step
        while 0 <= at < len(words) and tokens[words[at]] in _NATO:
            row, at = row + 1, at + step
    return row >= _SHORTEST


def _words_of(group: list[_Letters], tokens: Sequence[str]) -> tuple[str, ...]:
    """Cut the letters of a group into words, at what separates them more than the rest."""
    gaps = [_gap(tokens, one.end, two.start) for one, two in itertools.pairwise(group)]
    usual = Counter(gaps).most_common(1)[0][0] if gaps else 0
    words: list[list[_Letters]] = [[group[0]]]
    for gap, item in zip(gaps, group[1:], strict=True):
        chained = item.chained or words[-1][-1].chained
        if chained or gap > usual or gap >= _THEN:
            words.append([item])
        else:
            words[-1].append(item)
    spelled = ["".join(item.letters for item in word) for word in words]
    if max(map(len, spelled)) < _SHORTEST:
        return ()
    return tuple(word for word in spelled if len(word) > 1)


_THEN = 3


def _gap(tokens: Sequence[str], start: int, end: int) -> int:
    """How much stands between two letters: nothing 0, a comma 1, a full stop 2, "then" 3."""
    between = tokens[start:end]
    if any(token in _BREAKS for token in between):
        return _THEN
    return 2 if "." in between else 1 if between and between != ["-"] else 0
