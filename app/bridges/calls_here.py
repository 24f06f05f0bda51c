"""The calls of this process by id, so that a newer socket can cut off the older at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Held:
    """One socket's place. `began` is when the first of the sockets that it has replaced one after
    the other began, by the monotonic clock."""

    def __init__(self, supersede: Callable[[], None], began: float, replaced: bool) -> None:
        self.supersede = supersede
        self.began = began
        self.replaced = replaced


_held: dict[str, _Held] = {}


@contextmanager
def entered(call_id: str, supersede: Callable[[], None]) -> Iterator[None]:
    """Be the newest socket of the call for as long as the block runs; the older one is cut off."""
    older = _held.get(call_id)
    now = time.monotonic()
    held = _Held(supersede, older.began if older else now, older is not None)
    _held[call_id] = held
    if older is not None:
        older.supersede()
    try:
        yield
    finally:
        if _held.get(call_id) is held:
            del _held[call_id]


def replaced_s(call_id: str) -> float | None:
    """Seconds since the first of the live sockets of this call that the newest one has replaced
    began; None where it has replaced none."""
    held = _held.get(call_id)
    return time.monotonic() - held.began if held is not None and held.replaced else None
