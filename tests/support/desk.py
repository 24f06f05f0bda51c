"""A front desk for tests: calls that use the booking tools on a real Redis, without a telephone."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from dataclasses import dataclass, field, replace
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.agents import files
from app.adapters.booking import ledger
from app.adapters.calendars.base import Calendar
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.tools.context import ToolContext
from app.core.agent.definition import Agent
from app.core.booking.rules import BookingRules
from app.core.language.phone_numbers import identify
from app.errors import CalendarDown
from workers.bookings import booking_tools

DANA = "+14155550123"
TOM = "+14155550999"


def rules(**fields: Any) -> BookingRules:
    """Open every day of the week, so that tests do not depend on today's date."""
    return BookingRules.model_validate(
        {
            "time_zone": "America/Los_Angeles",
            "hours": dict.fromkeys(
                ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
                "09:00-17:00",
            ),
            "services": [
                {"id": "checkup", "name": "checkup", "minutes": 30},
                {"id": "cleaning", "name": "cleaning", "minutes": 60, "also": ["hygienist"]},
            ],
            "confirm": False,
            **fields,
        }
    )


class Switch:
    """A calendar that can be switched off, and counts what is written to it."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.down = False
        self.lose_answers = False
        """Write, then fail: what happens when the answer is lost."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.calendar, name)

        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self.down:
                raise CalendarDown
            answer = method(*args, **kwargs)
            if self.lose_answers and name in ("book", "move", "cancel"):
                raise CalendarDown
            return answer

        return guarded


TOOLS = booking_tools()


def connect(url: str) -> Redis:
    return Redis.from_url(url, protocol=2, socket_timeout=5, retry=Retry(NoBackoff(), 0))


@dataclass
class Desk:
    """One business with its calendar; `call` gives a caller's telephone call."""

    url: str
    booking: BookingRules = field(default_factory=rules)
    seconds: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.redis = connect(self.url)
        self.agent: Agent = files.load().default.model_copy(update={"booking": self.booking})
        self.calendar = Switch(RedisCalendar(self.redis, self.booking.zone))
        self.now = dt.datetime.now(dt.UTC)

    def call(self, call_id: str, number: str = DANA) -> Call:
        return Call(self, call_id, number)

    def day(self, days: int) -> str:
        """A local day from today."""
        return (self.now.astimezone(self.booking.zone).date() + dt.timedelta(days)).isoformat()

    def standing(self) -> list[str]:
        """What stands in the calendar: `name service day-from-today HH:MM` each."""
        today = self.now.astimezone(self.booking.zone).date()
        found = self.calendar.calendar.events(self.now, self.now + dt.timedelta(days=90))
        out = []
        for item in found:
            if not item.cancelled:
                local = item.start.astimezone(self.booking.zone)
                out.append(
                    f"{item.name} {item.service} {(local.date() - today).days} {local:%H:%M}"
                )
        return out


@dataclass
class Call:
    """One call; each tool use is one effect with its own key unless one is given."""

    desk: Desk
    call_id: str
    number: str
    used: itertools.count[int] = field(default_factory=itertools.count)

    def context(self, key: str, **fields: Any) -> ToolContext:
        caller = identify(self.number, "US")
        base = ToolContext(
            call_id=self.call_id,
            key=key,
            agent=self.desk.agent,
            now=self.desk.now,
            caller_number=caller.e164 if caller else "",
            told_number=self.number,
            redis=self.desk.redis,
            calendar=self.desk.calendar,
            deadline=time.monotonic() + 8,
            asked_at=self.desk.now.timestamp() + next(self.desk.seconds),
        )
        return replace(base, **fields)

    def use(self, tool: str, *, ctx: ToolContext | None = None, **args: Any) -> dict[str, Any]:
        ctx = ctx or self.context(f"{self.call_id}-{tool}-{next(self.used)}")
        return TOOLS[tool].handler(ctx, args)

    def slot(self, days: int, time: str, service: str = "checkup") -> str:
        """Have a time offered; its slot id."""
        result = self.use(
            "check_availability", date=self.desk.day(days), time=time, service=service
        )
        for slot in result["output"]["slots"]:
            if slot["time"] == time and slot["date"] == self.desk.day(days):
                return str(slot["slot_id"])
        raise AssertionError(f"{time} was not offered: {result}")

    def book(self, days: int, time: str, name: str = "Dana Reyes", **args: Any) -> dict[str, Any]:
        service = args.get("service", "checkup")
        return self.use(
            "book_appointment", slot_id=self.slot(days, time, service), name=name, **args
        )

    def record(self) -> list[dict[str, Any]]:
        return ledger.read(self.desk.redis, self.call_id)


def error(result: dict[str, Any]) -> str:
    """The error that a tool's result names; it has to be one."""
    assert result["ok"] is False
    return str(result["output"]["error"])
