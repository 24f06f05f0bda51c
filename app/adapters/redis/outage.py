"""Redis away for one call, on purpose: to see in development what the program does about it.

Every key of a call has the call's id as its hash tag, so what is to fail is seen in the command.
Commands of other calls go through, except where they share a batch with one of this call's.
Connections of production are not of this kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import redis
from redis import Connection

#: The longest outage that can be asked for, in seconds.
MOST_S = 60.0


class Outages:
    """The calls of this process whose commands fail, and until when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[bytes, float] = {}

    def begin(self, call_id: str, seconds: float) -> None:
        """From now on, for so long (at most `MOST_S`), commands about the call fail."""
        tag = f"{{{call_id}}}".encode()
        self._until[tag] = self._clock() + min(seconds, MOST_S)

    def check(self, packed: bytes | Iterable[bytes]) -> None:
        """Raise redis' `ConnectionError` where a command about such a call is among these."""
        if not self._until:
            return
        now = self._clock()
        self._until = {tag: until for tag, until in self._until.items() if until > now}
        data = packed if isinstance(packed, bytes) else b"".join(packed)
        if any(tag in data for tag in self._until):
            raise redis.ConnectionError("switched off for this call, to see what happens")


OUTAGES = Outages()


def breakable(kind: type[Connection]) -> type[Connection]:
    """The same kind of connection, for which `OUTAGES` are down."""
    return type(f"Breakable{kind.__name__}", (_Breakable, kind), {})


class _Breakable(Connection):
    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """As redis-py's, unless the command is about a call that has an outage."""
        OUTAGES.check(command if isinstance(command, bytes) else list(command))
        send: Any = super().send_packed_command  # untyped in redis-py
        send(command, check_health)
