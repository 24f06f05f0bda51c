"""Values of the fields that a business asks for: read by type, or None. Nothing is guessed."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from app.core.agent.report import ReportField

MAX_TEXT = 1000
_YES, _NO = ("true", "yes"), ("false", "no")
_INTEGER = re.compile(r"[+-]?\d{1,15}")
Value = str | int | float | bool


def read_value(field: ReportField, given: Any) -> Value | None:
    """`given` as a value of the field's type; None where it is none."""
    if given is None or isinstance(given, list | dict):
        return None
    return _READERS[field.type](field, given)


def _string(field: ReportField, given: Any) -> str | None:
    text = str(given).strip()
    return text[:MAX_TEXT] or None


def _enum(field: ReportField, given: Any) -> str | None:
    text = str(given).strip().casefold()
    return next((value for value in field.values if value.casefold() == text), None)


def _boolean(field: ReportField, given: Any) -> bool | None:
    if isinstance(given, bool):
        return given
    text = str(given).strip().casefold()
    return True if text in _YES else False if text in _NO else None


def _integer(field: ReportField, given: Any) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, float):
        return int(given) if given.is_integer() else None
    text = str(given).strip()
    return int(text) if _INTEGER.fullmatch(text) else None


def _number(field: ReportField, given: Any) -> float | None:
    if isinstance(given, bool):
        return None
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _date(field: ReportField, given: Any) -> str | None:
    """The day as YYYY-MM-DD; of a moment its day where it happens."""
    try:
        return dt.datetime.fromisoformat(str(given).strip()).date().isoformat()
    except ValueError:
        return None


_READERS = {
    "string": _string,
    "enum": _enum,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "date": _date,
}
