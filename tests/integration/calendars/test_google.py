"""Google Calendar against a strict local server of its API."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from app.adapters.calendars.factory import open_calendar
from app.adapters.calendars.google import GoogleCalendar
from app.core.booking.appointment import Appointment
from app.core.booking.rules import BookingRules
from app.errors import CalendarRefused, SettingsError, SlotTaken
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
from tests.support.google_server import GoogleServer


class GoogleHarness:
    def __init__(self, server: GoogleServer, redis_url: str) -> None:
        self.server = server
        self.redis_url = redis_url

    def calendar(self) -> GoogleCalendar:
        client = Redis.from_url(self.redis_url, protocol=2)
        return GoogleCalendar(self.server.url, client, ZONE, resources=NAMES, clock=lambda: CLOCK)

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
        self.server.add(
            summary="Private",
            start=_when(start),
            end=_when(end),
            transparency="transparent" if free else "opaque",
            status="cancelled" if cancelled else "confirmed",
            **({"recurrence": [f"RRULE:{rule}"]} if rule else {}),
            **({"location": resource} if resource else {}),
        )

    def human_removes(self, appointment: Appointment) -> None:
        self.server.forget(appointment.id)

    def goes_down(self) -> None:
        self.server.server.stop()

    def comes_back(self) -> None:
        self.server.server.start()


def _when(text: str) -> dict[str, str]:
    if len(text) == len("2027-03-10"):
        return {"date": text}
    return {"dateTime": f"{text}:00", "timeZone": str(ZONE)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleServer]:
    server = GoogleServer(tmp_path_factory.mktemp("google"), str(ZONE))
    yield server
    server.server.stop()


@pytest.fixture
def harness(server: GoogleServer, redis_url: str) -> GoogleHarness:
    server.events.clear()
    return GoogleHarness(server, redis_url)


class TestGoogle(CalendarConformance):
    pass


class TestResources(ResourceConformance):
    pass


def test_an_address_as_the_place_takes_everything(harness: GoogleHarness) -> None:
    harness.human_adds("2027-03-10T10:00", "2027-03-10T11:00", resource="400 Harbor Street")
    with pytest.raises(SlotTaken):
        harness.calendar().book(replace(draft(), places=(ANNA,)), "k1")


def test_a_declined_invitation_does_not_block(harness: GoogleHarness) -> None:
    harness.server.add(
        summary="Lunch",
        start=_when("2027-03-10T12:00"),
        end=_when("2027-03-10T13:00"),
        attendees=[{"email": "a@b.example", "self": True, "responseStatus": "declined"}],
    )
    assert day(harness.calendar(), "2027-03-10") == []


def test_all_pages_are_read(harness: GoogleHarness) -> None:
    for hour in range(8, 17):
        harness.human_adds(f"2027-03-10T{hour:02d}:00", f"2027-03-10T{hour:02d}:30")
    assert len(day(harness.calendar(), "2027-03-10")) == 9


def test_an_event_that_appears_between_check_and_write(
    harness: GoogleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = harness.calendar()
    create = calendar._create

    def slow_create(appointment: Appointment) -> bool:
        harness.human_adds("2027-03-10T10:30", "2027-03-10T11:30")
        return create(appointment)

    monkeypatch.setattr(calendar, "_create", slow_create)
    with pytest.raises(SlotTaken):
        calendar.book(draft(), "k1")
    assert day(calendar, "2027-03-10") == [("03-10 10:30", "03-10 11:30")]


def test_an_event_of_which_only_the_id_is_left(harness: GoogleHarness) -> None:
    calendar = harness.calendar()
    made = calendar.book(draft(), "k1")
    harness.server.events[made.id] = {"id": made.id, "status": "cancelled", "etag": '"x"'}
    assert calendar.get(made.id) is None


def test_credentials_in_the_url(harness: GoogleHarness) -> None:
    text = harness.server.credentials.read_bytes()
    packed = base64.urlsafe_b64encode(text).decode().rstrip("=")
    url = harness.server.url.replace(str(harness.server.credentials), packed)
    client = Redis.from_url(harness.redis_url, protocol=2)
    calendar = open_calendar(url, client, BookingRules(time_zone=str(ZONE)))
    assert calendar.busy(TEN, TEN + HOUR) == []


@pytest.mark.parametrize("given", ["/absent.json", "bm90IGpzb24", "e30", "!"])
def test_bad_credentials(given: str, redis_url: str, tmp_path: Path) -> None:
    client = Redis.from_url(redis_url, protocol=2)
    with pytest.raises(SettingsError, match="credentials cannot be used"):
        open_calendar(f"google:x?credentials={given}", client, BookingRules())


def test_no_access(harness: GoogleHarness) -> None:
    url = harness.server.url.replace("desk@", "other@")
    client = Redis.from_url(harness.redis_url, protocol=2)
    calendar = open_calendar(url, client, BookingRules())
    with pytest.raises(CalendarRefused, match="404"):
        calendar.busy(TEN, TEN + HOUR)
