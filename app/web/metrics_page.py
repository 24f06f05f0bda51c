"""The page of `/metrics`: what this machine counts, and what the workers told Redis."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
from gevent.lock import BoundedSemaphore

from app import metrics
from app.adapters.redis.breaker import Breaker
from app.adapters.redis.worker_metrics import WorkerMetrics
from app.errors import Unavailable

#: Scrapers are answered without the workers' counters rather than late.
LIMIT_S = 1.0
#: How long a page is given out again: many who ask at once cost one page a second.
FRESH_S = 1.0


class MetricsPage:
    """Makes the page, at most once in `FRESH_S`; all processes of one `machine` show the same.

    Its breaker is its own: scrapes that wait for Redis must not turn webhooks away.
    """

    def __init__(
        self,
        workers: WorkerMetrics,
        machine: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._machine = machine
        self._clock = clock
        self._breaker = Breaker()
        self._making = BoundedSemaphore(1)
        self._page = b""
        self._made_at = 0.0

    def page(self) -> bytes:
        """All metrics as Prometheus text."""
        with self._making:
            if not self._page or self._clock() - self._made_at >= FRESH_S:
                self._page = metrics.render(self._counted())
                self._made_at = self._clock()
            return self._page

    def _counted(self) -> metrics.Counts:
        try:
            with self._breaker.guard(), gevent.Timeout(LIMIT_S, Unavailable("too slow")):
                return self._workers.read(self._machine)
        except Unavailable:
            return {}
