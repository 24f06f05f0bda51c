"""The right to speak in a call: taken by the newest socket, renewed while it lives, given back.

Fencing: each holder has a greater number than the one before. What a holder writes is refused once
there is a greater number, and a holder that sees a greater number stops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import gevent

from app import logs, metrics
from app.adapters.calls.leases import LEASE_S, Lease
from app.adapters.calls.store import CallStore
from app.adapters.shared_loop import SharedLoop
from app.errors import AppError, Unavailable

#: Leases renewed in one step, and the pause between steps: a thousand at once would hold up
#: everything else for a quarter of a second.
RENEW_AT_ONCE, RENEW_PAUSE_S = 20, 0.02
#: How long a process that has lost a call may take to tell that it lives, and how often one looks.
HANDED_WAIT_S, HANDED_LOOK_S = 0.5, 0.02

log = logs.get(__name__)


class CallLease:
    """One socket's hold on one call. `on_lost` is called once when a newer socket has it."""

    def __init__(
        self, store: CallStore, call_id: str, process: str, on_lost: Callable[[], None]
    ) -> None:
        self.store = store
        self.call_id = call_id
        self.lease: Lease | None = None
        self.lost = False
        self._process = process
        self._on_lost: Callable[[], None] | None = on_lost
        self._newest = 0

    @property
    def fence(self) -> int:
        """The number of this hold; 0 while the store has not answered."""
        return self.lease.fence if self.lease else 0

    def take(self) -> dict[str, Any] | None:
        """Take the call over; the state to resume from, None for a new call.

        Where the store is away the call goes on without it, and is taken later by `ensure`.
        """
        try:
            self.ensure()
        except Unavailable:
            log.error("the call goes on without its store", extra={"call_id": self.call_id})
            metrics.ERRORS_TOTAL.labels("store").inc()
        return self.lease.state if self.lease else None

    def ensure(self) -> bool:
        """Take the call if that has not been done; whether this socket holds it.

        Raises `Unavailable`.
        """
        if self.lease is None and not self.lost:
            self.lease = self.store.take(self.call_id, self._process)
            renewer.add(self)
            if self._newest > self.lease.fence:
                self.lose()
        return not self.lost

    def replaced_within(self, seconds: float) -> bool:
        """Whether this socket has taken the call from one that lives, and that one (or those before
        it) had it for less than so long. Waits a moment for the other process to tell.
        """
        lease = self.lease
        if lease is None or not lease.before or lease.held_s >= seconds:
            return False
        if lease.before == self._process:
            return True
        until = time.monotonic() + HANDED_WAIT_S
        try:
            while not (handed := self.store.was_handed(lease)) and time.monotonic() < until:
                gevent.sleep(HANDED_LOOK_S)
        except Unavailable:
            return False
        return handed

    def newer(self, fence: int) -> None:
        """The store tells of a holder with this number.

        A command that was given up while Redis stalled may have been done all the same, so a
        number may be this socket's own although it is not known yet: while it is not, the number
        is kept for when it is.
        """
        self._newest = max(self._newest, fence)
        if self.lease is not None and fence > self.lease.fence:
            self.lose()

    def lose(self) -> None:
        """A newer socket has the call: nothing is written any more."""
        if self.lost:
            return
        self.lost = True
        renewer.discard(self)
        if self._on_lost is not None:
            self._on_lost()

    def release(self, *, over: bool) -> None:
        """The socket is closed. `over`: the call has ended; else the caller may come back."""
        if self.lease is None or self.lost:
            return
        try:
            if over:
                self.store.end(self.call_id)
            self.store.release(self.lease)
        except AppError as error:
            log.warning("the call's end could not be written", extra={"code": error.code})

    def close(self) -> None:
        """Renew no more, and drop the callback, so that the call's objects can be freed."""
        renewer.discard(self)
        self._on_lost = None


def _renew_all(held: set[CallLease]) -> None:
    began = time.monotonic()
    leases = tuple(held)
    for first in range(0, len(leases), RENEW_AT_ONCE):
        renew([lease for lease in leases[first : first + RENEW_AT_ONCE] if lease in held])
        gevent.sleep(RENEW_PAUSE_S)
    gevent.sleep(max(RENEW_PAUSE_S, LEASE_S / 3 - (time.monotonic() - began)))


def renew(leases: Iterable[CallLease]) -> None:
    """Renew some leases at once; those that another process has by now are lost."""
    holding = [(holder, holder.lease) for holder in leases if holder.lease is not None]
    if not holding:
        return
    try:
        lost = holding[0][0].store.renew([lease for _, lease in holding])
    except Unavailable:
        return
    except Exception:
        metrics.ERRORS_TOTAL.labels("renew").inc()
        log.exception("leases could not be renewed")
        return
    for holder, lease in holding:
        if any(lease is one for one in lost):
            holder.lose()


#: Renews the leases of all calls of the process, a few at a time.
renewer = SharedLoop(_renew_all)
