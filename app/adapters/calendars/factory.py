"""Opens the calendar that CALENDAR_URL names.

========================================  =====================================================
``redis:`` or ``redis:NAME``              the embedded calendar; calendars of other names are apart
``caldav+https://USER:PASSWORD@HOST/…``   CalDAV; the path of a calendar or of anything above it,
                                          ``?calendar=NAME`` then chooses one
``calcom:KEY@HOST?event_type=ID``         Cal.com, API version 2; ``calcom:KEY?event_type=ID`` is
                                          Cal.com's own host
``google:CALENDAR_ID?credentials=FILE``   Google Calendar with a service account's key file, or its
                                          content in URL-safe base 64; without it Google's default
========================================  =====================================================
"""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

from app.adapters.calendars.base import Calendar
from app.core.booking.calendar_limits import CAL_COM, cannot_keep
from app.core.booking.rules import BookingRules
from app.errors import SettingsError

if TYPE_CHECKING:
    from redis import Redis

_REDIS = re.compile(r"redis:([A-Za-z0-9_-]{0,40})")


def open_calendar(url: str, redis: Redis, rules: BookingRules) -> Calendar:
    """Open a calendar. Nothing is sent to it yet.

    Raises SettingsError for a URL that cannot be used, or for rules that its calendar cannot keep;
    it never shows the URL, which may hold a password.
    """
    problem = cannot_keep(url, rules)
    if problem is not None:
        raise SettingsError([f"booking.{problem[0]}: {problem[1]}"])
    names = [resource.name for resource in rules.resources]
    found = _REDIS.fullmatch(url)
    if found:
        from app.adapters.calendars.redis import RedisCalendar

        return RedisCalendar(redis, rules.zone, found[1] or "main")
    if url.startswith(("caldav+https://", "caldav+http://")):
        _need("caldav")
        from app.adapters.calendars.caldav import CalDavCalendar

        return CalDavCalendar(url, redis, rules.zone, resources=names)
    if url.startswith("google:"):
        _need("google.auth")
        from app.adapters.calendars.google import GoogleCalendar

        return GoogleCalendar(url, redis, rules.zone, resources=names)
    if url.startswith(CAL_COM):
        from app.adapters.calendars.calcom import CalComCalendar

        return CalComCalendar(url, redis)
    raise SettingsError(
        ["CALENDAR_URL must start with redis:, caldav+https://, calcom: or google:"]
    )


def _need(module: str) -> None:
    """Raise SettingsError if a library that only this calendar needs is not installed."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        extra = module.partition(".")[0]
        raise SettingsError(
            [
                f"CALENDAR_URL: this calendar needs the extra {extra!r}, which is not installed: "
                "pip install --require-hashes -r requirements-all.txt"
            ]
        )
