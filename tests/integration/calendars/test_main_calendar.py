"""Whose the embedded calendars are, and what an upgrade does with what businesses shared."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.calendars.main_calendar import Calendars, calendar_name
from app.adapters.calendars.redis import RedisCalendar
from app.core.agent.directory import Directory
from app.core.booking.appointment import Appointment, Draft

ZONE = ZoneInfo("UTC")
START = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)


def directory(*businesses: str, default: str = "") -> Directory:
    agents = "\n".join(
        f"  - {{name: Agent of {each}, business: {each}, instructions: x}}" for each in businesses
    )
    head = f"default: Agent of {default}\n" if default else ""
    return files.parse(f"{head}agents:\n{agents}\n", "agents.yaml")


def book(calendar: RedisCalendar, key: str, hours: int, business: str) -> Appointment:
    start = START + dt.timedelta(hours=hours)
    draft = Draft(
        start,
        start + dt.timedelta(minutes=30),
        business=business,
        name="Dana Reyes",
        phone="+14155550123",
        service="cut",
        title="cut",
        time_zone="UTC",
        call_id="c1",
        asked_at=1.0,
    )
    return calendar.book(draft, key)


def named(redis: Redis, name: str) -> RedisCalendar:
    return RedisCalendar(redis, ZONE, name)


def test_the_only_business_keeps_the_calendar_that_there_was(redis: Redis) -> None:
    assert Calendars(redis).url_of("redis:", "bakery", directory("Bakery")) == "redis:"
    # It may be renamed, and stays the owner when others come.
    assert Calendars(redis).url_of("redis:", "shop", directory("Shop")) == "redis:"
    both = directory("Salon", "Shop")
    assert Calendars(redis).url_of("redis:", "shop", both) == "redis:"
    assert Calendars(redis).url_of("redis:", "salon", both) == "redis:salon"
    assert redis.ttl("calendar:{main}:owner") > 0


def test_a_calendar_that_is_named_stays_what_it_is(redis: Redis) -> None:
    both = directory("Salon", "Shop")
    for url in ("redis:own", "caldav+https://dav.example/"):
        assert Calendars(redis).url_of(url, "salon", both) == url


def test_an_upgrade_leaves_everybody_their_appointments(redis: Redis) -> None:
    """All businesses of a deployment shared the calendar `main`; some entries say no business."""
    main = named(redis, "main")
    old = book(main, "k1", 0, "")
    shops = book(main, "k2", 1, "shop")
    salons = book(main, "k3", 2, "salon")
    gone = book(main, "k4", 3, "closed-down")

    calendars, both = Calendars(redis), directory("Salon", "Shop", default="Shop")
    assert calendars.url_of("redis:", "shop", both) == "redis:"
    assert calendars.url_of("redis:", "salon", both) == "redis:salon"

    now = dt.datetime.now(dt.UTC)
    assert {a.id for a in main.find("+14155550123", after=now)} == {old.id, shops.id, gone.id}
    salon = named(redis, "salon")
    assert [a.id for a in salon.find("+14155550123", after=now)] == [salons.id]
    assert salon.get(salons.id) == salons
    assert main.get(salons.id) is None
    # The time is the salon's own now: the shop can book it.
    assert book(main, "k5", 2, "shop").start == salons.start

    # Another process, and a worker that died half way, do the same once more.
    assert Calendars(redis).url_of("redis:", "salon", both) == "redis:salon"
    assert salon.get(salons.id) == salons


def test_what_was_moved_half_way_is_in_one_calendar_in_the_end(redis: Redis) -> None:
    main, salon = named(redis, "main"), named(redis, "salon")
    moved = book(main, "k1", 0, "salon")
    salon._write(moved, b"", check=False, places=())
    assert Calendars(redis).url_of("redis:", "salon", directory("Shop", "Salon")) == "redis:salon"
    assert (salon.get(moved.id), main.get(moved.id)) == (moved, None)


@pytest.mark.parametrize("business", ["main", "café", "x" * 64, "Upper"])
def test_the_name_of_any_business_is_a_calendars(business: str) -> None:
    name = calendar_name(business)
    assert name != "main"
    assert name.isascii()
    assert len(name) <= 40
