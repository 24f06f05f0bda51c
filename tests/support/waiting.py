"""Waiting for what becomes true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T | None], *, timeout: float = 60.0, poll: float = 0.02) -> T:
    """The first true value of `probe`; fails the test after `timeout` seconds.

    An AssertionError or OSError of the probe counts as "not yet"; the last one is the failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        last: Exception | None = None
        try:
            value = probe()
            if value:
                return value
        except (AssertionError, OSError, KeyError, IndexError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {timeout} s: {last or probe}") from last
        time.sleep(poll)
