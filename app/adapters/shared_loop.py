"""One greenlet for many things of the same kind, instead of one for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import gevent

T = TypeVar("T")


class SharedLoop(Generic[T]):
    """Calls `serve`, which has to sleep, again and again while there are members.

    Children made by fork start with an empty one: what is served is opened after the fork.
    """

    def __init__(self, serve: Callable[[set[T]], None]) -> None:
        self._serve = serve
        self._members: set[T] = set()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def add(self, member: T) -> None:
        """Serve `member` from now on; adding twice does nothing."""
        self._members.add(member)
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._run)

    def discard(self, member: T) -> None:
        """Serve `member` no more."""
        self._members.discard(member)

    def __contains__(self, member: T) -> bool:
        return member in self._members

    def __len__(self) -> int:
        return len(self._members)

    def _run(self) -> None:
        while self._members:
            self._serve(self._members)
