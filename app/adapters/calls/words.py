"""Which calls a word was said in: for each word and week, the seconds at which such calls began.

A second takes four bytes, so that a call of 150 different words costs 600 bytes beside the 10 kB of
its story, and a word said in all of 100,000 calls is read in one answer of 400 kB. What is found
are seconds: the calls that began in them are read and looked at by whoever asked. Keys hold a
digest of a word, so that no name or number lies in Redis beyond the call's own keys.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterable
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

    def seconds(self, words: Iterable[str], low: float, high: float) -> set[int]:
        """The seconds from `low` to `high` at which calls with all of the words began."""
        wanted = list(words)
        weeks = range(int(low) // WEEK_S, int(high) // WEEK_S + 1)
        pipeline = self._redis.pipeline(transaction=False)
        for week in weeks:
            for word in wanted:
                pipeline.get(_key(week * WEEK_S, word))
        found = cast(list[bytes | None], pipeline.execute())
        out: set[int] = set()
        for place in range(0, len(found), len(wanted)):
            out |= set.intersection(*map(_unpacked, found[place : place + len(wanted)]))
        return {second for second in out if int(low) <= second <= high}


def _unpacked(blob: bytes | None) -> set[int]:
    return set(struct.unpack(f">{len(blob) // _SIZE}I", blob)) if blob else set()


def _key(second: int, word: str) -> str:
    return keys.calls_with_word(second // WEEK_S, _digest(word))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
