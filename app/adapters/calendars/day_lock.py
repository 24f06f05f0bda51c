"""Lets our own writers to an external calendar wait for each other, day by day.

CalDAV and Google cannot check for conflicts and write in one step. Whoever books takes the days the
appointment touches first, so that of two workers the second sees what the first one wrote. The
locks lapse by themselves; a writer that was held up past that is caught by the check after the
write.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import time
from collections.abc import Iterator

import redis
from redis import Redis

from app.errors import CalendarBusy, CalendarDown

HOLD_S = 20.0
WAIT_S = 6.0


@contextlib.contextmanager
def days(client: Redis, calendar: str, start: dt.datetime, end: dt.datetime) -> Iterator[None]:
    """Hold the UTC days from `start` to `end`. Raises CalendarDown where they stay held."""
    name = hashlib.sha256(calendar.encode()).hexdigest()[:16]
    first = start.astimezone(dt.UTC).date()
    last = end.astimezone(dt.UTC).date()
    until = time.monotonic() + WAIT_S
    with contextlib.ExitStack() as held:
        for number in range((last - first).days + 1):
            day = first + dt.timedelta(days=number)
            key = f"calendar:{{{name}}}:lock:{day.isoformat()}"
            lock = client.lock(key, timeout=HOLD_S, sleep=0.03, thread_local=False)
            try:
                taken = lock.acquire(
                    blocking=True, blocking_timeout=max(0.0, until - time.monotonic())
                )
            except (redis.RedisError, OSError) as error:
                raise CalendarDown("the calendar's lock cannot be reached") from error
            if not taken:
                raise CalendarBusy("another booking of that day takes too long")
            held.callback(_release, lock)
        yield


def _release(lock: redis.lock.Lock) -> None:
    try:
        lock.release()
    except (redis.RedisError, OSError):
        pass
