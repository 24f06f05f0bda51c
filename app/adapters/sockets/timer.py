"""One timer greenlet for all sockets of a process, instead of one or two per socket."""

from __future__ import annotations

import time
from typing import Protocol

import gevent

from app import logs, metrics

TICK_S = 1.0

log = logs.get(__name__)


class Kept(Protocol):
    """What wants to be told the time."""

    def tick(self, now: float) -> None:
        """`now` is the monotonic time. Must not block."""


class Keeper:
    """Calls `tick` on everything added, about once a second, for as long as there is anything."""

    def __init__(self) -> None:
        self._kept: set[Kept] = set()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def add(self, kept: Kept) -> None:
        """Begin to tick `kept`; adding twice does nothing."""
        self._kept.add(kept)
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._run)

    def discard(self, kept: Kept) -> None:
        """Tick `kept` no more."""
        self._kept.discard(kept)

    def __contains__(self, kept: Kept) -> bool:
        return kept in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def _run(self) -> None:
        while self._kept:
            gevent.sleep(TICK_S)
            now = time.monotonic()
            for kept in tuple(self._kept):
                try:
                    kept.tick(now)
                except Exception:
                    log.exception("a socket's timer failed")
                    metrics.ERRORS_TOTAL.labels("socket_timer").inc()
                    self._kept.discard(kept)


#: The process's own. Children made by fork start with an empty one: sockets open after the fork.
KEEPER = Keeper()
