"""Kinds of failure on CalDAV: what another attempt may change, and what it never will."""

from __future__ import annotations

import pytest

from app.adapters.calendars.caldav import CalDavCalendar
from app.adapters.calendars.failures import failure_of
from app.errors import CalendarBusy, CalendarDown, CalendarFailed, CalendarRefused, CalendarUnknown
from tests.integration.calendars.conformance import HOUR, TEN, draft
from tests.support.caldav_server import CalDavServer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, CalendarRefused),
        (401, CalendarRefused),
        (403, CalendarRefused),
        (404, CalendarRefused),
        (429, CalendarBusy),
        (500, CalendarDown),
        (502, CalendarDown),
        (503, CalendarDown),
    ],
)
def test_a_look_that_fails(
    calendar: CalDavCalendar, server: CalDavServer, status: int, kind: type[CalendarFailed]
) -> None:
    calendar.busy(TEN, TEN + HOUR)
    server.status = status
    with pytest.raises(CalendarFailed) as caught:
        calendar.busy(TEN, TEN + HOUR)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(400, CalendarRefused), (429, CalendarBusy), (500, CalendarUnknown)]
)
def test_a_change_that_fails(
    calendar: CalDavCalendar, server: CalDavServer, status: int, kind: type[CalendarFailed]
) -> None:
    server.refuse_changes = status
    with pytest.raises(CalendarFailed) as caught:
        calendar.book(draft(), "k1")
    assert type(caught.value) is kind
    server.refuse_changes = 0
    assert calendar.book(draft(), "k1").start == TEN


def test_when_a_busy_calendar_may_be_asked_again() -> None:
    waits = [
        failure_of(429, "it", retry_after=text) for text in ("7", "1e9", "-3", "tomorrow", None)
    ]
    assert [busy.retry_after for busy in waits if isinstance(busy, CalendarBusy)] == [
        7.0,
        120.0,
        0.0,
        0.0,
        0.0,
    ]
