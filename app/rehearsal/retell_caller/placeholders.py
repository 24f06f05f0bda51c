"""Words in a scenario that depend on the day, or on what the agent said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from app.core.language.time.working_days import working_day

_NAME = re.compile(r"\{([A-Za-z_]\w*)(?:\+(\d+))?\}")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


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
