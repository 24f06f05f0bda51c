"""The second check beside the caller's number: the name, once a try, and few tries in a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import redis
from redis import Redis

from app.adapters.redis import keys
from app.core.booking.ledger import Booking
from app.core.language.name_match import same_name
from app.errors import CalendarDown

MAX_TRIES = 3
TTL_S = 6 * 3600
_BETWEEN = re.compile(r"[,;/|&+]|\b(?:or|and|oder|und|maybe|also)\b", re.IGNORECASE)

Verdict = Literal["fits", "no_name", "several_names", "unknown", "too_many_tries"]


@dataclass(frozen=True, slots=True)
class NameCheck:
    """The names a call has given for appointments of its number. Raises CalendarDown where Redis
    is away."""

    redis: Redis
    call_id: str

    def bookings(self, name: str, held: Sequence[Booking]) -> tuple[Verdict, list[Booking]]:
        """Which of the bookings `held` by the caller's number are under that name.

        A name that fits none is a try; after `MAX_TRIES` of them none fits any more.
        """
        if not name.strip():
            return "no_name", []
        if _is_list(name):
            return "several_names", []
        tried = self._tried()
        mark = " ".join(name.casefold().split())[:80]
        if len(tried) >= MAX_TRIES and mark.encode() not in tried:
            return "too_many_tries", []
        fitting = [booking for booking in held if same_name(name, booking.name)]
        if fitting:
            return "fits", fitting
        tried.add(mark.encode())
        self._note(mark)
        return ("too_many_tries" if len(tried) >= MAX_TRIES else "unknown"), []

    def _tried(self) -> set[bytes]:
        try:
            return set(self.redis.smembers(keys.names_tried(self.call_id)))  # type: ignore[arg-type]
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the record of names is away") from error

    def _note(self, mark: str) -> None:
        key = keys.names_tried(self.call_id)
        try:
            with self.redis.pipeline(transaction=True) as pipeline:
                pipeline.sadd(key, mark)
                pipeline.expire(key, TTL_S)
                pipeline.execute()
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the record of names is away") from error


def _is_list(name: str) -> bool:
    """Several names at once. "Reyes, Dana" is one, and so is "Smith, John or Jonathan" not."""
    parts = [part.split() for part in _BETWEEN.split(name) if part.strip()]
    return len(parts) > 2 or (len(parts) == 2 and any(len(part) > 1 for part in parts))
