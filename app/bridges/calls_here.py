"""The calls of this process by id, so that a newer socket can cut off the older at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_held: dict[str, Callable[[], None]] = {}


@contextmanager
def entered(call_id: str, supersede: Callable[[], None]) -> Iterator[None]:
    """Be the newest socket of the call for as long as the block runs; the older one is cut off by
    its `supersede`."""
    older = _held.get(call_id)
    _held[call_id] = supersede
    if older is not None:
        older()
    try:
        yield
    finally:
        if _held.get(call_id) is supersede:
            del _held[call_id]


def is_here(call_id: str) -> bool:
    """Whether a socket of the call is in this process."""
    return call_id in _held
