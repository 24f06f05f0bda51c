"""A product worker that kills itself with SIGKILL at the points a test names.

Run as ``python -m tests.support.mortal_worker QUEUE``. The hash ``test:kill`` holds points to die
at per effect key, one a line, such as ``Write:after`` or ``Save:2:before``: the second save of this
run. Reaching the first point of its list an effect takes it off the list and the process dies.
"""

# ruff: noqa: E402
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os
import signal
import sys
from collections import Counter
from typing import Any

from app import logs
from app.adapters.booking.executor import Performer
from app.adapters.calendars.guarded import GuardedCalendar
from app.settings import Settings
from workers import bookings as bookings
from workers.process import serve

KILL = "test:kill"
_current: dict[str, Any] = {}


def _die_at(redis: Any, key: str, point: str) -> None:
    blob = redis.hget(KILL, key)
    points = blob.decode().splitlines() if blob else []
    if points and points[0] == point:
        redis.hset(KILL, key, "\n".join(points[1:]))
        redis.rpush("test:killed", f"{key} {point}")
        os.kill(os.getpid(), signal.SIGKILL)


def _mortal_steps() -> None:
    perform = Performer._perform

    def mortal(self: Performer, step: Any) -> Any:
        counts = self.__dict__.setdefault("_counts", Counter())
        name = type(step).__name__
        counts[name] += 1
        label = name if counts[name] == 1 else f"{name}:{counts[name]}"
        ctx = self._ctx
        _current.update(redis=ctx.redis, key=ctx.key)
        _die_at(ctx.redis, ctx.key, f"{label}:before")
        answer = perform(self, step)
        _die_at(ctx.redis, ctx.key, f"{label}:after")
        return answer

    Performer._perform = mortal  # type: ignore[method-assign]


def _mortal_calendars() -> None:
    """Also between the calendar's write and the check after it."""
    from app.adapters.calendars.caldav import CalDavCalendar

    for name in ("_create", "_replace"):
        original = getattr(CalDavCalendar, name)

        def mortal(
            self: GuardedCalendar, *args: Any, original: Any = original, name: str = name
        ) -> Any:
            answer = original(self, *args)
            _die_at(_current["redis"], _current["key"], f"{name}:after")
            return answer

        setattr(CalDavCalendar, name, mortal)


def main() -> int:
    """Serve."""
    settings = Settings.from_env(os.environ)
    logs.setup("INFO")
    _mortal_steps()
    _mortal_calendars()
    return serve(settings, sys.argv[1])  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
