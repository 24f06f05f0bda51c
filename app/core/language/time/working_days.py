"""Working days, as scenarios count them: Monday to Friday, public holidays left out."""

from __future__ import annotations

import datetime as dt

from app.core.language.time.holidays import HOLIDAYS

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
#: Days further away than so many working days have no number.
MOST = 260


def is_working_day(day: dt.date) -> bool:
    """Whether it is from Monday to Friday and no public holiday."""
    return day.weekday() < 5 and day not in {HOLIDAYS[name](day.year) for name in _CLOSED}


def working_day(today: dt.date, n: int) -> dt.date:
    """The `n`-th working day after `today`."""
    day = today
    while n > 0:
        day += dt.timedelta(days=1)
        n -= is_working_day(day)
    return day


def number_of(day: dt.date, today: dt.date) -> int | None:
    """Which working day after `today` a day is; None for any other day, and for one that is over
    or too far away."""
    if not today < day <= today + dt.timedelta(days=MOST * 7 // 5) or not is_working_day(day):
        return None
    span = (day - today).days
    return sum(is_working_day(today + dt.timedelta(days=n)) for n in range(1, span + 1))
