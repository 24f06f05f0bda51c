"""A CalDAV server that plays every failure, and a calendar there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from app.adapters.calendars.caldav import CalDavCalendar
from tests.integration.calendars.conformance import CLOCK, ZONE
from tests.support.caldav_server import CalDavServer


@pytest.fixture(scope="module")
def server() -> Iterator[CalDavServer]:
    server = CalDavServer()
    yield server
    server.server.stop()


@pytest.fixture
def calendar(server: CalDavServer, redis_url: str) -> CalDavCalendar:
    server.clear()
    client = Redis.from_url(redis_url, protocol=2)
    return CalDavCalendar(server.url, client, ZONE, clock=lambda: CLOCK)
