"""What a call has been offered and shown: only that can be booked, moved or cancelled in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import redis
from redis import Redis

from app.adapters.redis import keys
from app.core.booking import slot_ids
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import BookingRules
from app.core.booking.slots import Slot
from app.errors import CalendarDown

TTL_S = 6 * 3600
MAX_FIELDS = 400


@dataclass(frozen=True, slots=True)
class Offered:
    """The offers of one call."""

    redis: Redis
    call_id: str

    def add_slots(self, slots: Sequence[Slot], rules: BookingRules) -> None:
        """Remember that these slots were offered."""
        order = {service.id: index for index, service in enumerate(rules.services)}
        self._add(
            {
                slot_ids.make(
                    self.call_id, slot.start, order[slot.service], slot.asked.mark
                ): _written(slot)
                for slot in slots
            }
        )

    def slot(self, slot_id: str) -> Slot | None:
        """Return an offered slot; None if it never was offered in this call."""
        blob = self._get(slot_ids.normal(slot_id))
        if blob is None:
            return None
        start, end, service, *asked = orjson.loads(blob)
        return Slot(
            dt.datetime.fromisoformat(start),
            dt.datetime.fromisoformat(end),
            service,
            Asked(tuple(asked[0]), *asked[1:]) if asked else NOTHING_ASKED,
        )

    def add_bookings(self, events: dict[str, str]) -> None:
        """Remember bookings (id -> event id) whose holder has been checked in this call."""
        self._add({f"known:{key}": event_id.encode() for key, event_id in events.items()})

    def event_of(self, booking_id: str) -> str | None:
        """Return the event of a booking whose holder has been checked in this call."""
        blob = self._get(f"known:{booking_id}")
        return blob.decode() if blob is not None else None

    def asked_before(self, slot: Slot, asking: str, turns: int) -> bool:
        """Tell whether this slot was read back to the caller before, and the caller has spoken.

        `asking` names this request; `turns` counts what the caller said, 0 where it is not known.
        """
        field = f"asked:{slot.start.isoformat()}|{slot.service}"
        before = self._get(field)
        if before is not None:
            request, _, said = before.decode().rpartition(" ")
            if request != asking and (not turns or turns > int(said)):
                return True
        if before is None:
            self._add({field: f"{asking} {turns}".encode()})
        return False

    def answered(self, subject: str, asking: str, evidence: str, last_words: str) -> bool:
        """Tell whether the caller has spoken since `subject` was held against the model for the
        same `evidence`. `asking` names this request, `last_words` are the caller's newest."""
        field = f"said:{subject}"
        before = self._get(field)
        if before is not None:
            request, shown, words = orjson.loads(before)
            if request != asking and shown == evidence:
                return bool(words != last_words)
        self._add({field: orjson.dumps([asking, evidence, last_words])})
        return False

    def once(self, name: str) -> bool:
        """Tell whether this is the first time `name` is asked about in this call."""
        if self._get(f"once:{name}") is not None:
            return False
        self._add({f"once:{name}": b"1"})
        return True

    def _add(self, fields: dict[str, bytes]) -> None:
        if not fields:
            return
        key = keys.offers(self.call_id)
        try:
            with self.redis.pipeline(transaction=True) as pipeline:
                pipeline.hlen(key)
                pipeline.hset(key, mapping=fields)  # type: ignore[arg-type]
                pipeline.expire(key, TTL_S)
                length = pipeline.execute()[0]
            if length > MAX_FIELDS:
                self.redis.delete(key)
                self.redis.hset(key, mapping=fields)  # type: ignore[arg-type]
                self.redis.expire(key, TTL_S)
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the offered slots cannot be reached") from error

    def _get(self, field: str) -> bytes | None:
        try:
            found: bytes | None = self.redis.hget(keys.offers(self.call_id), field)  # type: ignore[assignment]
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the offered slots cannot be reached") from error
        return found


def _written(slot: Slot) -> bytes:
    """A slot as it is remembered; what was asked for beside the time only where anything was."""
    asked = slot.asked
    more = [] if asked == NOTHING_ASKED else [asked.resources, asked.anyone, asked.party_size]
    return orjson.dumps([slot.start.isoformat(), slot.end.isoformat(), slot.service, *more])
