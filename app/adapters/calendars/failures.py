"""What kind of failure a calendar's answer, or the lack of one, is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import CalendarBusy, CalendarDown, CalendarFailed, CalendarRefused, CalendarUnknown

#: Statuses that another attempt may change, beside all of 500 and above.
_AGAIN = frozenset({408, 423, 425})
MAX_RETRY_AFTER_S = 120.0


def failure_of(status: int, who: str, *, retry_after: str | None = None) -> CalendarFailed:
    """The error of an answer with this HTTP status. `retry_after` is the header of that name."""
    message = f"{who} answered {status}"
    if status == 429:
        return CalendarBusy(message, retry_after=_seconds(retry_after))
    if status >= 500 or status in _AGAIN:
        return CalendarDown(message)
    return CalendarRefused(message)


@contextmanager
def changing() -> Iterator[None]:
    """Around one request that changes the calendar: without an answer it may have been made.

    Turns `CalendarDown` into `CalendarUnknown`.
    """
    try:
        yield
    except (CalendarBusy, CalendarUnknown):
        raise
    except CalendarDown as down:
        raise CalendarUnknown(down.message) from down


def _seconds(text: str | None) -> float:
    """The header's seconds within limits; a date in it is not read."""
    try:
        return min(max(0.0, float(text or 0)), MAX_RETRY_AFTER_S)
    except ValueError:
        return 0.0
