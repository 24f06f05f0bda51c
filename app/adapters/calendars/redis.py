"""The embedded calendar: appointments in Redis, shared by all processes and machines.

Every write is one script that compares, checks for conflicts and writes in one step, so two
callers racing for a slot cannot both get it. Keys (all under one hash tag, all with a TTL that each
write renews; what ended more than `KEEP` ago is dropped as new things are written):

- ``calendar:{name}:events``  hash, id -> appointment as JSON
- ``calendar:{name}:times``   hash, id -> "start end before after blocks resource", seconds, 0 or 1,
  and the resource it takes, which older entries lack
- ``calendar:{name}:starts``  sorted set, id by start in Unix seconds
- ``calendar:{name}:meta``    hash: `longest` event in seconds, `blocks` version
- ``calendar:{name}:blocks``  hash, id -> time blocked by hand (`app.adapters.calendars.blocks`)
- ``calendar:{name}:phone:<hash>``  set of ids
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import orjson
import redis
from redis import Redis

from app.adapters.calendars import blocks
from app.adapters.calendars.failures import changing
from app.adapters.calendars.occurrences import EventReports
from app.adapters.redis.scripts import RedisScript, load_script
from app.core.booking.appointment import Appointment, Busy, Draft, Place
from app.errors import BookingNotFound, CalendarBusy, CalendarDown, SlotTaken

KEEP = dt.timedelta(days=40)
"""How long an appointment is kept after its end, for the feed and for late repeats."""
TTL_S = 800 * 24 * 3600
MAX_BUFFER = dt.timedelta(minutes=240)
MAX_TRIES = 20

T = TypeVar("T")


class RedisCalendar:
    """A calendar that lives in Redis. `zone` is the business's, for all-day blocks."""

    def __init__(
        self,
        client: Redis,
        zone: ZoneInfo,
        name: str = "main",
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._redis = client
        self._zone = zone
        self._clock = clock
        self._tag = f"calendar:{{{name}}}"
        self._name = name
        self._reports = EventReports()
        self._commit = RedisScript(client, load_script(Path(__file__).parent, "commit"))
        self._taken = RedisScript(client, load_script(Path(__file__).parent, "busy"))

    # What the protocol asks for

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Return appointments and blocked time between `start` and `end`."""
        keys = {what: self._key(what) for what in ("times", "starts", "meta")}
        args = {"start": _seconds(start), "finish": math.ceil(end.timestamp())}
        found: list[bytes] = self._ask(lambda: self._taken(keys=keys, args=args))
        ids, lines = (text.decode().split("\n") for text in found)
        items = map(_busy_of, ids, lines)
        taken = [item for item in items if item and item.start < end and start < item.end]
        _, blocked = self._blocks()
        if blocked:
            taken += blocks.expand(blocked, start, end, self._zone, self._reports)
            taken.sort(key=lambda item: item.start)
        return taken

    def book(self, draft: Draft, key: str) -> Appointment:
        """Write an appointment; the same key again gives the same one."""
        event_id = self._id_of(key)
        for _ in range(MAX_TRIES):
            made = Appointment.made(event_id, f"{event_id}@callsmith", draft, key, self._clock())
            written, current = self._write(made, b"", check=True, places=draft.places)
            if written is not None:
                return written
            if current:
                return _appointment(current)
        raise CalendarBusy("the calendar changes too fast")

    def move(self, event_id: str, draft: Draft, key: str) -> Appointment:
        """Give an appointment new time and details."""
        return self._change(
            event_id, key, lambda old: old.moved(draft, key, self._clock()), draft.places
        )

    def cancel(self, event_id: str, key: str, asked_at: float = 0.0) -> Appointment:
        """Cancel an appointment; it stays visible as cancelled."""
        return self._change(event_id, key, lambda old: old.called_off(key, asked_at, self._clock()))

    def fence(self, event_id: str, asked_at: float) -> Appointment | None:
        """Refuse every later change asked for before `asked_at`."""
        try:
            return self._change(event_id, "", lambda old: old.fenced(asked_at))
        except BookingNotFound:
            return None

    def get(self, event_id: str) -> Appointment | None:
        """Return an appointment as it is now."""
        blob = self._blob(event_id)
        return _appointment(blob) if blob else None

    def made_by(self, key: str, *, around: dt.datetime) -> Appointment | None:
        """Return the appointment that was made under `key`."""
        return self.get(self._id_of(key))

    def find(self, phone: str, *, after: dt.datetime) -> list[Appointment]:
        """Return the standing appointments of a number that end after `after`."""
        if not phone:
            return []
        key = self._phone(phone)
        ids = self._ask(lambda: self._redis.smembers(key))
        found = [a for a in self._load(ids) if not a.cancelled and a.end > after]
        return sorted((a for a in found if a.phone == phone), key=lambda a: a.start)

    def events(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        """Return the appointments that touch `start`..`end`, cancelled ones included."""
        return self._between(start, end)

    def everything(self) -> list[Appointment]:
        """Return all appointments that are kept, in no order."""
        found = self._ask(lambda: self._redis.hvals(self._key("events")))
        return [_appointment(blob) for blob in found]

    # What a person or a program may add by hand

    def block(self, block: blocks.Block) -> None:
        """Keep time free of appointments: once, all day, or recurring."""

        def write() -> None:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(self._key("blocks"), block.id, orjson.dumps(block.to_json()))
                pipeline.hincrby(self._key("meta"), "blocks", 1)
                for what in ("blocks", "meta"):
                    pipeline.expire(self._key(what), TTL_S)
                pipeline.execute()

        self._ask(write)

    def unblock(self, block_id: str) -> bool:
        """Remove a block; tell whether there was one."""

        def remove() -> bool:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.hdel(self._key("blocks"), block_id)
                pipeline.hincrby(self._key("meta"), "blocks", 1)
                return bool(pipeline.execute()[0])

        return self._ask(remove)

    def blocked(self) -> list[blocks.Block]:
        """Return all blocks, in order of their start."""
        return sorted(self._blocks()[1], key=lambda block: block.start)

    # Inside

    def _change(
        self,
        event_id: str,
        key: str,
        change: Callable[[Appointment], Appointment],
        places: tuple[Place, ...] = (),
    ) -> Appointment:
        blob = self._blob(event_id)
        for _ in range(MAX_TRIES):
            if not blob:
                raise BookingNotFound
            old = _appointment(blob)
            if key and key in old.applied:
                return old
            new = change(old)
            if new == old:
                return old
            check = not new.cancelled and (bool(places) or _times(new) != _times(old))
            written, current = self._write(new, blob, check=check, places=places)
            if written is not None:
                return written
            blob = current or blob
        raise CalendarBusy("the calendar changes too fast")

    def _write(
        self, new: Appointment, expected: bytes, *, check: bool, places: tuple[Place, ...]
    ) -> tuple[Appointment | None, bytes]:
        """Commit one appointment, with `check` only where nothing is in the way.

        Gives it as it is written, with the first of the `places` that is free; or None and what is
        there instead of `expected`, empty to try again.
        """
        version, blocked = self._blocks()
        held: list[Busy] = []
        if check and blocked:
            around = blocks.expand(
                blocked, new.start - MAX_BUFFER, new.end + MAX_BUFFER, self._zone, self._reports
            )
            held = [b for b in around if b.blocks(new.start, new.end, new.before, new.after)]
            if any(not (places and item.resource) for item in held):
                if not expected and (there := self.get(new.id)):
                    return None, orjson.dumps(there.to_json())
                raise SlotTaken
        keys = {what: self._key(what) for what in ("events", "times", "starts", "meta")}
        keys["phone"] = self._phone(new.phone) if new.phone else ""
        args = {
            "id": new.id,
            "expected": expected,
            "new": orjson.dumps(new.to_json()),
            "start": int(new.start.timestamp()),
            "finish": int(new.end.timestamp()),
            "before": new.before * 60,
            "after": new.after * 60,
            "takes_time": int(not new.cancelled),
            "blocks": version,
            "ttl_s": TTL_S,
            "oldest": int((self._clock() - KEEP).timestamp()),
            "margin": int(MAX_BUFFER.total_seconds()),
            "check": int(check),
            "places": orjson.dumps([[place.resource, place.capacity] for place in places]),
            "resource": new.resource,
            "held": orjson.dumps(
                [[_seconds(b.start), _seconds(b.end), b.resource] for b in held if b.resource]
            ),
        }
        with changing():
            status, told = self._ask(lambda: self._commit(keys=keys, args=args))
        if status == b"taken":
            raise SlotTaken
        if status != b"ok":
            return None, told
        return replace(new, resource=told.decode()), b""

    def _between(self, start: dt.datetime, end: dt.datetime) -> list[Appointment]:
        def read() -> Any:
            longest = int(self._redis.hget(self._key("meta"), "longest") or 0)
            earliest = int(start.timestamp()) - longest
            return self._redis.zrangebyscore(self._key("starts"), earliest, int(end.timestamp()))

        found = self._load(self._ask(read))
        near = [a for a in found if a.start < end and start < a.end]
        return sorted(near, key=lambda a: (a.start, a.id))

    def _blob(self, event_id: str) -> bytes | None:
        return cast(
            bytes | None, self._ask(lambda: self._redis.hget(self._key("events"), event_id))
        )

    def _load(self, ids: Iterable[bytes | str]) -> list[Appointment]:
        wanted = list(ids)
        if not wanted:
            return []
        found = self._ask(lambda: self._redis.hmget(self._key("events"), wanted))
        return [_appointment(blob) for blob in found if blob]

    def _blocks(self) -> tuple[str, list[blocks.Block]]:
        def read() -> Any:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.hget(self._key("meta"), "blocks")
                pipeline.hvals(self._key("blocks"))
                return pipeline.execute()

        version, found = self._ask(read)
        return (version or b"0").decode(), [
            blocks.Block.from_json(orjson.loads(blob)) for blob in found
        ]

    def _key(self, what: str) -> str:
        return f"{self._tag}:{what}"

    def _phone(self, phone: str) -> str:
        return self._key(f"phone:{hashlib.sha256(phone.encode()).hexdigest()[:24]}")

    def _id_of(self, key: str) -> str:
        return hashlib.sha256(f"{self._name}|{key}".encode()).hexdigest()[:24]

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the calendar's store cannot be reached") from error


def hand_over(appointment: Appointment, source: RedisCalendar, target: RedisCalendar) -> None:
    """Move an appointment, with its id, from one calendar to another. Repeated, and side by side
    in two processes, it does the same; if it is cut short the appointment is in both."""
    for _ in range(MAX_TRIES):
        written, there = target._write(appointment, b"", check=False, places=())
        if written is not None or there:
            break
    else:
        raise CalendarBusy("the calendar changes too fast")

    def remove() -> None:
        with source._redis.pipeline(transaction=True) as pipeline:
            for what in ("events", "times"):
                pipeline.hdel(source._key(what), appointment.id)
            pipeline.zrem(source._key("starts"), appointment.id)
            if appointment.phone:
                pipeline.srem(source._phone(appointment.phone), appointment.id)
            pipeline.execute()

    source._ask(remove)


def _times(appointment: Appointment) -> tuple[Any, ...]:
    span = (appointment.start, appointment.end, appointment.before, appointment.after)
    return (*span, appointment.resource)


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())


@lru_cache(maxsize=32_768)
def _busy_of(event_id: str, times: str) -> Busy | None:
    """What takes time, from a line of the script `busy`; None where nothing does. Lines stay as
    they are until an appointment is changed, so most are known from the last look."""
    if not times:
        return None
    start, end, before, after, takes_time, *resource = times.split(" ", 5)
    if takes_time == "0":
        return None
    return Busy(
        _moment(start),
        _moment(end),
        int(before) // 60,
        int(after) // 60,
        event_id,
        resource[0] if resource else "",
    )


@lru_cache(maxsize=4096)
def _moment(seconds: str) -> dt.datetime:
    """An instant from its Unix seconds; appointments of many share it."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def _appointment(blob: bytes | str) -> Appointment:
    return Appointment.from_json(orjson.loads(blob))
