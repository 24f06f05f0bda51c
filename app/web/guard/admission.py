"""The connections of one process: who is let in, and who makes room.

A connection is a stranger's until a request on it has shown a signature or token that is right.
Strangers who keep us waiting (silent, half a request, half a body) make room, the one that has kept
us waiting longest first, as soon as the process has no room left: so health checks, webhooks and
new calls always come in. Where a stranger's address is its own and not a proxy's, it may have a
bounded number of connections.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Protocol

import gevent

#: Connections that one address may hold as a stranger.
PER_ADDRESS = 64
#: A stranger that has been served for so long without end (it does not read) makes room as well.
SERVED_S = 15.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Droppable(Protocol):
    """A connection as admission needs it."""

    def shutdown(self, how: int, /) -> None:
        """Make reads and writes end."""


class State(Enum):
    """What a connection is at: it keeps us waiting for a request or its body, or we serve it."""

    WAITING = "waiting"
    SERVED = "served"


class Visitor:
    """One connection. Told of what happens on it; does nothing once it has left."""

    __slots__ = ("_admission", "address", "proven", "requests", "since", "sock", "state")

    def __init__(self, admission: Admission, sock: Droppable, address: str) -> None:
        self._admission = admission
        self.sock = sock
        self.address = address
        self.state = State.WAITING
        self.since = 0.0
        self.proven = False
        self.requests = 0

    def waits(self) -> None:
        """We wait for it: for a request, or for the rest of a body."""
        self._admission._changed(self, State.WAITING)

    def is_served(self) -> None:
        """It waits for us."""
        self._admission._changed(self, State.SERVED)

    def prove(self) -> None:
        """A signature or token was right: it is no stranger any more."""
        self._admission._proven(self)


class Admission:
    """All connections of one process, `most` at once. `trusted` are the networks of proxies, whose
    addresses are not their callers'."""

    def __init__(
        self,
        *,
        most: int = 1000,
        per_address: int = PER_ADDRESS,
        trusted: Iterable[Network] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self._per_address = per_address
        self._trusted = tuple(trusted)
        self._clock = clock
        self._strangers: OrderedDict[Visitor, None] = OrderedDict()
        self._known: OrderedDict[Visitor, None] = OrderedDict()
        self._by_address: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._strangers) + len(self._known)

    def enter(self, sock: Droppable, address: str) -> Visitor | None:
        """A connection has come; None where it must be turned away."""
        own = "" if self.is_proxy(address) else address
        if own and self._by_address.get(own, 0) >= self._per_address:
            return None
        if len(self) >= self.most and not self._make_room():
            return None
        visitor = Visitor(self, sock, own)
        visitor.since = self._clock()
        self._strangers[visitor] = None
        if own:
            self._by_address[own] = self._by_address.get(own, 0) + 1
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """The connection is closed; a second call does nothing."""
        if visitor in self._strangers:
            del self._strangers[visitor]
            self._forget_address(visitor)
        else:
            self._known.pop(visitor, None)

    def is_proxy(self, address: str) -> bool:
        """Whether an address is a proxy's, or none at all (a unix socket)."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return True
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._trusted)

    def caller(self, peer: str, forwarded: str | None) -> str:
        """The address a request comes from: the peer's, or where that is a proxy's the last one in
        `X-Forwarded-For` that is not."""
        if not self.is_proxy(peer):
            return peer
        for part in reversed((forwarded or "")[-500:].split(",")):
            address = part.strip()
            if address and not self.is_proxy(address):
                return address
        return peer

    def _changed(self, visitor: Visitor, state: State) -> None:
        visitor.state = state
        visitor.since = self._clock()
        group = self._known if visitor.proven else self._strangers
        if visitor in group:
            group.move_to_end(visitor)

    def _proven(self, visitor: Visitor) -> None:
        if not visitor.proven and visitor in self._strangers:
            del self._strangers[visitor]
            self._forget_address(visitor)
            visitor.proven = True
            self._known[visitor] = None

    def _make_room(self) -> bool:
        """Drop the connection that has kept us waiting longest; False where none does."""
        now = self._clock()
        for visitor in self._strangers:
            if visitor.state is State.WAITING or now - visitor.since > SERVED_S:
                return self._drop(visitor)
        for visitor in self._known:
            if visitor.state is State.WAITING:
                return self._drop(visitor)
        return False

    def _drop(self, visitor: Visitor) -> bool:
        self.leave(visitor)
        try:
            visitor.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        return True

    def _forget_address(self, visitor: Visitor) -> None:
        left = self._by_address.get(visitor.address, 0) - 1
        if left > 0:
            self._by_address[visitor.address] = left
        else:
            self._by_address.pop(visitor.address, None)


def visitor() -> Visitor | None:
    """The connection that the running greenlet serves, None outside the server."""
    found: Visitor | None = getattr(gevent.getcurrent(), "visitor", None)
    return found


def prove() -> None:
    """The request that is being served has shown that it may: its connection is known."""
    found = visitor()
    if found is not None:
        found.prove()
