"""The embedded calendar of each business, and the one called `main` that came before them.

Each business has a calendar of its own, named after its id. `main` is what releases with one
calendar for all have written; it stays the calendar of one business, its owner, so that a
deployment with one business notices nothing. What other businesses have in it is moved to theirs.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import redis
from redis import Redis

from app import logs
from app.adapters.calendars.redis import TTL_S, RedisCalendar, hand_over
from app.adapters.redis import keys
from app.adapters.redis.scripts import RedisScript, load_script
from app.core.agent.directory import Agents
from app.errors import CalendarDown

MAIN = "main"
_PLAIN = re.compile(r"[a-z0-9_-]{1,40}")

log = logs.get(__name__)


class Calendars:
    """Which embedded calendar is whose. One per process."""

    def __init__(self, client: Redis) -> None:
        self._redis = client
        self._claim = RedisScript(client, load_script(Path(__file__).parent, "claim_main"))
        self._lock = threading.Lock()
        self._known: tuple[frozenset[str], str] | None = None

    def url_of(self, url: str, business: str, directory: Agents) -> str:
        """The calendar's URL for a business, by its id: `url`, and where that is ``redis:`` the
        business's own. Raises `CalendarDown`."""
        if url != "redis:" or self.owner(directory) == business:
            return url
        return f"redis:{calendar_name(business)}"

    def owner(self, directory: Agents) -> str:
        """The id of the business whose calendar is `main`. Raises `CalendarDown`."""
        ids = list(directory.businesses)
        known = self._known
        if known is not None and known[0] == frozenset(ids):
            return known[1]
        with self._lock:
            first = directory.only_default or (directory.all[0] if directory.all else None)
            preferred = first.home.id if first is not None else ""
            try:
                told: bytes = self._claim(
                    {"owner": keys.MAIN_CALENDAR_OWNER},
                    {"preferred": preferred, "ttl_s": TTL_S},
                    ids,
                )
                owner = told.decode()
                if len(ids) > 1:
                    self._adopt(ids, owner)
            except (redis.RedisError, OSError) as error:
                raise CalendarDown("the calendar's store cannot be reached") from error
            self._known = (frozenset(ids), owner)
        return owner

    def _adopt(self, businesses: Sequence[str], owner: str) -> None:
        """Move what other businesses have in `main` into their own calendars."""
        main = RedisCalendar(self._redis, ZoneInfo("UTC"), MAIN)
        others = set(businesses) - {owner}
        for appointment in main.everything():
            if appointment.business in others:
                name = calendar_name(appointment.business)
                hand_over(appointment, main, RedisCalendar(self._redis, ZoneInfo("UTC"), name))
                log.info("an appointment was moved", extra={"business": appointment.business})


def calendar_name(business: str) -> str:
    """The name of a business's embedded calendar."""
    if _PLAIN.fullmatch(business) and business != MAIN:
        return business
    return f"b-{hashlib.sha256(business.encode()).hexdigest()[:24]}"
