"""The iCalendar feed, read back by an iCalendar library."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from icalendar import Calendar

from app.adapters.calendars.feed import to_ics
from app.core.booking.appointment import Appointment

START = dt.datetime(2027, 3, 14, 17, tzinfo=dt.UTC)
ONE = Appointment(
    id="1",
    uid="one@callsmith",
    start=START,
    end=START + dt.timedelta(minutes=30),
    service="checkup",
    title="Checkup: Zoë; Reyes, \\ the 1st\nand a very long name that has to be folded somewhere",
    name="Zoë",
    phone="+14155550123",
    notes='likes: "quotes"',
    time_zone="America/Los_Angeles",
    updated=dt.datetime(2027, 3, 1, tzinfo=dt.UTC),
    applied=("k1",),
)


def read(*appointments: Appointment) -> Calendar:
    found = Calendar.from_ical(to_ics(appointments, "Harbor Dental", "America/Los_Angeles"))
    assert isinstance(found, Calendar)
    return found


def test_what_is_written_is_read() -> None:
    (event,) = read(ONE).events
    assert event["uid"] == "one@callsmith"
    assert event["summary"] == ONE.title
    assert event.start == START
    assert event.end == START + dt.timedelta(minutes=30)
    assert event["dtstart"].to_ical() == b"20270314T170000Z"
    assert event["status"] == "CONFIRMED"
    assert event["sequence"] == 0
    assert "+14155550123" in str(event["description"])


def test_cancelled_ones_stay_visible() -> None:
    gone = replace(ONE, status="cancelled", sequence=2)
    (event,) = read(gone).events
    assert (event["status"], event["sequence"], event["transp"]) == ("CANCELLED", 2, "TRANSPARENT")
    assert event["uid"] == "one@callsmith"


def test_the_form_of_the_file() -> None:
    other = replace(ONE, uid="two@callsmith", start=START - dt.timedelta(days=1))
    data = to_ics([ONE, other], "Harbor Dental", "America/Los_Angeles")
    assert data == to_ics([other, ONE], "Harbor Dental", "America/Los_Angeles")
    lines = data.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in data.replace(b"\r\n", b"")
    for line in (b"VERSION:2.0", b"METHOD:PUBLISH", b"X-WR-CALNAME:Harbor Dental"):
        assert line in lines
    assert [event["uid"] for event in read(ONE, other).events] == [
        "two@callsmith",
        "one@callsmith",
    ]


def test_an_empty_calendar() -> None:
    assert read().events == []


def test_who_and_how_many_are_named() -> None:
    (event,) = read(replace(ONE, title="Table: Zoë", resource="table for four", party_size=3)).walk(
        "VEVENT"
    )
    assert event["summary"] == "Table: Zoë (3 people, table for four)"
    assert event["resources"] == "table for four"
    assert "People: 3\nWith: table for four" in str(event["description"])
    (plain,) = read(ONE).walk("VEVENT")
    assert plain["summary"] == ONE.title
    assert "resources" not in plain
