"""Words in a scenario that depend on the day, or on what the agent said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from app.core.language.time.holidays import HOLIDAYS

_NAME = re.compile(r"\{([A-Za-z_]\w*)(?:\+(\d+))?\}")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


_CLOSED = (
    "new year",
    "memorial day",
    "independence day",
    "labor day",
    "thanksgiving",
    "christmas eve",
    "christmas",
)
"""The public holidays that the shipped agent keeps."""


def working_day(today: dt.date, n: int) -> dt.date:
    """The `n`-th day from Monday to Friday after `today` that is no public holiday."""
    day = today
    while n > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < 5 and day not in {HOLIDAYS[name](day.year) for name in _CLOSED}:
            n -= 1
    return day


def fill(text: str, today: dt.date, heard: Mapping[str, str], *, pattern: bool = False) -> str:
    """`text` with its placeholders filled in; with `pattern`, values are escaped for a regex.

    Unknown names are left as they are.
    """

    def value(found: re.Match[str]) -> str:
        name, number = found[1], found[2]
        if number is None:
            out = heard.get(name)
        else:
            day = working_day(today, int(number))
            out = {
                "date": day.isoformat(),
                "weekday": f"{day:%A}",
                "day": f"{day:%A, %B} {day.day}{_ENDINGS.get(day.day, 'th')}",
            }.get(name)
        if out is None:
            return found[0]
        return re.escape(out) if pattern else out

    return _NAME.sub(value, text)
