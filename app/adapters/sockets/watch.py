"""Whether a peer that says nothing is still there."""

from __future__ import annotations

import time
from enum import Enum


class Due(Enum):
    """What is to be done about a quiet peer."""

    NOTHING = 0
    PING = 1
    ABORT = 2
    """It did not answer a ping for a whole interval."""


class PeerWatch:
    """Times of one peer, by the monotonic clock: it is pinged after `interval_s` of silence."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.start()

    def start(self) -> None:
        """The connection was opened now."""
        self.heard_at = self.pinged_at = time.monotonic()

    def due(self, now: float, *, is_read: bool) -> Due:
        """What is due at `now`; what nobody reads (`is_read`) cannot be told from silence."""
        if now - max(self.heard_at, self.pinged_at) < self.interval_s:
            return Due.NOTHING
        if self.pinged_at > self.heard_at and is_read:
            return Due.ABORT
        return Due.PING
