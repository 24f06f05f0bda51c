"""What Cal.com's bookings cannot hold, kept beside them in Redis.

``calendar:{name}:note:<id>``: hash with the current Cal.com `uid`, the keys `applied`, the newest
`asked_at` and the `sequence`. Without it (Redis was emptied) an appointment is found again by its
metadata, and counts as unchanged since it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import redis
from redis import Redis

from app.core.booking.appointment import Appointment
from app.errors import CalendarDown

TTL_S = 500 * 24 * 3600

T = TypeVar("T")


class Notes:
    """The notes of one Cal.com account."""

    def __init__(self, client: Redis, name: str) -> None:
        self._redis = client
        self._tag = f"calendar:{{{hashlib.sha256(name.encode()).hexdigest()[:16]}}}:note"

    def uid(self, event_id: str) -> str | None:
        """The Cal.com uid of an appointment, where it is known."""
        found = self._ask(lambda: self._redis.hget(self._key(event_id), "uid"))
        return found.decode() if isinstance(found, bytes) else None

    def put(self, appointment: Appointment, uid: str) -> None:
        """Note an appointment as it is now."""

        def write() -> None:
            with self._redis.pipeline(transaction=True) as pipeline:
                key = self._key(appointment.id)
                fields: dict[Any, Any] = {
                    "uid": uid,
                    "applied": " ".join(appointment.applied),
                    "asked_at": repr(appointment.asked_at),
                    "sequence": appointment.sequence,
                }
                pipeline.hset(key, mapping=fields)
                pipeline.expire(key, TTL_S)
                pipeline.execute()

        self._ask(write)

    def onto(self, appointment: Appointment) -> Appointment:
        """The appointment with what is noted of it."""
        found: Any = self._ask(lambda: self._redis.hgetall(self._key(appointment.id)))
        if not found:
            return appointment
        return replace(
            appointment,
            applied=tuple(found[b"applied"].decode().split()),
            asked_at=float(found[b"asked_at"]),
            sequence=int(found[b"sequence"]),
        )

    def _key(self, event_id: str) -> str:
        return f"{self._tag}:{event_id}"

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the calendar's notes cannot be reached") from error
