"""Writes a call's state and record soon, never on the path of a frame; the newest state wins."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent.lock import BoundedSemaphore

from app import logs, metrics
from app.errors import Unavailable

#: Not at once: the model's first words come within that time, and writing would delay them.
SAVE_AFTER_S = 0.05
#: How long the end of a call waits for what is being written.
LAST_WAIT_S = 5.0

#: Many calls may be written at once (a drain, a crowd that hangs up). They wait for one another
#: here, and leave the other connections of the pool to what callers wait for.
_WRITERS = BoundedSemaphore(4)

log = logs.get(__name__)


class StateWriter:
    """Calls `write` in a greenlet of its own, once for all that was asked meanwhile. What could not
    be written is written with the next save."""

    def __init__(self, call_id: str, write: Callable[[], None]) -> None:
        self._call_id = call_id
        self._write: Callable[[], None] | None = write
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._again = False

    def save(self) -> None:
        """Write soon."""
        if self._greenlet is not None and not self._greenlet.dead:
            self._again = True
            return
        self._greenlet = gevent.spawn_later(SAVE_AFTER_S, self._run)

    def save_now(self) -> None:
        """Write, and wait for it."""
        self.save()
        if self._greenlet is not None:
            self._greenlet.join(timeout=LAST_WAIT_S)

    def close(self) -> None:
        """Write nothing any more, so that the call's objects can be freed."""
        self._write = self._greenlet = None

    def _run(self) -> None:
        with logs.bind(call_id=self._call_id):
            while True:
                self._again = False
                try:
                    with _WRITERS:
                        if self._write is not None:
                            self._write()
                except Unavailable as error:
                    metrics.ERRORS_TOTAL.labels("store").inc()
                    log.warning("the call's state could not be saved", extra={"code": error.code})
                    return
                except Exception:
                    metrics.ERRORS_TOTAL.labels("store").inc()
                    log.exception("the call's state could not be saved")
                    return
                if not self._again:
                    return
