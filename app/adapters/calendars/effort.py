"""A limit on how much work a computation may do, for what others' data makes us compute.

A recurrence rule of a few bytes can ask for billions of steps, or for a day that never comes, and
the libraries that expand it neither give up nor give way to other greenlets. Counting calls instead
of seconds gives the same verdict on a busy machine as on an idle one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TooMuchWork(Exception):
    """The block made more calls than it may."""


@contextmanager
def limit_calls(most: int) -> Iterator[None]:
    """Raise `TooMuchWork` out of the block once it has made about `most` calls.

    Calls and returns of functions, written in Python or in C, count one each. The block must not
    wait for anything: another greenlet would be counted too.
    """
    left = most

    def count(_frame: Any, _event: str, _argument: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooMuchWork(f"more than {most} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
