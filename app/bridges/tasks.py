"""What a call has done beside its frames, each in a greenlet of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent

from app import logs, metrics
from app.errors import AppError

log = logs.get(__name__)


class Tasks:
    """The greenlets of one call. A failure is logged, and harms nothing else."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._greenlets: set[gevent.Greenlet[..., None]] = set()

    def spawn(self, function: Callable[..., object], *arguments: Any) -> None:
        """Run a function beside the call."""
        greenlet = gevent.spawn(self._guarded, function, *arguments)
        self._greenlets.add(greenlet)
        greenlet.link(self._greenlets.discard)

    def join(self, timeout: float) -> None:
        """Wait for those that run."""
        gevent.joinall(list(self._greenlets), timeout=timeout)

    def _guarded(self, function: Callable[..., object], *arguments: Any) -> None:
        with logs.bind(call_id=self._call_id):
            try:
                function(*arguments)
            except AppError as error:
                metrics.ERRORS_TOTAL.labels("bridge").inc()
                log.warning("background task failed", extra={"code": error.code})
            except Exception:
                metrics.ERRORS_TOTAL.labels("bridge").inc()
                log.exception("unhandled error in call task")
