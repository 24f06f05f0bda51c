"""Which calls a word was said in: for each word and week, the seconds at which such calls began.

A second takes four bytes, so that a call of 150 different words costs 600 bytes beside the 10 kB of
its story, and a word said in all of 100,000 calls is read in one answer of 400 kB. What is found
are seconds: the calls that began in them are read and looked at by whoever asked. Keys hold a
digest of a word, so that no name or number lies in Redis beyond the call's own keys.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.scripts import RedisScript, load_script

WEEK_S = 7 * 86_400
_SIZE = 4
_HERE = Path(__file__).parent


class WordIndex:
    """Files and finds words. `keep_s` is how long a call is kept."""

    def __init__(self, redis: Redis, keep_s: int) -> None:
        self._redis = redis
        self._keep_s = keep_s
        self._file = RedisScript(redis, load_script(_HERE, "file_words"))

    def file(self, call_id: str, began: float, words: Collection[str]) -> bool:
        """Have a call found by these words; False where it is already."""
        second = int(began)
        listed = sorted(words)
        return bool(
            self._file(
                keys={"work": keys.report_work(call_id)},
                args={
                    "digest": _digest("\n".join(listed)),
                    "second": second,
                    "work_s": self._keep_s,
                    "keep_s": self._keep_s + WEEK_S,
                },
                rest=[_key(second, word) for word in listed],
            )
        )

    def seconds(self, words: Iterable[str], low: float, high: float) -> Iterator[int]:
        """The seconds from `low` to `high` at which calls with all of the words began, the newest
        first, some of them twice. Weeks are read as they are needed."""
        wanted = list(words)
        for week in range(int(high) // WEEK_S, int(low) // WEEK_S - 1, -1):
            pipeline = self._redis.pipeline(transaction=False)
            for word in wanted:
                pipeline.get(_key(week * WEEK_S, word))
            found = _of_all(cast(list[bytes | None], pipeline.execute()))
            first, last = bisect_left(found, int(low)), bisect_right(found, high)
            yield from reversed(found[first:last])


def _of_all(blobs: Sequence[bytes | None]) -> list[int]:
    """The seconds that all of these have, in order. They were added nearly in order, which makes
    sorting quick."""
    if not all(blobs):
        return []
    rarest, *others = sorted((blob for blob in blobs if blob), key=len)
    found = struct.unpack(f">{len(rarest) // _SIZE}I", rarest)
    if not others:
        return sorted(found)
    sets = [set(struct.unpack(f">{len(blob) // _SIZE}I", blob)) for blob in others]
    return sorted(set(found).intersection(*sets))


def _key(second: int, word: str) -> str:
    return keys.calls_with_word(second // WEEK_S, _digest(word))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
