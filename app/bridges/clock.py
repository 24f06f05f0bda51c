"""The time of a call: Unix seconds at its start, and from then on what has really passed.

A system clock that is set forward or back would end a call or silence it. Whole milliseconds, so
that the flight record can hold every moment exactly.
"""

from __future__ import annotations

import time


class CallClock:
    """Calling it gives the time."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Unix seconds, in whole milliseconds."""
        return round(time.monotonic() + self._offset, 3)
