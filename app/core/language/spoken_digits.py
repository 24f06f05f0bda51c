"""Digits as people say them: "four one five", "double oh", "two twenty-one", "eight hundred"."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.core.language.text import vocabulary

_UNITS = {
    word: str(value)
    for value, word in enumerate(
        vocabulary(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        )
    )
} | dict.fromkeys(vocabulary("oh o nought naught nil"), "0")
_TENS = {
    word: str(value)
    for value, word in zip(
        range(20, 100, 10),
        vocabulary("twenty thirty forty fifty sixty seventy eighty ninety"),
        strict=True,
    )
} | {"fourty": "40"}
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_SIZES = {"hundred": "00", "thousand": "000"}
_BETWEEN = frozenset(
    vocabulary(
        "- . , / ( ) and then um uh er erm hm area code the dash hyphen dot space minus that's its"
        " it's is so with prefix"
    )
)
"""What may stand between two digits of one number."""
_TOKEN = re.compile(r"\+|\d+|[^\W\d_]+(?:'[a-z]+)?|[-.,/()]")


class _Token(NamedTuple):
    digits: str
    size: int


def digit_runs(text: str) -> list[str]:
    """Every run of digits in a text, as digits with an optional leading "+"; words that cannot
    stand inside a number end a run."""
    tokens = _TOKEN.findall(text.lower())
    runs: list[str] = []
    run, sign = "", ""
    i = 0
    while i < len(tokens):
        token = tokens[i]
        read = _read(tokens, i)
        if read is not None:
            run, i = run + read.digits, i + read.size
            continue
        if token in ("+", "plus"):
            runs, run, sign = _kept(runs, sign + run), "", "+"
        elif not (run or sign) or token not in _BETWEEN:
            runs, run, sign = _kept(runs, sign + run), "", ""
        i += 1
    return _kept(runs, sign + run)


def _kept(runs: list[str], run: str) -> list[str]:
    return [*runs, run] if run.strip("+") else runs


def _read(tokens: list[str], i: int) -> _Token | None:
    """The digits that begin at a token, and how many tokens they take."""
    token = tokens[i]
    if token in _TIMES and i + 1 < len(tokens):
        following = _read(tokens, i + 1)
        if following is None:
            return None
        first, rest = following.digits[0], following.digits[1:]
        return _Token(first * _TIMES[token] + rest, following.size + 1)
    if token.isdecimal():
        return _Token(token, 1)
    if token in _TENS:
        at = i + 2 if tokens[i + 1 : i + 2] == ["-"] else i + 1
        unit = _UNITS.get(tokens[at], "") if at < len(tokens) else ""
        if len(unit) == 1 and unit != "0":
            return _Token(_TENS[token][0] + unit, at - i + 1)
        return _Token(_TENS[token], 1)
    if token not in _UNITS:
        return None
    size = _SIZES.get(tokens[i + 1], "") if i + 1 < len(tokens) else ""
    return _Token(_UNITS[token] + size, 2 if size else 1)
