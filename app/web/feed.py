"""The bookings as one iCalendar feed, fresh or kept."""

from __future__ import annotations

import datetime as dt
import hashlib

import orjson
import redis
from redis import Redis

from app import logs
from app.adapters.calendars import feed
from app.adapters.calendars.base import Calendar
from app.adapters.calendars.factory import open_calendar
from app.core.agent.directory import Directory
from app.errors import CalendarDown, Unavailable
from app.settings import Settings

PAST = dt.timedelta(days=35)
FRESH_S = 30
"""How long a copy of an external calendar is served without asking it again."""
STALE_S = 24 * 3600
"""How long the last good copy is served while an external calendar is away."""

log = logs.get(__name__)


class Feed:
    """Reads the calendar at most once in `FRESH_S`, so that subscribers cannot wear it out."""

    def __init__(self, client: Redis, settings: Settings, agents: Directory) -> None:
        self._redis = client
        self._url = settings.calendar_url
        self._agents = agents
        self._calendar: Calendar | None = None

    def body(self) -> bytes:
        """The feed. Raises `Unavailable` where the calendar is away and no copy is left."""
        return self._fresh() if self._url.startswith("redis:") else self._kept()

    def _opened(self) -> Calendar:
        if self._calendar is None:  # most servers are never asked for a feed
            rules = self._agents.default.booking
            self._calendar = open_calendar(self._url, self._redis, rules)
        return self._calendar

    def _fresh(self) -> bytes:
        agent = self._agents.default
        moment = dt.datetime.now(dt.UTC)
        horizon = dt.timedelta(days=agent.booking.horizon_days + 1)
        try:
            found = self._opened().events(moment - PAST, moment + horizon)
        except CalendarDown:
            raise Unavailable(
                "the calendar is away", code="calendar_down", retry_after=30
            ) from None
        return feed.to_ics(found, agent.business, agent.booking.time_zone)

    def _kept(self) -> bytes:
        """The feed of an external calendar; its copy in Redis says by its life how old it is."""
        name = hashlib.sha256(self._url.encode()).hexdigest()[:16]
        key = f"feed:{name}"
        kept = None
        try:
            kept = self._redis.get(key)
            left_s = self._redis.ttl(key)
            if kept and isinstance(left_s, int) and left_s > STALE_S - FRESH_S:
                return _ics(kept)
        except (redis.RedisError, OSError):
            log.warning("the kept feed cannot be read")
        try:
            body = self._fresh()
        except Unavailable:
            if not kept:
                raise
            log.warning("the calendar is away: the feed is an older copy")
            return _ics(kept)
        try:
            self._redis.set(key, orjson.dumps({"ics": body.decode()}), ex=STALE_S)
        except (redis.RedisError, OSError):
            log.warning("the feed cannot be kept")
        return body


def _ics(kept: object) -> bytes:
    return str(orjson.loads(kept)["ics"]).encode()  # type: ignore[arg-type]
