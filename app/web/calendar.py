"""GET /calendar.ics: the bookings, for any calendar program."""

from __future__ import annotations

import datetime as dt
import hashlib
import time

import orjson
import redis
from flask import Blueprint, Response, current_app, request

from app import logs
from app.adapters.calendars import feed
from app.adapters.calendars.base import Calendar
from app.adapters.calendars.factory import open_calendar
from app.bridges.services import Services, services
from app.errors import CalendarDown, Unavailable
from app.web import access

PAST = dt.timedelta(days=35)
FRESH_S = 30
"""How long a copy of an external calendar is served without asking it again."""
STALE_S = 24 * 3600
"""How long the last good copy is served while an external calendar is away."""

bp = Blueprint("calendar", __name__)
log = logs.get(__name__)


@bp.get("/calendar.ics")
def calendar_feed() -> Response:
    """The feed, with an ETag, so that subscribers fetch it only when something changed."""
    access.require(services().settings.calendar_token)
    now = services()
    body = _fresh(now) if now.settings.calendar_url.startswith("redis:") else _kept(now)
    answer = Response(body, content_type=feed.CONTENT_TYPE)
    answer.headers["Cache-Control"] = "private, max-age=30"
    answer.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer


def _calendar(now: Services) -> Calendar:
    found: Calendar | None = current_app.extensions.get("calendar")
    if found is None:
        rules = now.agents.default.booking
        found = open_calendar(now.settings.calendar_url, now.redis, rules)
        current_app.extensions["calendar"] = found
    return found


def _fresh(now: Services) -> bytes:
    agent = now.agents.default
    moment = dt.datetime.now(dt.UTC)
    horizon = dt.timedelta(days=agent.booking.horizon_days + 1)
    try:
        found = _calendar(now).events(moment - PAST, moment + horizon)
    except CalendarDown:
        raise Unavailable("the calendar is away", code="calendar_down", retry_after=30) from None
    return feed.to_ics(found, agent.business, agent.booking.time_zone)


def _kept(now: Services) -> bytes:
    """The feed of an external calendar, kept in Redis so that subscribers cannot wear it out."""
    name = hashlib.sha256(now.settings.calendar_url.encode()).hexdigest()[:16]
    key = f"feed:{name}"
    kept = None
    try:
        kept = now.redis.get(key)
        if kept and orjson.loads(kept)["at"] > time.time() - FRESH_S:
            return str(orjson.loads(kept)["ics"]).encode()
    except (redis.RedisError, OSError):
        log.warning("the kept feed cannot be read")
    try:
        body = _fresh(now)
    except Unavailable:
        if not kept:
            raise
        log.warning("the calendar is away: the feed is an older copy")
        return str(orjson.loads(kept)["ics"]).encode()
    try:
        now.redis.set(key, orjson.dumps({"at": time.time(), "ics": body.decode()}), ex=STALE_S)
    except (redis.RedisError, OSError):
        log.warning("the feed cannot be kept")
    return body
