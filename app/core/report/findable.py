"""By what a call can be found beside its names: the words said in it, its length and its cost."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BOUNDS: Mapping[str, tuple[float, ...]] = {
    "seconds": (10, 20, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600),
    "usd": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0),
}
"""Calls are kept in classes by these values. A range of values is found in the classes that it
touches, each call's own value then decides: a range between round numbers is exact."""
MAX_WORDS = 2000
"""Different words of one call that can be found."""
LAST_DIGITS = 4
"""People look for the end of a number: lists show no more of it."""

_WORD = re.compile(r"\w{1,40}")
_NUMBER = re.compile(r"[\d\s()+./-]{4,}")
_NUMBERS = ("from_number", "to_number")
_NAMES = ("call_id", "agent", "business", "last_intent")


def class_of(name: str, value: float) -> int:
    """The class of a value, from 0 on."""
    return bisect_right(BOUNDS[name], value)


def classes(name: str, low: float | None, high: float | None) -> range:
    """The classes that the values from `low` to `high` may be in."""
    first = 0 if low is None else class_of(name, low)
    last = len(BOUNDS[name]) if high is None else class_of(name, high)
    return range(first, last + 1)


def length_of(summary: Mapping[str, Any]) -> float | None:
    """How many seconds a call went on; None while that is not known."""
    began, ended = summary.get("started_at", summary.get("first_at")), summary.get("ended_at")
    if isinstance(began, int | float) and isinstance(ended, int | float):
        return max(0.0, float(ended) - float(began))
    return None


def cost_of(summary: Mapping[str, Any]) -> float | None:
    """What a call cost in dollars; None where nothing was counted."""
    cost = summary.get("cost")
    usd = cost.get("usd") if isinstance(cost, Mapping) else None
    return float(usd) if isinstance(usd, int | float) else None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: calls with all of `words`, or with a number that ends in `digits`."""

    words: frozenset[str]
    digits: str = ""

    @classmethod
    def of(cls, text: str) -> Search:
        """What a text asks for. A number is one, however it is written."""
        if _NUMBER.fullmatch(text.strip()) and len(digits := _digits(text)) >= LAST_DIGITS:
            return cls(frozenset(), digits)
        return cls(frozenset(_words(text)))

    @property
    def filed_as(self) -> list[frozenset[str]]:
        """The words under which such calls are filed: all words of one of these."""
        if self.digits:
            return [frozenset({self.digits}), frozenset({self.digits[-LAST_DIGITS:]})]
        return [self.words] if self.words else []

    def found_in(self, summary: Mapping[str, Any], transcript: Iterable[Any]) -> bool:
        """Whether a call is one that is looked for."""
        if self.digits and any(number.endswith(self.digits) for number in _numbers(summary)):
            return True
        wanted = frozenset({self.digits}) if self.digits else self.words
        return bool(wanted) and wanted <= words_of(summary, transcript)


def words_of(summary: Mapping[str, Any], transcript: Iterable[Any]) -> frozenset[str]:
    """The words by which a call is found: those said in it, its names, the last digits of its
    numbers."""
    found = {number[-LAST_DIGITS:]: None for number in _numbers(summary)}
    for name in _NAMES:
        found |= dict.fromkeys(_words(str(summary.get(name) or "")))
    for entry in transcript:
        if isinstance(entry, Mapping) and len(found) < MAX_WORDS:
            found |= dict.fromkeys(_words(str(entry.get("content") or "")))
    return frozenset(list(found)[:MAX_WORDS])


def _numbers(summary: Mapping[str, Any]) -> list[str]:
    found = (_digits(str(summary.get(name) or "")) for name in _NUMBERS)
    return [digits for digits in found if len(digits) >= LAST_DIGITS]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
