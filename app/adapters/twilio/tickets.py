"""Warm transfers: how far a colleague has been asked, while the caller waits.

    ringing    the colleague's telephone rings, or they are being told what it is about
    accepted   they take the call: both are joined
    declined, no-answer, busy, failed
               they do not: the caller goes back to the agent
    gone       the caller has hung up

It leaves `ringing` once, whoever comes first: keys pressed, a status, the caller, or the clock.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

import orjson
import redis
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded

State = Literal["ringing", "accepted", "declined", "no-answer", "busy", "failed", "gone"]
TTL_S = 6 * 3600
#: Who fetches a caller back has so many seconds before somebody else may.
FETCH_S = 6


@dataclass(frozen=True, slots=True)
class Ticket:
    """One attempt to hand a call over.

    id: of this attempt. agent: as the call's addresses name it. brief: what the colleague is told.
    caller, called: the numbers of the caller's leg. tried: the targets before this one. times: how
    often the call was connected to a stream. at: Unix seconds. colleague: the SID of their leg.
    """

    id: str
    call_id: str
    target: str
    agent: str
    brief: str
    caller: str
    called: str
    tried: tuple[str, ...]
    times: int
    at: float
    state: State = "ringing"
    colleague: str = ""


@dataclass(frozen=True, slots=True)
class Tickets:
    """The newest attempt of each call. Methods raise `Unavailable` where Redis is away."""

    redis: Redis

    @guarded
    def open(self, ticket: Ticket) -> None:
        """Begin an attempt; the one before it is forgotten."""
        self.redis.set(keys.transfer(ticket.call_id), orjson.dumps(asdict(ticket)), ex=TTL_S)

    @guarded
    def get(self, call_id: str, ticket_id: str = "") -> Ticket | None:
        """The newest attempt; None if there is none, or it is not the one of that id."""
        return _read(self.redis.get(keys.transfer(call_id)), ticket_id)

    @guarded
    def claim_fetch(self, call_id: str) -> bool:
        """Whether the caller may be fetched back: nobody else is at it."""
        return bool(self.redis.set(keys.fetching(call_id), "1", nx=True, ex=FETCH_S))

    @guarded
    def fetch_failed(self, call_id: str) -> None:
        """Somebody else may try."""
        self.redis.delete(keys.fetching(call_id))

    @guarded
    def update(self, call_id: str, ticket_id: str, **to: Any) -> Ticket | None:
        """Change an attempt that still rings; None, and nothing is changed, if it does not."""
        key = keys.transfer(call_id)
        while True:
            with self.redis.pipeline(transaction=True) as pipeline:
                try:
                    pipeline.watch(key)  # type: ignore[no-untyped-call]
                    found = _read(pipeline.get(key), ticket_id)
                    if found is None or found.state != "ringing":
                        return None
                    changed = replace(found, **to)
                    pipeline.multi()
                    pipeline.set(key, orjson.dumps(asdict(changed)), ex=TTL_S)
                    pipeline.execute()
                except redis.WatchError:
                    continue
                return changed


def _read(blob: Any, ticket_id: str) -> Ticket | None:
    if blob is None:
        return None
    kept = cast(dict[str, Any], orjson.loads(blob))
    ticket = Ticket(**{**kept, "tried": tuple(kept["tried"])})
    return None if ticket_id and ticket.id != ticket_id else ticket
