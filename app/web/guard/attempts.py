"""Wrong tokens are counted by address: who shows too many waits, whatever they show next."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import gevent

from app import logs
from app.adapters.redis.guards import Guards
from app.errors import TooMany, Unavailable

#: Wrong tokens of one address in so many seconds.
TRIES, WINDOW_S = 20, 300
#: What a wrong token costs where it cannot be counted, in seconds.
SLOWLY_S = 1.0
#: Addresses that a process remembers.
MAX_REMEMBERED = 10_000

log = logs.get(__name__)


class Attempts:
    """Counts for all processes; the process that found an address over the limit remembers it."""

    def __init__(self, guards: Guards, clock: Callable[[], float] = time.monotonic) -> None:
        self._guards = guards
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    def check(self, kind: str, address: str) -> None:
        """Raise `TooMany` where the address has to wait before another token of this kind."""
        left_s = self._until.get((kind, address), 0.0) - self._clock()
        if left_s > 0:
            raise _too_many(left_s)
        self._until.pop((kind, address), None)

    def failed(self, kind: str, address: str) -> None:
        """A token was wrong. Raises `TooMany` where the address has shown too many."""
        mark = secrets.token_hex(8)
        try:
            wait_s = self._guards.wait_for(
                f"token:{kind}", address, limit=TRIES, window_s=WINDOW_S, mark=mark
            )
        except Unavailable:
            gevent.sleep(SLOWLY_S)
            return
        if not wait_s:
            return
        if len(self._until) >= MAX_REMEMBERED:
            self._until.pop(next(iter(self._until)))
        self._until[kind, address] = self._clock() + wait_s
        log.warning("too many wrong tokens from one address", extra={"kind": kind})
        raise _too_many(wait_s)


def _too_many(left_s: float) -> TooMany:
    return TooMany("too many wrong tokens; wait a few minutes", retry_after=max(1, round(left_s)))
