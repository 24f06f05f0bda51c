"""When a caller wants to be called back, read by the readers that bookings have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.booking.rules import BookingRules
from app.core.booking.wanted import NotUnderstood, Wanted, read_wanted
from app.core.language.speech import say_date, say_list, say_time


@dataclass(frozen=True, slots=True)
class CallBack:
    """A wish for a call back.

    words: as one says it, for people. date: the first day, ISO 8601; since, until: wall times
    HH:MM, both inside and equal for one time. Where the wish was not understood only `words` is
    there: the caller's own.
    """

    words: str
    date: str = ""
    since: str = ""
    until: str = ""

    def to_json(self) -> dict[str, str]:
        """As messages carry it."""
        return {"words": self.words, "date": self.date, "from": self.since, "until": self.until}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CallBack:
        """What `to_json` gave."""
        return cls(
            str(value.get("words") or ""),
            str(value.get("date") or ""),
            str(value.get("from") or ""),
            str(value.get("until") or ""),
        )


def read_call_back(
    day: str, time: str, now: dt.datetime, rules: BookingRules
) -> CallBack | NotUnderstood | None:
    """Read the wish; None where there is none. `now` is on the business's clock."""
    if not day.strip() and not time.strip():
        return None
    wanted = read_wanted({"date": day, "time": time}, now, rules.hours)
    if isinstance(wanted, NotUnderstood):
        return wanted
    if _is_past(wanted, now):
        return NotUnderstood("date", "past")
    words = say_wanted(wanted, now.date())
    if not words:
        return CallBack(as_said(day, time))
    return CallBack(
        words,
        wanted.first.isoformat() if wanted.first else "",
        f"{wanted.not_before:%H:%M}" if wanted.not_before else "",
        f"{wanted.not_after:%H:%M}" if wanted.not_after else "",
    )


def as_said(day: str, time: str) -> str:
    """The caller's own words for it."""
    return " ".join(f"{day} {time}".split())


def say_wanted(wanted: Wanted, today: dt.date) -> str:
    """Days and times in words: "tomorrow, Tuesday, December first, after three PM"."""
    return ", ".join(part for part in (_days(wanted, today), _times(wanted)) if part)


def _days(wanted: Wanted, today: dt.date) -> str:
    if wanted.days:
        return say_list([say_date(day, today) for day in wanted.days])
    first, last = wanted.first, wanted.last
    if first is not None and first == last:
        return say_date(first, today)
    if first is not None and last is not None:
        return f"between {say_date(first, today)} and {say_date(last, today)}"
    if first is not None:
        return f"from {say_date(first, today)} on"
    return f"by {say_date(last, today)}" if last is not None else ""


def _times(wanted: Wanted) -> str:
    since, until = wanted.not_before, wanted.not_after
    if since is not None and since == until:
        return f"at {say_time(since)}"
    if since is not None and until is not None and until < dt.time(23, 59):
        return f"between {say_time(since)} and {say_time(until)}"
    if since is not None:
        return f"after {say_time(since)}"
    if until is not None:
        return f"{'before' if wanted.before else 'by'} {say_time(until)}"
    return f"in the {wanted.part}" if wanted.part else ""


def _is_past(wanted: Wanted, now: dt.datetime) -> bool:
    last = wanted.last
    if last is None or last > now.date():
        return False
    if last < now.date():
        return True
    return wanted.not_after is not None and wanted.not_after < now.time()
