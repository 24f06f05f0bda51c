"""The time of a call: Unix seconds at its start, and from then on what has really passed.

A system clock that is set forward or back would end a call or silence it. Whole milliseconds, so
that the flight record can hold every moment exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: A call comes back to another socket within this time, or not at all.
MOST_AWAY_S = 300.0
#: What is taken for the time away where the clocks of two sockets do not agree.
AWAY_S = 1.0


class CallClock:
    """Calling it gives the time."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steady = steady
        self._offset = wall() - steady()

    def resume(self, saved_at: float) -> None:
        """The call's state was saved at `saved_at` by another socket's clock: its times go on."""
        if not 0 <= self() - saved_at <= MOST_AWAY_S:
            self._offset += saved_at + AWAY_S - self()

    def __call__(self) -> float:
        """Unix seconds, in whole milliseconds."""
        return round(self._steady() + self._offset, 3)
