"""Cal.com against a strict local server of its API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from redis import Redis

from app.adapters.calendars import blocks
from app.adapters.calendars.blocks import Block
from app.adapters.calendars.calcom import CalComCalendar
from app.adapters.calendars.factory import open_calendar
from app.core.booking.appointment import Appointment
from app.core.booking.rules import BookingRules
from app.errors import (
    CalendarBusy,
    CalendarFailed,
    CalendarRefused,
    CalendarUnknown,
    SettingsError,
)
from tests.integration.calendars.conformance import (
    CLOCK,
    HOUR,
    PHONE,
    TEN,
    ZONE,
    CalendarConformance,
    draft,
)
from tests.support.calcom_server import KEY, CalComServer


class CalComHarness:
    def __init__(self, server: CalComServer, redis_url: str) -> None:
        self.server = server
        self.redis = Redis.from_url(redis_url, protocol=2)

    def calendar(self) -> CalComCalendar:
        return CalComCalendar(self.server.url, self.redis, clock=lambda: CLOCK)

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
        """An event of the calendar that the Cal.com account is connected to."""
        if free or cancelled:
            return
        block = Block(id="x", start=start, end=end, rule=rule)
        year = dt.timedelta(days=365)
        found = blocks.expand([block], CLOCK - year, CLOCK + year, ZONE)
        self.server.busy += [(item.start, item.end) for item in found]

    def human_removes(self, appointment: Appointment) -> None:
        gone = [
            uid
            for uid, booking in self.server.bookings.items()
            if booking["metadata"].get("callsmith") == appointment.id
        ]
        for uid in gone:
            del self.server.bookings[uid]

    def goes_down(self) -> None:
        self.server.server.stop()

    def comes_back(self) -> None:
        self.server.server.start()


@pytest.fixture(scope="module")
def server() -> Iterator[CalComServer]:
    server = CalComServer()
    yield server
    server.server.stop()


@pytest.fixture
def harness(server: CalComServer, redis_url: str) -> CalComHarness:
    server.clear()
    return CalComHarness(server, redis_url)


class TestCalCom(CalendarConformance):
    keeps_buffers = False


def test_a_lost_answer_is_found_again(harness: CalComHarness) -> None:
    made = harness.calendar().book(draft(), "k1")
    harness.redis.flushall()
    again = harness.calendar().book(draft(), "k1")
    assert again.id == made.id
    assert len(harness.server.bookings) == 1


def test_notes_that_are_lost(harness: CalComHarness) -> None:
    calendar = harness.calendar()
    made = calendar.book(draft(), "k1")
    calendar.move(made.id, draft(TEN + 5 * HOUR, asked_at=2.0), "k2")
    harness.redis.flushall()
    read = calendar.get(made.id)
    assert read is not None
    assert read.start == TEN + 5 * HOUR
    assert calendar.cancel(made.id, "k3", 3.0).cancelled


def test_a_booking_that_a_person_moved_on_cal_com(harness: CalComHarness) -> None:
    calendar = harness.calendar()
    made = calendar.book(draft(), "k1")
    (first,) = harness.server.bookings
    other = CalComCalendar(harness.server.url, harness.redis, clock=lambda: CLOCK)
    other.move(made.id, draft(TEN + 2 * HOUR, asked_at=2.0), "by-hand")
    harness.redis.hset(next(iter(harness.redis.scan_iter("*:note:*"))), "uid", first)
    read = calendar.get(made.id)
    assert read is not None
    assert read.start == TEN + 2 * HOUR
    assert [a.start for a in calendar.find(PHONE, after=TEN)] == [TEN + 2 * HOUR]


def test_a_caller_without_a_number(harness: CalComHarness) -> None:
    url = f"{harness.server.url}&email=desk%40business.example"
    calendar = open_calendar(url, harness.redis, BookingRules())
    calendar.book(draft(phone=""), "k1")
    (booking,) = harness.server.bookings.values()
    assert booking["attendees"][0]["email"] == "desk@business.example"


@pytest.mark.parametrize("url", ["calcom:key", "calcom:key?event_type=x", "calcom:"])
def test_an_event_type_is_needed(url: str, redis_url: str) -> None:
    with pytest.raises(SettingsError, match="event_type"):
        open_calendar(url, Redis.from_url(redis_url), BookingRules())


def test_cal_coms_own_host(redis_url: str) -> None:
    calendar = CalComCalendar("calcom:cal_live_1?event_type=7", Redis.from_url(redis_url))
    assert calendar._root == "https://api.cal.com"
    assert calendar._headers["Authorization"] == "Bearer cal_live_1"


def test_a_wrong_key(harness: CalComHarness) -> None:
    url = harness.server.url.replace(KEY, "cal_wrong")
    calendar = open_calendar(url, harness.redis, BookingRules())
    with pytest.raises(CalendarRefused, match="401"):
        calendar.find(PHONE, after=TEN)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": "attendee.name is required"}}, CalendarRefused),
        (400, {"message": ["unknown field"]}, CalendarRefused),
        (403, {}, CalendarRefused),
        (429, {}, CalendarBusy),
        (500, {}, CalendarUnknown),
        (503, [], CalendarUnknown),
    ],
)
def test_kinds_of_failure(
    harness: CalComHarness, status: int, body: object, kind: type[CalendarFailed]
) -> None:
    harness.server.refuse = lambda request: (status, body) if request.method == "POST" else None
    try:
        with pytest.raises(CalendarFailed) as caught:
            harness.calendar().book(draft(), "k1")
    finally:
        harness.server.refuse = None
    assert type(caught.value) is kind
