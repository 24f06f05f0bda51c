"""Why a time cannot be had, in words: one sentence for each reason, and no other.

A caller who hears "taken" asks for the next day; one who hears "closed" asks for other hours. So
what is said follows from the reason that was found, never from the fact of a refusal alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import BookingRules, Service
from app.core.booking.slots import Refusal, last_day, windows
from app.core.language import speech

ERRORS: Mapping[Refusal, str] = {
    "past": "time_passed",
    "too_soon": "too_soon",
    "too_far": "too_far_ahead",
    "holiday": "closed",
    "closed": "closed",
    "past_closing": "runs_past_closing",
    "off_grid": "no_start_then",
    "away": "not_available_then",
    "taken": "slot_taken",
}
"""What a tool's result calls each reason."""

_Words = Callable[[BookingRules, Service, dt.datetime, dt.datetime], str]


def why_not(
    reason: Refusal,
    rules: BookingRules,
    service: Service,
    start: dt.datetime,
    now: dt.datetime,
    asked: Asked = NOTHING_ASKED,
) -> str:
    """The sentence for a reason: the service cannot begin at `start` (aware), asked at `now`."""
    if reason in ("away", "taken") and asked.resources:
        how = "taken then" if reason == "taken" else "not available at that time"
        return f"{speech.say_list(asked.resources, 'and')} {_are(asked)} {how}."
    if reason in ("away", "taken") and asked.party_size:
        return f"We have nothing for {people(asked.party_size)} at that time."
    return _SENTENCES[reason](rules, service, start, now)


def people(count: int) -> str:
    """ "one person", "four people"."""
    return "one person" if count == 1 else f"{speech.say_number(count)} people"


def _are(asked: Asked) -> str:
    return "is" if len(asked.resources) == 1 else "are"


def _past(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    local, today = start.astimezone(rules.zone), now.astimezone(rules.zone).date()
    return "That time has passed already." if local.date() == today else "That day is in the past."


def _too_soon(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    return f"That is too soon: we need {_span(rules.notice_minutes)} notice."


def _too_far(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    last = speech.say_date(last_day(rules, now), now.astimezone(rules.zone).date())
    return f"That is further ahead than we book; the last day is {last}."


def _holiday(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    found = rules.holiday(start.astimezone(rules.zone).date())
    return f"We are closed that day for {found.name}." if found and found.name else _CLOSED_DAY


def _closed(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    day = start.astimezone(rules.zone).date()
    return "We are not open at that time." if windows(rules, day) else _CLOSED_DAY


def _past_closing(
    rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime
) -> str:
    return f"A {service.name} takes {_span(service.minutes)}, and we close before it would end."


def _off_grid(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    every = _span(rules.grid_minutes)
    return f"Appointments begin every {every.removeprefix('one ')}, and not at that time."


def _taken(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    return "That time is taken."


def _away(rules: BookingRules, service: Service, start: dt.datetime, now: dt.datetime) -> str:
    return "We have nothing free at that time."


_CLOSED_DAY = "We are closed that day."
_SENTENCES: Mapping[Refusal, _Words] = {
    "past": _past,
    "too_soon": _too_soon,
    "too_far": _too_far,
    "holiday": _holiday,
    "closed": _closed,
    "past_closing": _past_closing,
    "off_grid": _off_grid,
    "away": _away,
    "taken": _taken,
}


def _span(minutes: int) -> str:
    """ "thirty minutes", "two hours", "three days"."""
    for size, one in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"one {one}" if count == 1 else f"{speech.say_number(count)} {one}s"
    return "no"
