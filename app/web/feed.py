"""The bookings as one iCalendar feed, fresh or kept."""

from __future__ import annotations

import datetime as dt
import hashlib

import orjson
import redis

from app import logs
from app.adapters.calendars import feed
from app.adapters.calendars.factory import open_calendar
from app.adapters.redis import keys
from app.bridges.services import Services
from app.core.agent.definition import Agent
from app.errors import CalendarDown, Unavailable

PAST = dt.timedelta(days=35)
FRESH_S = 30
"""How long a copy of an external calendar is served without asking it again."""
STALE_S = 24 * 3600
"""How long the last good copy is served while an external calendar is away."""

log = logs.get(__name__)


class Feed:
    """Reads a calendar at most once in `FRESH_S`, so that subscribers cannot wear it out."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._redis = services.redis

    def body(self, agent: Agent) -> bytes:
        """The feed of an agent's business. Of a calendar that several businesses share, what names
        no business is in nobody's feed.

        Raises `Unavailable` where the calendar is away and no copy is left.
        """
        url = self._url(agent)
        if url.startswith("redis:"):
            return self._fresh(agent, url)
        return self._kept(agent, url)

    def _url(self, agent: Agent) -> str:
        try:
            return self._services.calendar_url_of(agent)
        except CalendarDown:
            raise _away() from None

    def _fresh(self, agent: Agent, url: str) -> bytes:
        moment = dt.datetime.now(dt.UTC)
        horizon = dt.timedelta(days=agent.booking.horizon_days + 1)
        try:
            calendar = open_calendar(url, self._redis, agent.booking)
            found = calendar.events(moment - PAST, moment + horizon)
        except CalendarDown:
            raise _away() from None
        shared = self._services.shares_calendar(agent)
        ours = [each for each in found if not shared or each.business == agent.home.id]
        return feed.to_ics(ours, agent.business, agent.booking.time_zone)

    def _kept(self, agent: Agent, url: str) -> bytes:
        """The feed of an external calendar; its copy in Redis says by its life how old it is."""
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        key = keys.feed(agent.home.id, name)
        kept = None
        try:
            kept = self._redis.get(key)
            left_s = self._redis.ttl(key)
            if kept and isinstance(left_s, int) and left_s > STALE_S - FRESH_S:
                return _ics(kept)
        except (redis.RedisError, OSError):
            log.warning("the kept feed cannot be read")
        try:
            body = self._fresh(agent, url)
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


def _away() -> Unavailable:
    return Unavailable("the calendar is away", code="calendar_down", retry_after=30)


def _ics(kept: object) -> bytes:
    return str(orjson.loads(kept)["ics"]).encode()  # type: ignore[arg-type]
