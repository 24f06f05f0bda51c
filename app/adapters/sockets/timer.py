"""One timer greenlet for all sockets of a process, instead of one or two per socket."""

from __future__ import annotations

import time
from typing import Protocol

import gevent

from app import logs, metrics
from app.adapters.shared_loop import SharedLoop

TICK_S = 1.0

log = logs.get(__name__)


class Kept(Protocol):
    """What wants to be told the time."""

    def tick(self, now: float) -> None:
        """`now` is the monotonic time. Must not block."""


def _tick(sockets: set[Kept]) -> None:
    gevent.sleep(TICK_S)
    now = time.monotonic()
    for kept in tuple(sockets):
        try:
            kept.tick(now)
        except Exception:
            log.exception("a socket's timer failed")
            metrics.ERRORS_TOTAL.labels("socket_timer").inc()
            sockets.discard(kept)


#: Calls `tick` on every open socket of the process, about once a second.
KEEPER = SharedLoop(_tick)
