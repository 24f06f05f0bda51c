"""What a booking needs, picked out of one utterance: date, time, window, name, service."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.language import corrections
from app.core.language.names import mask_name, read_name
from app.core.language.settings import TimePreferences
from app.core.language.text import plain
from app.core.language.time import expressions
from app.core.language.time.clock_grammar import SPANS
from app.core.language.time.expressions import Spoken, Window

NOTHING_SPOKEN = Spoken()


@dataclass(frozen=True, slots=True)
class Slots:
    """Empty fields are None. `spoken` is the full reading of date and time."""

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    part_of_day: str | None = None
    """morning, afternoon or evening (night is evening)."""
    name: str | None = None
    """The caller's name as `app.core.language.names` reads it."""
    service: str | None = None
    """One of the names in the list of services that was passed in."""
    spoken: Spoken = NOTHING_SPOKEN

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.spoken) or self.name is not None or self.service is not None

    def as_json(self, now: dt.datetime | None = None) -> dict[str, Any]:
        """The public form: only what was said; dates ``YYYY-MM-DD``, times ``HH:MM``.

        Keys: date, time, window {start?, end?, name?}, dates [first, last], earliest, latest (days
        that a bound leaves), from {date?, time?} (the old time of what is moved), unusable (why a
        day was named and cannot be used), part_of_day, name, service, ambiguous [str],
        assumed [str], alternatives [{date?, time?}]. With `now`, a time without any day also gets
        the day of its next occurrence as date, marked by ``"date_implied": true``.
        """
        out = _pair(self.date, self.time) | self._implied(now)
        if self.window is not None:
            out["window"] = _span(self.window)
        if self.spoken.dates is not None:
            out["dates"] = [day.isoformat() for day in self.spoken.dates]
        for key, day in (("earliest", self.spoken.earliest), ("latest", self.spoken.latest)):
            if day is not None:
                out[key] = day.isoformat()
        told = {
            "from": _pair(self.spoken.from_date, self.spoken.from_time),
            "unusable": self.spoken.unusable,
            "part_of_day": self.part_of_day,
            "name": self.name,
            "service": self.service,
            "ambiguous": list(self.spoken.ambiguous),
            "assumed": list(self.spoken.assumed),
            "alternatives": [_pair(*other) for other in self.spoken.alternatives],
        }
        return out | {key: value for key, value in told.items() if value}

    def _implied(self, now: dt.datetime | None) -> dict[str, Any]:
        """The day of a time that was said without any day."""
        if now is None or self.date is not None:
            return {}
        moment = self.spoken.moment(now)
        return {"date": moment.date().isoformat(), "date_implied": True} if moment else {}


def _span(window: Window) -> dict[str, str]:
    """A span of the clock in public form."""
    ends = {"start": window.start, "end": window.end}
    out = {key: f"{end:%H:%M}" for key, end in ends.items() if end is not None}
    return out | ({"name": window.name} if window.name is not None else {})


def _pair(date: dt.date | None, time: dt.time | None) -> dict[str, Any]:
    """A day and a time in public form, as far as they are known."""
    return ({"date": date.isoformat()} if date else {}) | (
        {"time": f"{time:%H:%M}"} if time else {}
    )


def extract(
    text: str,
    now: dt.datetime,
    *,
    services: Iterable[str] = (),
    prefer: TimePreferences = expressions.DEFAULTS,
    question: str | None = None,
    agent: str = "",
) -> Slots:
    """Pick the slots out of `text`. now: aware, in the agent's zone. Never raises on any text.

    services: the names the agent offers ("cleaning", "root canal"); the last one said wins.
    question: what the agent said before, and agent: its name; both for the caller's name.
    """
    name = read_name(text, question, agent=agent)
    text = mask_name(text, name)  # "April Jones" is no month
    spoken = expressions.resolve(text, now, prefer=prefer)
    return Slots(
        date=spoken.date,
        time=spoken.time,
        window=spoken.window,
        part_of_day=part_of_day(spoken),
        name=name.text if name else None,
        service=find_service(text, services),
        spoken=spoken,
    )


def part_of_day(spoken: Spoken) -> str | None:
    """The part of the day that was named, or that a window lies in."""
    if spoken.window is None:
        return None
    name = spoken.window.name
    if name is not None:
        for part in ("morning", "afternoon", "evening"):
            if name.endswith(part):
                return part
        return {"lunchtime": "afternoon", "end of day": "afternoon"}.get(name, "evening")
    start, end = spoken.window.start, spoken.window.end
    for part in ("morning", "afternoon", "evening"):
        first, last = SPANS[part]
        if start is not None and end is not None and first <= start and end <= last:
            return part
    return None


def find_service(text: str, services: Iterable[str]) -> str | None:
    """The offered service that is named last and not taken back; plurals and "ing" forms count."""
    names = tuple(services)
    if not names:
        return None
    said = plain(corrections.correct(text).kept)
    best: tuple[int, int, str] | None = None
    for name in names:
        for match in service_pattern(name).finditer(said):
            place = (match.end(), match.end() - match.start(), name)
            if best is None or place[:2] > best[:2]:
                best = place
    return best[2] if best else None


@lru_cache(maxsize=512)
def service_pattern(name: str) -> re.Pattern[str]:
    """The name as callers say it: any case, hyphen or space, singular or plural."""
    words = re.findall(r"[\w']+", plain(name))
    if not words:
        return re.compile(r"(?!)")
    stems = [re.escape(word.removesuffix("s") if len(word) > 3 else word) for word in words]
    return re.compile(r"\b" + r"[\s-]*".join(stem + "(?:e?s|'s)?" for stem in stems) + r"\b")
