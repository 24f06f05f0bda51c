"""The sound of calls in Redis: a stream of chunks for each, bounded in size and in time.

An entry's id is the position at which its chunk ends, so that any part is found without reading
what is before it. All recordings together stay within `RECORDINGS_BYTES`: those that would lapse
first make room. Every method raises `Unavailable` where Redis is away or full.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from redis import Redis

from app import logs
from app.adapters.redis import keys
from app.adapters.redis.client import guard, guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.core.record.sound import SoundChunk
from app.settings import Settings

#: One call may take this share of the space of all of them, and no more than that.
SHARE, MOST_BYTES = 2, 40_000_000
#: Chunks read at once, about a minute.
PAGE = 30

log = logs.get(__name__)
_HERE = Path(__file__).parent


class SoundStore:
    """All recordings, as every process sees them."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._all_bytes = settings.recordings_bytes
        self._most_bytes = min(MOST_BYTES, self._all_bytes // SHARE)
        self._summary_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self._keep = RedisScript(redis, load_script(_HERE, "keep_sound"))

    @guarded
    def keep(self, call_id: str, chunk: SoundChunk, keep_s: int) -> bool:
        """Add the next chunk; the recording is kept `keep_s` seconds from now, at most as long as
        its call. False where it is full and takes no more."""
        return bool(
            self._keep(
                keys={
                    "sound": keys.sound(call_id),
                    "summary": keys.summary(call_id),
                    "lapsing": keys.SOUND_LAPSING,
                    "sizes": keys.SOUND_SIZES,
                },
                args={
                    "at": chunk.end,
                    "length": chunk.length,
                    "caller": chunk.caller,
                    "agent": chunk.agent,
                    "most_bytes": self._most_bytes,
                    "keep_s": min(keep_s, self._summary_s),
                    "summary_s": self._summary_s,
                    "call_id": call_id,
                },
            )
        )

    @guarded
    def length(self, call_id: str) -> int:
        """How many samples the recording has; 0 where there is none."""
        last = cast(
            list[tuple[bytes, dict[bytes, bytes]]],
            self._redis.xrevrange(keys.sound(call_id), count=1),
        )
        return int(last[0][0].partition(b"-")[0]) if last else 0

    def chunks(self, call_id: str, first: int = 0, last: int | None = None) -> Iterator[SoundChunk]:
        """The chunks that hold the samples from `first` to `last`, in order."""
        start = f"{first + 1}"
        while True:
            with guard():
                found = cast(
                    list[tuple[bytes, dict[bytes, bytes]]],
                    self._redis.xrange(keys.sound(call_id), start, "+", count=PAGE),
                )
            for entry_id, entry in found:
                end, length = int(entry_id.partition(b"-")[0]), int(entry[b"length"])
                if last is not None and end - length >= last:
                    return
                yield SoundChunk(end, length, entry[b"caller"], entry[b"agent"])
            if len(found) < PAGE:
                return
            start = f"({found[-1][0].decode()}"

    @guarded
    def forget(self, *call_ids: str) -> int:
        """Remove recordings for good; how many there were."""
        if not call_ids:
            return 0
        pipeline = self._redis.pipeline()
        for call_id in call_ids:
            pipeline.delete(keys.sound(call_id))
        pipeline.zrem(keys.SOUND_LAPSING, *call_ids)
        pipeline.hdel(keys.SOUND_SIZES, *call_ids)
        return sum(pipeline.execute()[: len(call_ids)])

    @guarded
    def sweep(self) -> None:
        """Forget what has lapsed, and make room. One sweep at a time is enough for all."""
        now = int(self._redis.time()[0])
        lapsed = cast(
            list[bytes], self._redis.zrangebyscore(keys.SOUND_LAPSING, "-inf", now, 0, 500)
        )
        self.forget(*(name.decode() for name in lapsed))
        sizes = cast(dict[bytes, bytes], self._redis.hgetall(keys.SOUND_SIZES))
        over = sum(map(int, sizes.values())) - self._all_bytes
        dropped: list[str] = []
        if over > 0:
            for name in cast(list[bytes], self._redis.zrange(keys.SOUND_LAPSING, 0, -1)):
                if over <= 0:
                    break
                over -= int(sizes.get(name, 0))
                dropped.append(name.decode())
        if self.forget(*dropped):
            log.info("oldest recordings removed", extra={"recordings": len(dropped)})
