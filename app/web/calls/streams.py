"""Server-sent events: how many of a process's pages listen, and what all of them are told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from gevent.lock import BoundedSemaphore
from redis import Redis

from app.adapters.calls.query import VALUE_CHARS
from app.adapters.calls.store import CallStore
from app.adapters.calls.story import owner_of, value
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.errors import TooMany
from app.security.scope import EVERYTHING, Scope
from app.web.calls.masked import masked

#: Live calls that are shown at most, the newest ones.
SHOWN = 500
#: Live calls that are read at once at most. Where more go on, each business's own are read apart.
READ = 2000
#: One business's pages may have this share of a process's streams.
SHARE = 4
#: The list is read at most so often, however many pages show it.
FRESH_S = 0.9
_FIELDS = (
    "agent", "business", "channel", "from_number", "started_at", "first_at", "turns_count",
    "last_intent", "pending_action", "caller_spoke_at", "outcome", "status", "agent_ref",
)  # fmt: skip

Decoded = dict[bytes, tuple[list[bytes | None], dict[str, Any]]]
"""Calls by id: the fields as Redis has them, and the row that was made of them."""


class Streams:
    """Counts the streams of one process, and those of each business."""

    def __init__(self) -> None:
        self._open: Counter[str | None] = Counter()

    def limited(self, source: Iterator[bytes], most: int, scope: Scope) -> Iterator[bytes]:
        """`source`, counted from now until it ends. Raises `TooMany` where there are `most`, or
        where a business has its share of them."""
        mine = scope.business
        full = mine is not None and self._open[mine] >= max(1, most // SHARE)
        if full or self._open.total() >= most:
            raise TooMany("too many pages listen to this process", retry_after=5)
        self._open[mine] += 1
        return self._counted(source, mine)

    def _counted(self, source: Iterator[bytes], mine: str | None) -> Iterator[bytes]:
        try:
            yield from source
        finally:
            self._open[mine] -= 1
            self._open += Counter()  # drops those that have none


class News:
    """What one page was told of the live calls, and what is new to it."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Any]] | None = None

    def of(self, found: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """The event for a page, by its name: `calls` with all of them at first, then `changed` with
        ``{"live": how many, "changed": [calls, the newest first], "gone": [ids]}``; None where
        nothing has changed."""
        before, now = self._told, {row["call_id"]: row for row in found["calls"]}
        self._told = now
        if before is None:
            return "calls", found
        changed = [row for call_id, row in now.items() if before.get(call_id) != row]
        gone = [call_id for call_id in before if call_id not in now]
        if not changed and not gone:
            return None
        return "changed", {"live": found["live"], "changed": changed, "gone": gone}

    def forget(self) -> None:
        """The page has to be told everything anew."""
        self._told = None


class LiveCalls:
    """The calls that go on in all processes, read once for all pages of this one."""

    def __init__(
        self, redis: Redis, calls: CallStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._calls = calls
        self._clock = clock
        self._reading = BoundedSemaphore(1)
        self._read_at = float("-inf")
        self._rows: dict[str, Any] = {}
        self._own_rows: dict[str, dict[str, Any]] = {}
        self._decoded: Decoded = {}

    def rows(self, scope: Scope = EVERYTHING) -> dict[str, Any]:
        """``{"live": how many, "calls": [fields of each, the newest first]}`` of what may be seen.
        Raises `Unavailable` where Redis is away."""
        with self._reading:
            if self._clock() - self._read_at >= FRESH_S:
                self._rows, self._own_rows = self._read(), {}
                self._read_at = self._clock()
            found = self._rows if scope.business is None else self._own(scope.business)
        return {**found, "calls": found["calls"][:SHOWN]}

    def count(self, scope: Scope) -> int:
        """How many of the calls that may be seen go on. Raises `Unavailable`."""
        return self._calls.active() if scope.is_all else int(self.rows(scope)["live"])

    def _own(self, business: str) -> dict[str, Any]:
        """The same of one business, of the same moment."""
        found = self._own_rows.get(business)
        if found is None:
            if len(self._decoded) < READ:
                scope = Scope(business)
                mine = [row for row in self._rows["calls"] if scope.holds(owner_of(row))]
                found = {"live": len(mine), "calls": mine}
            else:
                found = self._read_own(business)
            self._own_rows[business] = found
        return found

    @guarded
    def _read(self) -> dict[str, Any]:
        live = self._calls.active()
        ids = cast(list[bytes], self._redis.zrange(keys.LIVE_CALLS, 0, READ - 1, desc=True))
        self._decoded = self._decode(ids)
        return {"live": live, "calls": _newest_first(self._decoded)}

    @guarded
    def _read_own(self, business: str) -> dict[str, Any]:
        """Read the calls of a business alone: others have so many that its own may be left out."""
        own = keys.calls_by("business", business[:VALUE_CHARS])
        ids = cast(list[bytes], self._redis.zinter({keys.LIVE_CALLS: 1, own: 0}))
        scope, newest = Scope(business), self._decode(ids[::-1][:READ])
        mine = [row for row in _newest_first(newest) if scope.holds(owner_of(row))]
        return {"live": len(ids) - len(newest) + len(mine), "calls": mine}

    def _decode(self, ids: Sequence[bytes]) -> Decoded:
        """The rows of these calls. What is as it was is not decoded again: most calls have not
        changed in a second."""
        pipeline = self._redis.pipeline(transaction=False)
        for call_id in ids:
            pipeline.hmget(keys.summary(call_id.decode()), list(_FIELDS))
        answers = pipeline.execute() if ids else ()
        decoded: Decoded = {}
        for call_id, found in zip(ids, answers, strict=True):
            before = self._decoded.get(call_id)
            row = before[1] if before and before[0] == found else _row(call_id.decode(), found)
            decoded[call_id] = found, row
        return decoded


def _newest_first(decoded: Decoded) -> list[dict[str, Any]]:
    rows = [row for _, row in decoded.values()]
    return sorted(rows, key=lambda row: row.get("started_at") or 0, reverse=True)


def _row(call_id: str, found: list[bytes | None]) -> dict[str, Any]:
    fields = {
        name: value(blob) for name, blob in zip(_FIELDS, found, strict=True) if blob is not None
    }
    fields.setdefault("started_at", fields.pop("first_at", None))
    fields["from_number"] = masked(fields.get("from_number"))
    return {"call_id": call_id, **fields}
