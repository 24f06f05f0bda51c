"""The embedded calendar on a real Redis."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.calendars.base import Calendar
from app.adapters.calendars.blocks import Block
from app.adapters.calendars.factory import open_calendar
from app.adapters.calendars.redis import RedisCalendar
from app.core.booking.appointment import Appointment
from app.core.booking.rules import BookingRules
from app.errors import SlotTaken
from app.local.embedded_redis import RedisServer
from tests.integration.calendars.conformance import (
    CLOCK,
    HOUR,
    PHONE,
    TEN,
    ZONE,
    CalendarConformance,
    draft,
)
from tests.integration.calendars.resources import ANNA, ResourceConformance


def connect(url: str) -> Redis:
    return Redis.from_url(url, protocol=2, socket_timeout=2, retry=Retry(NoBackoff(), 0))


class RedisHarness:
    def __init__(self, url: str, server: RedisServer | None = None) -> None:
        self.url = url
        self.server = server
        self.ids = itertools.count()

    def calendar(self) -> RedisCalendar:
        return RedisCalendar(connect(self.url), ZONE, clock=lambda: CLOCK)

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
        calendar = self.calendar()
        block = Block(id=f"b{next(self.ids)}", start=start, end=end, rule=rule, resource=resource)
        if free:
            return
        calendar.block(block)
        if cancelled:
            assert calendar.unblock(block.id)

    def human_removes(self, appointment: Appointment) -> None:
        client = connect(self.url)
        assert client.hdel("calendar:{main}:events", appointment.id)
        assert client.zrem("calendar:{main}:starts", appointment.id)

    def goes_down(self) -> None:
        assert self.server
        self.server.kill()

    def comes_back(self) -> None:
        assert self.server
        self.server.start()


class TestRedisCalendar(CalendarConformance):
    @pytest.fixture
    def harness(self, redis_url: str, request: pytest.FixtureRequest) -> RedisHarness:
        if request.node.originalname == "test_a_calendar_that_does_not_answer":
            server: RedisServer = request.getfixturevalue("own_redis")
            return RedisHarness(server.url, server)
        return RedisHarness(redis_url)


class TestResources(ResourceConformance):
    @pytest.fixture
    def harness(self, redis_url: str) -> RedisHarness:
        return RedisHarness(redis_url)


def test_bookings_of_older_releases_block_what_they_blocked(redis_url: str) -> None:
    client = connect(redis_url)
    calendar = RedisCalendar(client, ZONE, clock=lambda: CLOCK)
    made = calendar.book(draft(before=5, after=10), "k1")
    written = client.hget("calendar:{main}:times", made.id)
    assert isinstance(written, bytes)
    client.hset("calendar:{main}:times", made.id, written.decode().strip())
    assert b"resource" not in client.hget("calendar:{main}:events", made.id)  # type: ignore[operator]
    (busy,) = calendar.busy(TEN, TEN + HOUR)
    assert busy == made.busy()
    for places in ((), (ANNA,)):
        with pytest.raises(SlotTaken):
            calendar.book(replace(draft(TEN + HOUR), places=places), "k2")


def test_every_key_has_a_time_to_live(redis_url: str) -> None:
    harness = RedisHarness(redis_url)
    harness.human_adds("2027-03-10", "2027-03-11")
    calendar = harness.calendar()
    made = calendar.book(draft(TEN + 48 * HOUR), "k1")
    calendar.cancel(made.id, "k2")
    client = connect(redis_url)
    keys = list(client.scan_iter("*"))
    assert len(keys) == 6
    assert all(client.ttl(key) > 0 for key in keys)


def test_what_is_long_over_is_dropped(redis_url: str) -> None:
    client = connect(redis_url)
    now = CLOCK
    calendar = RedisCalendar(client, ZONE, clock=lambda: now)
    old = calendar.book(draft(), "k1")
    now = CLOCK + dt.timedelta(days=60)
    calendar.book(draft(TEN + dt.timedelta(days=60)), "k2")
    assert calendar.get(old.id) is None
    assert client.hlen("calendar:{main}:times") == client.zcard("calendar:{main}:starts") == 1


def test_calendars_of_other_names_are_apart(redis_url: str) -> None:
    client = connect(redis_url)
    rules = BookingRules(time_zone="America/Los_Angeles")
    first: Calendar = open_calendar("redis:", client, rules)
    second: Calendar = open_calendar("redis:annex", client, rules)
    first.book(draft(), "k1")
    second.book(draft(), "k1")
    assert second.find(PHONE, after=TEN)[0].uid != first.find(PHONE, after=TEN)[0].uid
