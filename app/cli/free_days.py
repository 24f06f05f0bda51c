"""Days on which a shipped scenario finds the calendar empty, so that it can be played again."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections import Counter
from zoneinfo import ZoneInfo

from app.adapters.own_server import Records
from app.core.language.time.working_days import working_day
from app.rehearsal.retell_caller.scenario import CallSpec, Meanwhile, Scenario
from app.settings import Settings

#: Working days ahead that are tried; the shipped agent books 90 days ahead.
MOST_DAYS = 40
_USED = re.compile(r"\{(?:day|weekday|date)\+(\d+)")
_STARTS = re.compile(r"^DTSTART[^:]*:(\d{8})", re.MULTILINE)


def first_free(script: Scenario, records: Records, settings: Settings) -> int:
    """How many working days later the scenario is to be played: the fewest, so that the days it
    names hold no booking, else as few bookings as can be. 0 where the calendar cannot be read."""
    days = {int(number) for number in _USED.findall(script.model_dump_json())}
    token = f"?token={settings.calendar_token}" if settings.calendar_token else ""
    status, body = records.get(f"/calendar.ics{token}")
    if status != 200 or not days:
        return 0
    taken = Counter(_STARTS.findall(body.decode(errors="replace")))
    today = dt.datetime.now(ZoneInfo(script.time_zone)).date()

    def bookings(later: int) -> int:
        start = working_day(today, later)
        return sum(taken[f"{working_day(start, number):%Y%m%d}"] for number in days)

    return min(range(MOST_DAYS), key=lambda later: (bookings(later), later))


def with_new_callers(script: Scenario) -> Scenario:
    """The scenario with telephone numbers that have not called before: what earlier plays left
    behind is not found. One caller of the scenario keeps one number."""
    numbers: dict[str, str] = {}

    def renamed(number: str | None) -> str | None:
        if number is None:
            return None
        if number not in numbers:
            numbers[number] = f"{number[:-4]}{secrets.randbelow(9000) + 1000}"
        return numbers[number]

    def call(spec: CallSpec) -> CallSpec:
        caller = spec.caller.model_copy(update={"from_number": renamed(spec.caller.from_number)})
        steps = tuple(
            step.model_copy(update={"meanwhile": call(step.meanwhile)})
            if isinstance(step, Meanwhile)
            else step
            for step in spec.steps
        )
        return spec.model_copy(update={"caller": caller, "steps": steps})

    return script.model_copy(update={"calls": tuple(call(spec) for spec in script.calls)})
