"""Short, stable names for offered slots.

The same start and service in the same call always get the same id, whatever was asked in between:
five signs for the minute, one for the service, two that depend on the call. Where something was
asked for beside the time, four more tell the offer from others at that time. An id that a model
made up, mangled or brought from another call does not check out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u."""
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)} | {"o": 0, "i": 1, "l": 1}
_EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_SHAPE = re.compile(r"([0-9a-z]{5})-?([0-9a-z])([0-9a-z]{2})([0-9a-z]{4})?")
_LENGTHS = (8, 12)


@dataclass(frozen=True, slots=True)
class SlotId:
    """What an id says. `genuine` is False when the check signs do not fit this call."""

    start: dt.datetime
    service_index: int
    genuine: bool


def make(call_id: str, start: dt.datetime, service_index: int, asked: str = "") -> str:
    """Name a slot. `start` has whole minutes, `service_index` is below 32; `asked` is the mark of
    what was asked for beside the time."""
    minutes = int((start - _EPOCH).total_seconds()) // 60
    told = _of(asked) if asked else ""
    check = _check(call_id, minutes, service_index, told)
    return f"{_digits(minutes, 5)}-{_digits(service_index, 1)}{check}{told}"


def normal(text: str) -> str:
    """Undo what a model or a voice may do to an id: letter case, blanks, quotes, look-alikes."""
    plain = re.sub(r"[^0-9a-z]", "", text.lower())
    plain = plain.translate(str.maketrans("oil", "011"))
    return f"{plain[:5]}-{plain[5:]}" if len(plain) in _LENGTHS else plain


def read(call_id: str, text: str) -> SlotId | None:
    """Read an id, genuine or not; None where it has not even the shape of one."""
    found = _SHAPE.fullmatch(normal(text))
    told = (found[4] or "") if found else ""
    if not found or any(sign not in _VALUES for sign in found[1] + found[2] + told):
        return None
    minutes, service_index = _number(found[1]), _number(found[2])
    return SlotId(
        start=_EPOCH + dt.timedelta(minutes=minutes),
        service_index=service_index,
        genuine=found[3] == _check(call_id, minutes, service_index, told),
    )


def _of(asked: str) -> str:
    digest = hashlib.sha256(asked.encode()).digest()
    return _digits(int.from_bytes(digest[:4], "big") % 32**4, 4)


def _check(call_id: str, minutes: int, service_index: int, told: str) -> str:
    text = f"{call_id}|{minutes}|{service_index}"
    digest = hashlib.sha256((f"{text}|{told}" if told else text).encode()).digest()
    return _digits(int.from_bytes(digest[:2], "big") % 1024, 2)


def _digits(number: int, width: int) -> str:
    signs = ""
    for _ in range(width):
        number, value = divmod(number, 32)
        signs = _SIGNS[value] + signs
    return signs


def _number(signs: str) -> int:
    value = 0
    for sign in signs:
        value = value * 32 + _VALUES[sign]
    return value
