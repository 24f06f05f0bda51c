"""CalDAV on a real Radicale server."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from app.adapters.calendars import vevent
from app.adapters.calendars.caldav import CalDavCalendar
from app.adapters.calendars.factory import open_calendar
from app.core.booking.appointment import Appointment
from app.core.booking.rules import BookingRules
from app.errors import CalendarDown, CalendarRefused, SlotTaken
from tests.integration.calendars.conformance import (
    CLOCK,
    HOUR,
    TEN,
    ZONE,
    CalendarConformance,
    day,
    draft,
)
from tests.integration.calendars.resources import ANNA, NAMES, ResourceConformance
from tests.support.radicale import RadicaleServer

ZONES = """\
BEGIN:VTIMEZONE
TZID:Business
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
END:DAYLIGHT
END:VTIMEZONE
"""


class CalDavHarness:
    def __init__(self, server: RadicaleServer, redis_url: str) -> None:
        self.server = server
        self.redis_url = redis_url
        self.ids = itertools.count()

    def calendar(self) -> CalDavCalendar:
        client = Redis.from_url(self.redis_url, protocol=2)
        return CalDavCalendar(self.server.url, client, ZONE, resources=NAMES, clock=lambda: CLOCK)

    def human_adds(
        self,
        start: str,
        end: str,
        *,
        rule: str = "",
        free: bool = False,
        cancelled: bool = False,
        resource: str = "",
    ) -> None:
        name = f"human-{next(self.ids)}"
        lines = [
            f"UID:{name}",
            "DTSTAMP:20270101T000000Z",
            *(_time(what, text) for what, text in (("DTSTART", start), ("DTEND", end))),
            "SUMMARY:Private",
            *([f"RRULE:{rule}"] if rule else []),
            *(["TRANSP:TRANSPARENT"] if free else []),
            *(["STATUS:CANCELLED"] if cancelled else []),
            *([f"CATEGORIES:Important,{resource}"] if resource else []),
        ]
        self.put(name, "\n".join(lines))

    def put(self, name: str, event: str) -> None:
        text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//person//EN\n{ZONES}BEGIN:VEVENT\n{event}\n"
        self.server.put(f"/desk/main/{name}.ics", text + "END:VEVENT\nEND:VCALENDAR\n")

    def human_removes(self, appointment: Appointment) -> None:
        assert self.server.request("DELETE", f"/desk/main/{appointment.id}.ics") in (200, 204)

    def goes_down(self) -> None:
        self.server.kill()

    def comes_back(self) -> None:
        self.server.start()


def _time(what: str, text: str) -> str:
    if len(text) == len("2027-03-10"):
        return f"{what};VALUE=DATE:{text.replace('-', '')}"
    return f"{what};TZID=Business:{dt.datetime.fromisoformat(text):%Y%m%dT%H%M%S}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    server = RadicaleServer(tmp_path_factory.mktemp("radicale")).start()
    yield server
    server.kill()


@pytest.fixture
def harness(server: RadicaleServer, redis_url: str) -> CalDavHarness:
    server.make_calendar()
    return CalDavHarness(server, redis_url)


class TestCalDav(CalendarConformance):
    pass


class TestResources(ResourceConformance):
    pass


def test_a_resource_that_is_not_of_the_business_takes_everything(harness: CalDavHarness) -> None:
    harness.put(
        "projector",
        "UID:projector\nDTSTAMP:20270101T000000Z\nRESOURCES:projector\n"
        "DTSTART:20270310T100000\nDTEND:20270310T110000\nSUMMARY:x",
    )
    with pytest.raises(SlotTaken):
        harness.calendar().book(replace(draft(), places=(ANNA,)), "k1")
    harness.put(
        "both",
        "UID:both\nDTSTAMP:20270101T000000Z\nRESOURCES:Anna\nCATEGORIES:Ben,Anna\n"
        "DTSTART:20270311T100000\nDTEND:20270311T110000\nSUMMARY:x",
    )
    busy = harness.calendar().busy(TEN + 24 * HOUR, TEN + 25 * HOUR)
    assert sorted(item.resource for item in busy) == ["Anna", "Ben"]


def test_an_event_without_a_zone_is_on_the_business_clock(harness: CalDavHarness) -> None:
    harness.put(
        "floating",
        "UID:floating\nDTSTAMP:20270101T000000Z\n"
        "DTSTART:20270310T090000\nDTEND:20270310T100000\nSUMMARY:x",
    )
    assert day(harness.calendar(), "2027-03-10") == [("03-10 09:00", "03-10 10:00")]


def test_an_occurrence_that_was_moved_or_dropped(harness: CalDavHarness) -> None:
    series = (
        "UID:series\nDTSTAMP:20270101T000000Z\nDTSTART;TZID=Business:20270308T090000\n"
        "DTEND;TZID=Business:20270308T100000\nRRULE:FREQ=DAILY;COUNT=5\nSUMMARY:x\n"
        "EXDATE;TZID=Business:20270310T090000\nEND:VEVENT\nBEGIN:VEVENT\n"
        "UID:series\nDTSTAMP:20270101T000000Z\nRECURRENCE-ID;TZID=Business:20270309T090000\n"
        "DTSTART;TZID=Business:20270309T140000\nDTEND;TZID=Business:20270309T150000\nSUMMARY:x\n"
        "END:VEVENT\nBEGIN:VEVENT\n"
        "UID:series\nDTSTAMP:20270101T000000Z\nRECURRENCE-ID;TZID=Business:20270311T090000\n"
        "DTSTART;TZID=Business:20270311T090000\nDTEND;TZID=Business:20270311T100000\n"
        "STATUS:CANCELLED\nSUMMARY:x"
    )
    harness.put("series", series)
    calendar = harness.calendar()
    assert day(calendar, "2027-03-08") == [("03-08 09:00", "03-08 10:00")]
    assert day(calendar, "2027-03-09") == [("03-09 14:00", "03-09 15:00")]
    assert day(calendar, "2027-03-10") == []
    assert day(calendar, "2027-03-11") == []
    assert day(calendar, "2027-03-12") == [("03-12 09:00", "03-12 10:00")]


def test_what_a_person_moves_is_where_it_is(harness: CalDavHarness) -> None:
    calendar = harness.calendar()
    made = calendar.book(draft(), "k1")
    text = vevent.write(replace(made, start=TEN + 2 * HOUR, end=TEN + 3 * HOUR)).decode()
    harness.server.put(f"/desk/main/{made.id}.ics", text.replace("\r\n", "\n"))
    read = calendar.get(made.id)
    assert read is not None
    assert read.start == TEN + 2 * HOUR
    calendar.book(draft(name="Tom"), "k2")


def test_an_event_that_appears_between_check_and_write(
    harness: CalDavHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = harness.calendar()
    put = calendar._put

    def slow_put(appointment: Appointment, condition: dict[str, str]) -> bool:
        harness.human_adds("2027-03-10T10:30", "2027-03-10T11:30")
        return put(appointment, condition)

    monkeypatch.setattr(calendar, "_put", slow_put)
    with pytest.raises(SlotTaken):
        calendar.book(draft(), "k1")
    monkeypatch.undo()
    assert calendar.get(draft_id(calendar)) is None
    made = calendar.book(draft(TEN + 3 * HOUR), "k2")

    def late_put(appointment: Appointment, condition: dict[str, str]) -> bool:
        if condition:
            harness.human_adds("2027-03-10T15:00", "2027-03-10T16:00")
        return put(appointment, condition)

    monkeypatch.setattr(calendar, "_put", late_put)
    with pytest.raises(SlotTaken):
        calendar.move(made.id, draft(TEN + 5 * HOUR, asked_at=2.0), "k3")
    read = calendar.get(made.id)
    assert read is not None
    assert read.start == TEN + 3 * HOUR


def draft_id(calendar: CalDavCalendar) -> str:
    made = calendar.made_by("k1", around=TEN)
    return made.id if made else "0" * 24


def test_a_calendar_that_hangs(harness: CalDavHarness) -> None:
    calendar = harness.calendar()
    calendar.book(draft(), "k1")
    harness.server.pause()
    try:
        with pytest.raises(CalendarDown):
            calendar.busy(TEN, TEN + HOUR)
    finally:
        harness.server.resume()
    assert len(calendar.busy(TEN, TEN + HOUR)) == 1


def test_finding_the_calendar_of_an_account(harness: CalDavHarness) -> None:
    rules = BookingRules(time_zone="America/Los_Angeles")
    client = Redis.from_url(harness.redis_url, protocol=2)
    account = harness.server.url.removesuffix("desk/main/")
    found = open_calendar(account, client, rules)
    found.book(draft(), "k1")
    assert harness.calendar().get(found.book(draft(), "k1").id) is not None
    absent = open_calendar(f"{account}?calendar=Absent", client, rules)
    with pytest.raises(CalendarRefused, match="no such calendar"):
        absent.busy(TEN, TEN + HOUR)


def test_a_wrong_password_is_no_secret_leak(harness: CalDavHarness) -> None:
    url = harness.server.url.replace("pass%20word", "wrong-secret")
    client = Redis.from_url(harness.redis_url, protocol=2)
    calendar = open_calendar(url, client, BookingRules())
    with pytest.raises(CalendarRefused) as caught:
        calendar.busy(TEN, TEN + HOUR)
    assert "wrong-secret" not in str(caught.value)
