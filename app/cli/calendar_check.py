"""What `doctor` sees of the calendar."""

from __future__ import annotations

import datetime as dt
import time

import redis as redis_client

from app.adapters.agents import files
from app.adapters.agents.tenancy import settings_of
from app.adapters.calendars.factory import open_calendar
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.redis import client as redis
from app.adapters.redis import keys
from app.cli.diagnosis import Finding
from app.errors import CalendarFailed, SettingsError
from app.settings import Settings

_KINDS = {
    "redis": ("the embedded calendar", "see what is said of Redis above"),
    "caldav+https": ("CalDAV", "check address, user and password (many servers want one per app)"),
    "caldav+http": ("CalDAV", "check address, user and password (many servers want one per app)"),
    "calcom": ("Cal.com", "check the API key and that event_type is one of its account"),
    "google": (
        "Google Calendar",
        "enable the Calendar API and share the calendar with the account",
    ),
}


def calendar(found: Settings) -> list[Finding]:
    """Whether the calendar can be read, and whether bookings are paused."""
    try:
        agents = files.load(found.agent_file or None)
        agent = agents.only_default or agents.all[0]
        rules = agent.booking
        found = settings_of(found, agent.home)
    except SettingsError:
        return []
    kind, cure = _KINDS.get(found.calendar_url.partition(":")[0], ("the calendar", ""))
    with redis.connect(found, connections=2) as client:
        now, since = dt.datetime.now(dt.UTC), time.monotonic()
        try:
            url = Calendars(client).url_of(found.calendar_url, agent.home.id, agents)
            opened = open_calendar(url, client, rules)
            busy = opened.busy(now, now + dt.timedelta(days=7))
            paused = bool(client.exists(keys.BOOKINGS_PAUSED))
        except SettingsError as error:
            where = "docs/booking.md lists the forms of CALENDAR_URL"
            return [Finding("calendar", "bad", problem, where) for problem in error.problems]
        except CalendarFailed as down:
            return [Finding("calendar", "bad", f"{kind}: {down.message}", cure)]
        except (redis_client.RedisError, OSError):
            return [Finding("calendar", "bad", "Redis is away", "see what is said of it above")]
    took = (time.monotonic() - since) * 1000
    what = f"{kind} answers in {took:.0f} ms; {len(busy)} busy times in the next 7 days"
    out = [Finding("calendar", "ok", what)]
    if paused:
        out.append(
            Finding("calendar", "warn", "bookings are paused", "python -m app calendar resume")
        )
    return out
