"""The benchmark of check_availability: a large salon on the embedded calendar."""

from __future__ import annotations

import datetime as dt
import random
import time
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from redis import Redis

from app.adapters.agents import files
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.tools.context import ToolContext
from app.core.agent.definition import Agent
from app.core.booking.appointment import Draft, Place
from app.core.booking.hours import WEEKDAYS
from app.core.booking.rules import BookingRules
from app.local.embedded_redis import RedisServer
from bench.parts import SCRATCH
from bench.tables import Table
from workers.availability import check_availability

RESOURCES, DAYS, HALF_HOURS = 30, 14, 16
ROUNDS = 60
ZONE = "America/Los_Angeles"


def tables() -> list[Table]:
    """How long a look takes, by how full the calendar is."""
    table = Table(
        f"check_availability ({RESOURCES} resources, {DAYS} days, half-hour slots of eight hours)",
        (
            "calendar",
            "appointments",
            "asked for",
            "p50 (ms)",
            "p95 (ms)",
            "CPU of the worker (ms)",
            "Redis (ms)",
        ),
    )
    agent = _salon()
    for share in (0.1, 0.5, 0.9):
        server = RedisServer(SCRATCH / f"salon-{share}")
        server.start()
        try:
            _look(table, Redis.from_url(server.url, protocol=2), agent, share)
        finally:
            server.kill()
    return [table]


def _salon() -> Agent:
    people = [{"name": f"Stylist {number}"} for number in range(RESOURCES)]
    rules = BookingRules.model_validate(
        {
            "time_zone": ZONE,
            "hours": dict.fromkeys(WEEKDAYS, "09:00-17:00"),
            "resources": people,
            "services": [{"id": "cut", "name": "cut", "minutes": 30}],
        }
    )
    return files.load().default.model_copy(update={"booking": rules})


def _look(table: Table, client: Redis, agent: Agent, share: float) -> None:
    calendar = RedisCalendar(client, ZoneInfo(ZONE))
    booked = _fill(calendar, share)
    for asked in ({}, {"resource": "Stylist 7"}):
        walls, cpu = [], []
        client.config_resetstat()
        for number in range(ROUNDS):
            ctx = ToolContext(
                call_id="bench",
                key=f"k{number}",
                agent=agent,
                now=dt.datetime.now(dt.UTC),
                caller_number="",
                redis=client,
                calendar=calendar,
                deadline=time.time() + 10,
            )
            began, worked = time.perf_counter(), time.process_time()
            result = check_availability(ctx, dict(asked))
            walls.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
            if not result["ok"]:
                raise RuntimeError(f"check_availability refused: {result['output']}")
        spent = sum(item["usec"] for item in client.info("commandstats").values())
        table.add(
            f"{share:.0%} full",
            booked,
            asked.get("resource", "anyone"),
            median(walls),
            quantiles(walls, n=20)[-1],
            median(cpu),
            spent / 1000 / ROUNDS,
        )


def _fill(calendar: RedisCalendar, share: float) -> int:
    chance, booked = random.Random(1), 0
    today = dt.datetime.now(ZoneInfo(ZONE)).date()
    for day in range(DAYS + 2):
        opens = dt.datetime.combine(today + dt.timedelta(days=day), dt.time(9), ZoneInfo(ZONE))
        for half_hour in range(HALF_HOURS):
            start = opens.astimezone(dt.UTC) + dt.timedelta(minutes=30 * half_hour)
            for number in range(RESOURCES):
                if chance.random() < share:
                    booked += 1
                    place = Place(f"Stylist {number}")
                    end = start + dt.timedelta(minutes=30)
                    draft = Draft(start, end, "cut", "Cut", "Caller", places=(place,))
                    calendar.book(draft, f"k{booked}")
    return booked
