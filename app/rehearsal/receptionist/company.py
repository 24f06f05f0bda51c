"""With whom a booking is to be, and how many people come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.core.language import corrections, speech
from app.rehearsal.realtime_server.reply import Prompt

ANYONE = "anyone"
_MOST = 99
_NUMBERS = {speech.say_number(number): number for number in range(1, _MOST + 1)}
_NUMBER = rf"(\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_NO_TIME = r"(?!:| ?(?:am|pm|a\.m|p\.m|o'clock|thirty|fifteen|forty)\b)"
_THERE_ARE = r"(?:(?:we|there)(?:'re| are|'ll be| will be)|make it for)"
_PARTY = re.compile(
    rf"\b(?:(?:party|group|table|room) (?:of|for) {_NUMBER}\b{_NO_TIME}"
    rf"|{_NUMBER} (?:people|persons|guests|adults|of us|in (?:our|the) party)\b"
    rf"|{_THERE_ARE} {_NUMBER}\b{_NO_TIME})",
    re.IGNORECASE,
)
_ANY_NUMBER = re.compile(rf"\b{_NUMBER}\b", re.IGNORECASE)
_ALONE = re.compile(r"\b(?:just|only) (?:me|myself)\b|\bby myself\b|\balone\b", re.IGNORECASE)
_COUPLE = re.compile(r"\b(?:the two|both) of us\b|\ba couple\b", re.IGNORECASE)
_ANYONE = re.compile(
    r"\b(?:any(?:one|body)|whoever|no preference|(?:don'?t|do not) (?:mind|care) who(?:m)?)\b",
    re.IGNORECASE,
)
_LEAD_IN = r"(?:with|see|by|prefer|rather|take|to)"


def read_size(text: str, *, asked: bool) -> int | None:
    """How many people come; any single number counts where that was asked."""
    kept = corrections.correct(text).kept
    if _ALONE.search(kept):
        return 1
    if _COUPLE.search(kept):
        return 2
    found = list(_PARTY.finditer(kept))
    if found:
        return _value(next(group for group in found[-1].groups() if group))
    numbers = _ANY_NUMBER.findall(kept) if asked else []
    return _value(numbers[0]) if len(numbers) == 1 else None


def read_resource(text: str, names: Sequence[str]) -> str | None:
    """Which of the names the booking is to be with; `ANYONE` where they do not mind."""
    kept = corrections.correct(text).kept
    said = [(match.start(), name) for name in names for match in _mention(name).finditer(kept)]
    if said:
        return max(said)[1]
    return ANYONE if names and _ANYONE.search(kept) else None


def arguments_of(prompt: Prompt) -> tuple[frozenset[str], frozenset[str]]:
    """The arguments that the tool for free times takes, and those of them it needs."""
    tool: Mapping[str, Any] = next(
        (each for each in prompt.tools if each.get("name") == "check_availability"), {}
    )
    schema = tool.get("parameters") or {}
    return frozenset(schema.get("properties") or ()), frozenset(schema.get("required") or ())


@lru_cache(maxsize=128)
def _mention(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{_LEAD_IN}\s+{re.escape(name)}\b", re.IGNORECASE)


def _value(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text.lower()]
