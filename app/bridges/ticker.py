"""Calls back at a deadline that moves."""

from __future__ import annotations

from collections.abc import Callable

import gevent


class Ticker:
    """`on_due` is called a moment after the nearest deadline it was told of.

    A timer that fires within `soon_s` is left alone where the deadline moves: whoever is called
    looks again, and a timer for every frame would cost more than the frame.
    """

    def __init__(self, on_due: Callable[[], None], soon_s: float = 0.0) -> None:
        self._on_due: Callable[[], None] | None = on_due
        self._soon_s = soon_s
        self._timer: gevent.Greenlet[..., None] | None = None
        self._at = 0.0

    def arm(self, deadline: Callable[[], float | None], now: float) -> None:
        """See that the deadline is met; it is only asked for where that may change anything."""
        timer = self._timer
        alive = timer is not None and not timer.dead
        if alive and self._at - now <= self._soon_s:
            return
        at = deadline()
        if at is None or (alive and self._at <= at):
            return
        if timer is not None:
            timer.kill(block=False)
        self._at = at
        self._timer = gevent.spawn_later(max(0.0, at - now) + 0.001, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._on_due is not None:
            self._on_due()

    def stop(self) -> None:
        """Call back no more."""
        self._on_due = None
        if self._timer is not None:
            self._timer.kill(block=False)
            self._timer = None
