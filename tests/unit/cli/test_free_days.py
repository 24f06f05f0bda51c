"""Shipped scenarios are played on days, and by callers, that no earlier play has used."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from app.adapters.own_server import Records
from app.cli.free_days import first_free, with_new_callers
from app.core.language.time.working_days import working_day
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.scenario import Meanwhile
from app.settings import Settings


def calendar(*days: dt.date, status: int = 200) -> Records:
    records = Records("http://server")
    lines = [f"DTSTART;TZID=America/Los_Angeles:{day:%Y%m%d}T090000" for day in days]
    records.get = lambda path: (status, "\r\n".join(lines).encode())  # type: ignore[method-assign]
    return records


def test_the_first_days_without_bookings_are_taken() -> None:
    script = scenario.load("reschedule")
    today = dt.datetime.now(ZoneInfo(script.time_zone)).date()

    def day(number: int) -> dt.date:
        return working_day(today, number)

    assert first_free(script, calendar(), Settings()) == 0
    assert first_free(script, calendar(day(7)), Settings()) == 1
    assert first_free(script, calendar(day(8), day(9)), Settings()) == 3
    assert first_free(script, calendar(day(7), status=403), Settings()) == 0


def test_a_full_calendar_gives_the_emptiest_days() -> None:
    script = scenario.load("booking")
    today = dt.datetime.now(ZoneInfo(script.time_zone)).date()
    full = [working_day(today, number) for number in range(1, 60)]
    twice = [day for day in full if day != working_day(today, 9)]
    assert first_free(script, calendar(*full, *twice), Settings()) == 6


def test_callers_get_new_numbers_but_stay_the_same_person() -> None:
    script = with_new_callers(scenario.load("cancel"))
    before = [call.caller.from_number for call in scenario.load("cancel").calls]
    after = [call.caller.from_number for call in script.calls]
    assert not set(before) & set(after)
    assert (after[0] == after[2], after[0] != after[1]) == (True, True)
    taken = with_new_callers(scenario.load("slot_taken"))
    (other,) = [step for call in taken.calls for step in call.steps if isinstance(step, Meanwhile)]
    assert other.meanwhile.caller.from_number != "+14155550162"
