"""The calendars of the businesses: read, written to, and what was written removed again."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from uuid import uuid4

from redis import Redis, RedisError

from app.adapters.agents.tenancy import settings_of
from app.adapters.calendars.base import Calendar
from app.adapters.calendars.factory import open_calendar
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.checks.finding import Finding
from app.adapters.redis import client as redis
from app.adapters.redis import keys
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.core.booking.appointment import Draft
from app.core.booking.calendar_limits import CAL_COM
from app.errors import BookingNotFound, CalendarFailed, SettingsError, SlotTaken
from app.settings import Settings

#: Businesses whose calendars are tried; of more it is told.
MAX_TRIED = 10
#: The appointment that is written and removed lies so many days ahead, at night.
AHEAD = dt.timedelta(days=370)
TRIES = 5

_KINDS = {
    "redis": ("the embedded calendar", "see what is said of Redis"),
    "caldav+https": ("CalDAV", "check address, user and password (many servers want one per app)"),
    "caldav+http": ("CalDAV", "check address, user and password (many servers want one per app)"),
    "calcom": ("Cal.com", "check the API key and that event_type is one of its account"),
    "google": (
        "Google Calendar",
        "enable the Calendar API and share the calendar with the account, to change events",
    ),
}


def calendars(found: Settings, agents: Agents) -> list[Finding]:
    """Whether each business's calendar can be used, and whether bookings are paused."""
    out: list[Finding] = []
    try:
        with redis.connect(found, connections=2) as client:
            for agent in _one_of_each(agents):
                out += _calendar(found, agents, agent, client)
            paused = bool(client.exists(keys.BOOKINGS_PAUSED))
    except (RedisError, OSError):
        return [*out, Finding("calendar", "bad", "Redis is away", "see what is said of it")]
    if len(agents.businesses) > MAX_TRIED:
        what = f"of {len(agents.businesses)} businesses those of {MAX_TRIED} were tried"
        out.append(Finding("calendar", "warn", what))
    if paused:
        cure = "python -m app calendar resume"
        out.append(Finding("calendar", "warn", "bookings are paused", cure))
    return out


def _one_of_each(agents: Agents) -> Iterator[Agent]:
    """An agent of each business, the default one first."""
    first = agents.only_default
    seen: set[str] = set()
    for agent in (*((first,) if first else ()), *agents.all):
        if agent.home.id not in seen and len(seen) < MAX_TRIED:
            seen.add(agent.home.id)
            yield agent


def _calendar(found: Settings, agents: Agents, agent: Agent, client: Redis) -> list[Finding]:
    whose = f"{agent.home.id}: " if len(agents.businesses) > 1 else ""
    since = time.monotonic()
    try:
        given = settings_of(found, agent.home).calendar_url
        kind, cure = _KINDS.get(given.partition(":")[0], ("the calendar", ""))
        url = Calendars(client).url_of(given, agent.home.id, agents)
        opened = open_calendar(url, client, agent.booking)
        now = dt.datetime.now(dt.UTC)
        busy = opened.busy(now, now + dt.timedelta(days=7))
        took = (time.monotonic() - since) * 1000
        what = f"{whose}{kind} answers in {took:.0f} ms; {len(busy)} busy times in the next 7 days"
        read = Finding("calendar", "ok", what)
        if given.startswith(CAL_COM):
            what = f"{whose}writing was not tried: Cal.com would mail about it"
            return [read, Finding("calendar", "ok", what)]
        return [read, _written(opened, agent, whose, kind)]
    except SettingsError as error:
        where = "docs/booking.md lists the forms of CALENDAR_URL"
        return [Finding("calendar", "bad", f"{whose}{text}", where) for text in error.problems]
    except CalendarFailed as down:
        return [Finding("calendar", "bad", f"{whose}{kind}: {down.message}", cure)]


def _written(calendar: Calendar, agent: Agent, whose: str, kind: str) -> Finding:
    """Write an appointment far ahead and cancel it again. Raises `CalendarFailed`."""
    day = (dt.datetime.now(agent.booking.zone) + AHEAD).replace(minute=0, second=0, microsecond=0)
    name = uuid4().hex
    for hour in range(TRIES):
        start = day.replace(hour=hour)
        draft = Draft(
            start,
            start + dt.timedelta(minutes=5),
            service="check",
            title="Callsmith doctor: a check, removed at once",
            name="doctor",
            time_zone=agent.time_zone,
            business=agent.home.id,
        )
        try:
            written = calendar.book(draft, f"doctor-{name}-{hour}")
        except SlotTaken:
            continue
        try:
            calendar.cancel(written.id, f"doctor-{name}-{hour}-cancel")
        except BookingNotFound:
            what = f"{whose}{kind} took an appointment and does not have it"
            return Finding("calendar", "bad", what, "look at what else changes this calendar")
        return Finding("calendar", "ok", f"{whose}an appointment can be written and removed")
    what = f"{whose}writing was not tried: all times of the test day are taken"
    return Finding("calendar", "warn", what)
