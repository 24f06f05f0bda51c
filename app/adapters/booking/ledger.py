"""The booking ledger of a call in Redis, and the index of a caller's bookings.

A save is one transaction: the ledger if nobody changed it meanwhile, what people see of it, the
caller's index, and the job that tells others what changed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import redis
from redis import Redis

from app.adapters import queue
from app.adapters.job_names import ANNOUNCE
from app.adapters.redis import keys
from app.core.agent.reference import AgentRef
from app.core.booking.appointment import with_resource
from app.core.booking.ledger import Booking, Ledger
from app.core.language.phone_numbers import number_hash
from app.errors import CalendarDown

MAX_CALLER_BOOKINGS = 50


@dataclass(frozen=True, slots=True)
class LedgerStore:
    """The ledger of one call. `ttl_s` is how long it outlives its last change."""

    redis: Redis
    call_id: str
    caller_number: str
    who: AgentRef
    ttl_s: int

    def load(self) -> tuple[Ledger, int]:
        """Give the ledger and its version; an empty one at first."""
        try:
            version, blob = self.redis.hmget(keys.bookings(self.call_id), "version", "ledger")
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the booking record cannot be reached") from error
        if not blob:
            return Ledger(), 0
        return Ledger.from_json(orjson.loads(blob)), int(version or 0)

    def save(self, old: Ledger, new: Ledger, version: int) -> bool:
        """Save `new` if the version is still that of `old`; tell whether it was saved."""
        key = keys.bookings(self.call_id)
        try:
            with self.redis.pipeline(transaction=True) as pipeline:
                pipeline.watch(key)  # type: ignore[no-untyped-call]
                current = pipeline.hget(key, "version")
                if int(current or 0) != version:
                    return False
                pipeline.multi()
                self._write(pipeline, key, old, new, version)
                pipeline.execute()
        except redis.WatchError:
            return False
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the booking record cannot be reached") from error
        return True

    def _write(self, pipeline: Any, key: str, old: Ledger, new: Ledger, version: int) -> None:
        pipeline.hset(
            key,
            mapping={
                "version": version + 1,
                "ledger": orjson.dumps(new.to_json()),
                "public": orjson.dumps(public(new)),
            },
        )
        pipeline.expire(key, self.ttl_s)
        for kind, booking in changes(old, new, self.call_id):
            for number in {self.caller_number, booking.phone} - {""}:
                index(pipeline, self.who.business, number, booking, self.ttl_s)
            change = {
                "id": change_id(kind, booking),
                "kind": kind,
                "booking": booking.to_json(),
                "call_id": self.call_id,
                "caller_number": self.caller_number,
                **self.who.to_json(),
            }
            queue.enqueue(pipeline, ANNOUNCE, (change,), about=f"tell of a booking: {kind}")


def changes(old: Ledger, new: Ledger, call_id: str) -> list[tuple[str, Booking]]:
    """What others should be told: `(created | moved | cancelled, booking)` each.

    A booking of an earlier call that comes into this call's ledger was moved or cancelled by it.
    """
    found = []
    for key, booking in new.bookings.items():
        before = old.bookings.get(key)
        earlier = before is None and booking.call_id != call_id
        if not booking.stands:
            if earlier or (before is not None and before.stands):
                found.append(("cancelled", booking))
        elif earlier:
            found.append(("moved", booking))
        elif before is None or not before.stands:
            found.append(("created", booking))
        elif _details(before) != _details(booking):
            found.append(("moved", booking))
    return found


def change_id(kind: str, booking: Booking) -> str:
    """A stable name of one change, so that whoever is told twice can see it."""
    text = f"{booking.uid}|{kind}|{_details(booking)}|{booking.asked_at}"
    return f"chg-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def public(ledger: Ledger) -> list[dict[str, Any]]:
    """The call's bookings as people see them, in order of start; times on the business's clock."""
    shown = [show(booking) for booking in ledger.bookings.values()]
    for wish in ledger.wishes.values():
        if wish.noted and wish.state == "pending":
            shown.append(
                {
                    "id": None,
                    "status": "noted",
                    "name": wish.name,
                    "service": wish.service,
                    "start": wish.start,
                }
            )
    return sorted(shown, key=lambda item: str(item["start"]))


def show(booking: Booking) -> dict[str, Any]:
    """One booking as people see it."""
    zone = ZoneInfo(booking.time_zone)
    return {
        "id": booking.id,
        "status": "booked" if booking.stands else "cancelled",
        "name": booking.name,
        "service": booking.service,
        **with_resource(booking.resource, booking.party_size),
        "start": booking.starts.astimezone(zone).isoformat(),
        "end": dt.datetime.fromisoformat(booking.end).astimezone(zone).isoformat(),
        "time_zone": booking.time_zone,
        "uid": booking.uid,
        "event_id": booking.event_id,
    }


def read(client: Redis, call_id: str) -> list[dict[str, Any]]:
    """The call's bookings as people see them; see `show`."""
    blob = client.hget(keys.bookings(call_id), "public")
    found: list[dict[str, Any]] = orjson.loads(blob) if blob else []
    return found


def index(pipeline: Any, business: str, number: str, booking: Booking, ttl_s: int) -> None:
    """Add the commands that put a booking into its caller's index."""
    key = keys.caller_bookings(business, number_hash(number))
    ends = dt.datetime.fromisoformat(booking.end).timestamp()
    pipeline.hset(key, booking.id, orjson.dumps(booking.to_json()))
    pipeline.expire(key, ttl_s, nx=True)
    pipeline.expireat(key, int(ends) + ttl_s, gt=True)


def of_caller(
    client: Redis, business: str, numbers: Sequence[str], *, only_business: bool
) -> list[Booking]:
    """The bookings of a caller's number with a business, the latest first.

    numbers: the number as E.164, and as the channel wrote it. Entries of earlier releases lie under
    the number alone, however it was written; they say no business and count as the one there is,
    where there is only one. Of an index that is too long the oldest are dropped.
    """
    told = [number for number in dict.fromkeys(numbers) if number]
    wanted = [keys.caller_bookings(business, number_hash(number)) for number in told[:1]]
    if only_business:
        wanted += [keys.unscoped_caller_bookings(number_hash(number)) for number in told]
    found: dict[str, Booking] = {}
    try:
        for key in wanted:
            held = [Booking(**orjson.loads(blob)) for blob in client.hvals(key)]
            held.sort(key=lambda booking: booking.start, reverse=True)
            extra = [booking.id for booking in held[MAX_CALLER_BOOKINGS:]]
            if extra:
                client.hdel(key, *extra)
            for booking in held[:MAX_CALLER_BOOKINGS]:
                found.setdefault(booking.id, booking)
    except (redis.RedisError, OSError) as error:
        raise CalendarDown("the booking record cannot be reached") from error
    return sorted(found.values(), key=lambda booking: booking.start, reverse=True)


def _details(booking: Booking) -> tuple[str, ...]:
    details = (booking.start, booking.end, booking.service, booking.name)
    more = with_resource(booking.resource, booking.party_size)
    return (*details, *(str(value) for value in more.values()))
