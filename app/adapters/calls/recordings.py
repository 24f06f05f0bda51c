"""Keeps the flight records of all calls within their space: packed once written, oldest dropped.

A record is written as it comes, some entries a second. When nothing was added for a while it is
packed into one entry, about a tenth of the size; lines that come later follow it. Where all records
together are larger than `RECORDS_BYTES`, those not written for longest make room. What else is
known of their calls stays.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from redis import Redis

from app import logs
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.settings import Settings

log = logs.get(__name__)

#: A record that nothing was added to for so long is packed, and may be dropped.
IDLE_S = 60.0
#: Records packed in one sweep, so that a sweep is short.
MOST = 20
_LINES, _PACKED = b"lines", b"packed"

_HERE = Path(__file__).parent


def unpacked(entry: Mapping[bytes, bytes]) -> list[bytes]:
    """The lines of one entry of a record."""
    packed = entry.get(_PACKED)
    return (entry[_LINES] if packed is None else zlib.decompress(packed)).split(b"\n")


class RecordKeeper:
    """One sweep at a time is enough for all processes."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._most_bytes = settings.records_bytes
        self._keep_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self._pack = RedisScript(redis, load_script(_HERE, "pack_record"))

    @guarded
    def sweep(self, idle_s: float = IDLE_S) -> None:
        """Forget what has lapsed, make room, and pack what is written. Raises `Unavailable`."""
        now = float(self._redis.time()[0])  # the clock of the marks
        for index in (keys.OPEN_RECORDS, keys.PACKED_RECORDS):
            lapsed = cast(
                list[bytes], self._redis.zrangebyscore(index, "-inf", now - self._keep_s, 0, 500)
            )
            self._drop([name.decode() for name in lapsed])
        self._make_room(now - idle_s)
        written = cast(
            list[bytes],
            self._redis.zrangebyscore(keys.OPEN_RECORDS, "-inf", now - idle_s, 0, MOST),
        )
        for name in written:
            self._pack_one(name.decode())

    def _make_room(self, idle_since: float) -> None:
        sizes = cast(dict[bytes, bytes], self._redis.hgetall(keys.RECORD_SIZES))
        over = sum(map(int, sizes.values())) - self._most_bytes
        if over <= 0:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for index in (keys.OPEN_RECORDS, keys.PACKED_RECORDS):
            pipeline.zrangebyscore(index, "-inf", idle_since, withscores=True)
        idle = sorted(
            (score, name) for found in pipeline.execute() for name, score in found
        )  # the longest untouched first
        dropped = []
        for _, name in idle:
            if over <= 0:
                break
            over -= int(sizes.get(name, 0))
            dropped.append(name.decode())
        self._drop(dropped)
        if dropped:
            log.info("oldest flight records removed", extra={"records": len(dropped)})

    def _drop(self, call_ids: list[str]) -> None:
        if not call_ids:
            return
        pipeline = self._redis.pipeline()
        pipeline.delete(*map(keys.record, call_ids))
        pipeline.zrem(keys.OPEN_RECORDS, *call_ids)
        pipeline.zrem(keys.PACKED_RECORDS, *call_ids)
        pipeline.hdel(keys.RECORD_SIZES, *call_ids)
        pipeline.execute()

    def _pack_one(self, call_id: str) -> None:
        entries = cast(
            list[tuple[bytes, dict[bytes, bytes]]], self._redis.xrange(keys.record(call_id))
        )
        if not entries:
            self._drop([call_id])
            return
        lines = [line for _, entry in entries for line in unpacked(entry)]
        self._pack(
            keys={
                "record": keys.record(call_id),
                "open": keys.OPEN_RECORDS,
                "packed": keys.PACKED_RECORDS,
                "sizes": keys.RECORD_SIZES,
            },
            args={
                "last": entries[-1][0],
                "blob": zlib.compress(b"\n".join(lines), 6),
                "keep_s": self._keep_s,
                "call_id": call_id,
            },
        )
