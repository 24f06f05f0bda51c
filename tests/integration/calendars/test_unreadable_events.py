"""What others' calendars hold: one bad event costs itself, never the others, and never a worker."""

from __future__ import annotations

import datetime as dt
import logging
import time

import pytest

from app.adapters.calendars.caldav import CalDavCalendar
from tests.integration.calendars.conformance import CLOCK, day, draft
from tests.support.caldav_server import CalDavServer, event

DAY = "2027-03-10"
TEN = ("DTSTART:20270310T180000Z", "DTEND:20270310T190000Z")
"""10 o'clock on the business's clock."""
FINE = event("fine", "DTSTART:20270310T230000Z", "DTEND:20270311T000000Z")
AFTERNOON = ("03-10 15:00", "03-10 16:00")
MORNING = ("03-10 10:00", "03-10 11:00")
WHOLE_DAY = ("03-10 00:00", "03-11 00:00")
FROM_TEN = ("03-10 10:00", "03-11 00:00")


@pytest.fixture(autouse=True)
def _fine_event(calendar: CalDavCalendar, server: CalDavServer) -> None:
    """Beside the bad event stands a fine one."""
    server.entries["fine.ics"] = FINE


def reported(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {record.__dict__["event"] for record in caplog.records if "event" in record.__dict__}


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:garbage", "DTEND:20270310T190000Z"),
        ("DTEND:20270310T190000Z",),
        ("SUMMARY:no time at all",),
    ],
)
def test_an_event_without_a_readable_start_is_skipped(
    calendar: CalDavCalendar,
    server: CalDavServer,
    caplog: pytest.LogCaptureFixture,
    lines: tuple[str, ...],
) -> None:
    server.entries["bad.ics"] = event("bad", *lines)
    assert day(calendar, DAY) == [AFTERNOON]
    assert "bad" in reported(caplog)


@pytest.mark.parametrize(
    "lines",
    [
        (*TEN, "EXDATE:garbage"),
        (*TEN, "RDATE:garbage"),
        (*TEN, "RRULE:FREQ=WEEKLY;BYDAY=XX"),
        (*TEN, "RRULE:FREQ=SOMETIMES"),
        (*TEN, "RRULE:FREQ=DAILY;UNTIL=garbage"),
        (*TEN, "RRULE:FREQ=DAILY;COUNT=-5"),
        (*TEN, "RRULE:FREQ=DAILY;INTERVAL=0"),
        (*TEN, "RECURRENCE-ID:garbage"),
        (*TEN, "SEQUENCE:abc"),
        (TEN[0], "DTEND:garbage"),
        (TEN[0], "DURATION:garbage"),
        (TEN[0], "DURATION:-PT1H"),
        (TEN[0], "DURATION:P999999999D"),
        (TEN[0], "DTEND:20200310T190000Z"),
    ],
)
def test_an_event_that_can_be_read_in_part_blocks_its_own_span(
    calendar: CalDavCalendar,
    server: CalDavServer,
    caplog: pytest.LogCaptureFixture,
    lines: tuple[str, ...],
) -> None:
    server.entries["bad.ics"] = event("bad", *lines)
    assert day(calendar, DAY) == [MORNING, AFTERNOON]
    assert "bad" in reported(caplog)


def test_an_event_without_length_blocks_nothing(
    calendar: CalDavCalendar, server: CalDavServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.entries["mark.ics"] = event("mark", TEN[0], TEN[0].replace("DTSTART", "DTEND"))
    taken = calendar.busy(CLOCK, CLOCK + dt.timedelta(days=60))
    assert [item for item in taken if item.start < item.end] == [taken[-1]]
    assert not reported(caplog)


@pytest.mark.parametrize("body", ["", "<html><body>Not found</body></html>", FINE[:-40], "BEGIN:V"])
def test_an_entry_that_is_no_calendar_is_skipped(
    calendar: CalDavCalendar, server: CalDavServer, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    server.entries["bad.ics"] = body
    assert day(calendar, DAY) == [AFTERNOON]
    assert any("bad.ics" in name for name in reported(caplog))


@pytest.mark.parametrize(
    ("rule", "busy"),
    [
        ("FREQ=SECONDLY", [FROM_TEN]),
        ("FREQ=SECONDLY;UNTIL=20270310T193000Z", [("03-10 10:00", "03-10 12:30"), AFTERNOON]),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", [FROM_TEN]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", [MORNING, AFTERNOON]),
        ("FREQ=MINUTELY;INTERVAL=7;BYMONTH=3;BYYEARDAY=366", [FROM_TEN]),
    ],
)
def test_a_rule_without_end_counts_as_busy_and_takes_no_time_to_work_out(
    calendar: CalDavCalendar,
    server: CalDavServer,
    caplog: pytest.LogCaptureFixture,
    rule: str,
    busy: list[tuple[str, str]],
) -> None:
    server.entries["bad.ics"] = event("bad", *TEN, f"RRULE:{rule}")
    since = time.monotonic()
    assert day(calendar, DAY) == busy
    assert time.monotonic() - since < 20


def test_a_rule_by_the_minute_since_long_ago(
    calendar: CalDavCalendar, server: CalDavServer, caplog: pytest.LogCaptureFixture
) -> None:
    lines = ("DTSTART:20200310T180000Z", "DTEND:20200310T180100Z", "RRULE:FREQ=MINUTELY")
    server.entries["bad.ics"] = event("bad", *lines)
    assert day(calendar, DAY) == [WHOLE_DAY]
    assert "bad" in reported(caplog)


def test_an_event_of_every_day_for_half_a_century_is_worked_out(
    calendar: CalDavCalendar, server: CalDavServer, caplog: pytest.LogCaptureFixture
) -> None:
    lines = ("DTSTART:19770310T180000Z", "DTEND:19770310T190000Z", "RRULE:FREQ=DAILY")
    server.entries["old.ics"] = event("old", *lines)
    assert day(calendar, DAY) == [MORNING, AFTERNOON]
    assert not reported(caplog)


def test_an_event_is_reported_once_an_hour(
    calendar: CalDavCalendar, server: CalDavServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.entries["bad.ics"] = event("bad", *TEN, "EXDATE:garbage")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            day(calendar, DAY)
    assert len([record for record in caplog.records if "event" in record.__dict__]) == 1


def test_bookings_go_on_beside_what_cannot_be_read(
    calendar: CalDavCalendar, server: CalDavServer
) -> None:
    server.entries["bad.ics"] = event("bad", "DTSTART:garbage")
    server.entries["html.ics"] = "<html></html>"
    made = calendar.book(draft(), "k1")
    assert calendar.get(made.id) == made
    assert [item.id for item in calendar.events(made.start, made.end)] == [made.id]
