"""The calls of this process, and how it leaves without ending any of them.

On SIGTERM `Drain.start` turns new sockets away, tells each call to finish or save what it is
saying, and then drops its TCP connection without a close frame. Retell takes a close frame for the
end of the call, and an abnormal close (1006) for a reason to reconnect (Retell docs, custom LLM:
set up the server), which brings the call to another process.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import gevent
from gevent.event import Event

from app import logs, metrics
from app.errors import Unavailable

DRAIN_S = 20.0
#: How long the last frames of a call may take to leave after its turn is finished.
FLUSH_S = 1.0
RETRY_AFTER_S = 2
#: So long a call that has left may come back to a process that is full: its line was lost.
RETURN_S = 60.0

log = logs.get(__name__)


class Droppable(Protocol):
    """A socket as the drain needs it; `app.bridges.socket.Connection` is one."""

    def flush(self, timeout: float) -> bool:
        """Wait until what is queued has left, `timeout` seconds at most."""

    def abort(self, why: str = ...) -> None:
        """Drop the connection without a close frame."""


class _Call:
    """One registered call."""

    def __init__(
        self, socket: Droppable, on_drain: Callable[[float], None] | None, call_id: str
    ) -> None:
        self.socket = socket
        self.on_drain = on_drain
        self.call_id = call_id


class Drain:
    """Live calls of one process. `limit_s` bounds what all of them may take to leave."""

    def __init__(self, *, limit_s: float = DRAIN_S, max_calls: int | None = None) -> None:
        self.limit_s = limit_s
        self.max_calls = max_calls
        self.draining = False
        self._calls: set[_Call] = set()
        self._left: OrderedDict[str, float] = OrderedDict()
        self._empty = Event()
        self._empty.set()

    @property
    def live(self) -> int:
        """How many calls this process carries."""
        return len(self._calls)

    @property
    def full(self) -> bool:
        """Whether as many calls are live as this process takes."""
        return self.max_calls is not None and len(self._calls) >= self.max_calls

    def check(self, call_id: str = "") -> None:
        """Raise `Unavailable` where no new call may be taken: leaving, or full.

        A call that is or was a minute ago this process's own comes back in any case.
        """
        if self.draining:
            raise Unavailable("this process is leaving", code="draining", retry_after=RETRY_AFTER_S)
        if self.full and not self._is_own(call_id):
            raise Unavailable("too many calls at once", code="full", retry_after=RETRY_AFTER_S)

    def _is_own(self, call_id: str) -> bool:
        if not call_id:
            return False
        left = self._left.get(call_id)
        if left is not None and time.monotonic() - left < RETURN_S:
            return True
        return any(call.call_id == call_id for call in self._calls)

    def _gone(self, call: _Call) -> None:
        self._calls.discard(call)
        if call.call_id:
            self._left[call.call_id] = time.monotonic()
            self._left.move_to_end(call.call_id)
            while len(self._left) > (self.max_calls or 1000):
                self._left.popitem(last=False)
        if not self._calls:
            self._empty.set()

    @contextmanager
    def call(
        self,
        socket: Droppable,
        on_drain: Callable[[float], None] | None = None,
        call_id: str = "",
    ) -> Iterator[None]:
        """Register a call for as long as the block runs; enter it before accepting the socket.

        On drain `on_drain(seconds)` runs in a greenlet of its own: it finishes or saves the turn
        and returns, in `seconds` at most. Then the socket is dropped.

        Raises `Unavailable` as `check` does.
        """
        self.check(call_id)
        entry = _Call(socket, on_drain, call_id)
        self._calls.add(entry)
        self._empty.clear()
        try:
            yield
        finally:
            self._gone(entry)

    def start(self) -> None:
        """Begin to leave. Returns at once; a second call does nothing."""
        if self.draining:
            return
        self.draining = True
        log.info("draining", extra={"calls": self.live, "limit_s": self.limit_s})
        deadline = time.monotonic() + self.limit_s
        for entry in tuple(self._calls):
            with logs.bind(call_id=entry.call_id):
                gevent.spawn(logs.carry(self._leave), entry, deadline)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the last call has left; says whether that is so."""
        return bool(self._empty.wait(timeout))

    def _leave(self, entry: _Call, deadline: float) -> None:
        """Let one call finish, then drop it."""
        if entry.on_drain is not None:
            left = max(0.0, deadline - time.monotonic())
            turn = gevent.spawn(logs.carry(self._guarded), partial(entry.on_drain, left))
            turn.join(left)
            turn.kill(block=False)
        entry.socket.flush(min(FLUSH_S, max(0.0, deadline - time.monotonic())))
        entry.socket.abort("drained")

    @staticmethod
    def _guarded(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            log.exception("a call could not be told to leave")
            metrics.ERRORS_TOTAL.labels("drain").inc()
