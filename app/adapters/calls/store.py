"""The calls in Redis: who holds which, from what state it can be resumed, and its whole story.

Every method raises `Unavailable` where Redis is away or full, in bounded time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.calls.index import CallIndex
from app.adapters.calls.leases import LEASE_S, RECONNECT_S, Lease
from app.adapters.calls.recordings import unpacked
from app.adapters.calls.story import FIELDS, decode_fields, encode_fields, entries, tell
from app.adapters.redis import keys
from app.adapters.redis.batch import ScriptSender
from app.adapters.redis.client import COMMAND_S, guard, guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.settings import Settings

MAX_RECENT = 200_000
MAX_TURNS = 1000
#: Of so many of the latest calls a process remembers that it has put them into the index.
MAX_REMEMBERED = 2000
MAX_EVENTS = 1000
MAX_RECORD_ENTRIES = 20_000
MAX_RECORD_BYTES = 16_000_000
#: One call's record may take this share of the space of all of them.
RECORD_SHARE = 4
MAX_TRANSCRIPT = 2000


_HERE = Path(__file__).parent
_TAKE = load_script(_HERE, "take_lease")


class CallStore:
    """All calls, as every process sees them."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._live_s = settings.live_call_ttl_s
        self._ended_s = settings.ended_call_ttl_s
        self._records_bytes = settings.records_bytes
        self._keep_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self.index = CallIndex(redis, self._keep_s)
        self._indexed: dict[str, None] = {}
        self._sender = ScriptSender(redis, [_TAKE])
        self._renew = RedisScript(redis, load_script(_HERE, "renew_lease"))
        self._release = RedisScript(redis, load_script(_HERE, "release_lease"))
        self._save = RedisScript(redis, load_script(_HERE, "save_state"))
        self._merge = RedisScript(redis, load_script(_HERE, "merge_fields"))
        self._end = RedisScript(redis, load_script(_HERE, "end_call"))
        self._record = RedisScript(redis, load_script(_HERE, "record_lines"))

    # Who holds a call

    @guarded
    def take(self, call_id: str, process: str) -> Lease:
        """Make `process` the holder of the call. The newest wins; the one before is told through
        its replies. The lease carries the state to resume from."""
        fence, before, state, status, held_s = self._sender.run(
            _TAKE,
            {
                "summary": keys.summary(call_id),
                "lease": keys.lease(call_id),
                "state": keys.state(call_id),
                "live": keys.LIVE_CALLS,
                "recent": keys.RECENT_CALLS,
            },
            {
                "call_id": call_id,
                "process": process,
                "lease_s": LEASE_S,
                "live_s": self._live_s,
                "keep_s": self._keep_s,
                "most": MAX_RECENT,
                "replies": keys.replies(""),
            },
            limit_s=COMMAND_S,
        )
        return Lease(
            call_id,
            process,
            int(fence),
            before.decode(),
            orjson.loads(state) if state else None,
            orjson.loads(status),
            float(held_s),
        )

    @guarded
    def renew(self, leases: Iterable[Lease]) -> list[Lease]:
        """Tell that this process still holds these calls; give those that it does not hold."""
        held = list(leases)
        pipeline = self._redis.pipeline(transaction=False)
        for lease in held:
            self._renew(
                keys={"lease": keys.lease(lease.call_id), "live": keys.LIVE_CALLS},
                args={
                    "call_id": lease.call_id,
                    "fence": lease.fence,
                    "lease_s": LEASE_S,
                    "live_s": self._live_s,
                    "keep_s": self._keep_s,
                },
                client=pipeline,
            )
        return [lease for lease, mine in zip(held, pipeline.execute(), strict=True) if not mine]

    @guarded
    def release(self, lease: Lease) -> bool:
        """Let go of a call whose socket is closed. False where another holds it already."""
        return bool(
            self._release(
                keys={"lease": keys.lease(lease.call_id), "live": keys.LIVE_CALLS},
                args={"call_id": lease.call_id, "fence": lease.fence, "grace_s": RECONNECT_S},
            )
        )

    @guarded
    def was_handed(self, lease: Lease) -> bool:
        """Whether the process that held the call before lives: it has heard of this holder."""
        return bool(self._redis.exists(keys.handed(lease.call_id, lease.fence)))

    @guarded
    def owner(self, call_id: str) -> str | None:
        """The process that holds the call and has renewed its lease in time."""
        process, until = cast(
            list[bytes | None], self._redis.hmget(keys.lease(call_id), ["process", "until"])
        )
        if process is None or until is None:
            return None
        seconds, micros = self._redis.time()
        return process.decode() if float(until) > seconds + micros / 1e6 else None

    # The state to resume from

    @guarded
    def load(self, call_id: str) -> dict[str, Any] | None:
        """The state that the call's last holder saved."""
        blob = cast(bytes | None, self._redis.get(keys.state(call_id)))
        return None if blob is None else cast(dict[str, Any], orjson.loads(blob))

    @guarded
    def save(
        self,
        call_id: str,
        state: Mapping[str, Any],
        *,
        fence: int,
        fields: Mapping[str, Any] | None = None,
    ) -> bool:
        """Save the state, and `fields` of the summary with it.

        False, and nothing is saved, where a newer socket has taken the call.
        """
        saved = bool(
            self._save(
                keys={"summary": keys.summary(call_id), "state": keys.state(call_id)},
                args={
                    "fence": fence,
                    "blob": orjson.dumps(state),
                    "live_s": self._live_s,
                    "ended_s": self._ended_s,
                    "keep_s": self._keep_s,
                },
                rest=encode_fields(fields),
            )
        )
        if saved:
            self._put_in_index(call_id, fields)
        return saved

    # The story

    @guarded
    def merge(self, call_id: str, fields: Mapping[str, Any], *, live: bool = False) -> None:
        """Set fields of the call's summary, whoever holds it. Values are JSON values; None is
        skipped. `live` makes it count as a live call until it ends."""
        self._merge(
            keys={
                "summary": keys.summary(call_id),
                "live": keys.LIVE_CALLS,
                "recent": keys.RECENT_CALLS,
            },
            args={
                "call_id": call_id,
                "live_for": self._live_s if live else 0,
                "keep_s": self._keep_s,
                "most": MAX_RECENT,
            },
            rest=encode_fields(fields),
        )
        self._put_in_index(call_id, fields)

    def _put_in_index(self, call_id: str, fields: Mapping[str, Any] | None) -> None:
        """Have a call found by its agent while it goes on; once in this process."""
        if not fields or not fields.get("agent") or call_id in self._indexed:
            return
        self.index.refresh(call_id)
        self._indexed[call_id] = None
        if len(self._indexed) > MAX_REMEMBERED:
            self._indexed.pop(next(iter(self._indexed)))

    @guarded
    def end(
        self,
        call_id: str,
        *,
        status: str = "ended",
        fields: Mapping[str, Any] | None = None,
        lapsed_at: float | None = None,
    ) -> bool:
        """The call is over: its state goes after a few minutes, its story stays for the retention
        time, and its report is due. Ending a call again changes only status and fields. `lapsed_at`
        is when it was last heard of, if nobody tells its end; False if it was heard of again."""
        ended = self._end(
            keys={
                "summary": keys.summary(call_id),
                "state": keys.state(call_id),
                "lease": keys.lease(call_id),
                "live": keys.LIVE_CALLS,
                "recent": keys.RECENT_CALLS,
                "report_work": keys.report_work(call_id),
                "reports_due": keys.REPORTS_DUE,
            },
            args={
                "call_id": call_id,
                "status": orjson.dumps(status),
                "ended_s": self._ended_s,
                "keep_s": self._keep_s,
                "most": MAX_RECENT,
                "lapsed_at": "" if lapsed_at is None else f"{lapsed_at:.3f}",
            },
            rest=encode_fields(fields),
        )
        self.index.refresh(call_id)
        return bool(ended)

    def append_turn(self, call_id: str, *turns: Mapping[str, Any]) -> None:
        """Add turns to the story: `{"response_id", "heard", "said", "ended", …}`."""
        self._append(keys.turns(call_id), turns, MAX_TURNS)

    def add_event(self, call_id: str, *events: Mapping[str, Any]) -> None:
        """Add events to the story: `{"at", "kind", …}`."""
        self._append(keys.events(call_id), events, MAX_EVENTS)

    @guarded
    def set_transcript(self, call_id: str, transcript: Sequence[Mapping[str, Any]]) -> None:
        """Replace what was said, as heard: `{"role": "agent" | "user", "content", …}` each. Of a
        very long call the last entries are kept."""
        blob = orjson.dumps(list(transcript[-MAX_TRANSCRIPT:]))
        self._redis.set(keys.transcript(call_id), blob, ex=self._keep_s)

    @guarded
    def count(self, call_id: str, **by: int) -> None:
        """Add to counters of the summary, for example ``turns=1``."""
        pipeline = self._redis.pipeline(transaction=False)
        for name, number in by.items():
            pipeline.hincrby(keys.summary(call_id), name, number)
        pipeline.expire(keys.summary(call_id), self._keep_s)
        pipeline.execute()

    @guarded
    def record(self, call_id: str, lines: Sequence[bytes]) -> bool:
        """Add lines (JSON, without line ends) to the flight record, in one step.

        False where the record has reached its bound and keeps no more.
        """
        if not lines:
            return True
        return bool(
            self._record(
                keys={
                    "record": keys.record(call_id),
                    "summary": keys.summary(call_id),
                    "open": keys.OPEN_RECORDS,
                    "sizes": keys.RECORD_SIZES,
                },
                args={
                    "most_entries": MAX_RECORD_ENTRIES,
                    "most_bytes": min(MAX_RECORD_BYTES, self._records_bytes // RECORD_SHARE),
                    "keep_s": self._keep_s,
                    "lines": b"\n".join(lines),
                    "call_id": call_id,
                },
            )
        )

    def read_record(self, call_id: str, after: str = "-", page: int = 200) -> Iterator[bytes]:
        """The lines of the flight record, oldest first, read in pages."""
        for _, lines in self.follow_record(call_id, after, page):
            yield from lines

    def follow_record(
        self, call_id: str, after: str = "-", page: int = 200
    ) -> Iterator[tuple[str, list[bytes]]]:
        """The record in pages of `(position, lines)`; the last position given as `after` later
        gives what came since."""
        start = after if after == "-" else f"({after}"
        while True:
            with guard():
                found = cast(
                    list[tuple[bytes, dict[bytes, bytes]]],
                    self._redis.xrange(keys.record(call_id), start, "+", count=page),
                )
            if not found:
                return
            position = found[-1][0].decode()
            yield position, [line for _, entry in found for line in unpacked(entry)]
            start = f"({position}"

    # Reading

    @guarded
    def summary(self, call_id: str) -> dict[str, Any] | None:
        """The fields of one call; None where it is not known."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(keys.summary(call_id)))
        return decode_fields(call_id, fields) if fields else None

    @guarded
    def active(self) -> int:
        """How many calls go on now, in all processes."""
        seconds, _ = self._redis.time()
        return int(self._redis.zcount(keys.LIVE_CALLS, f"({seconds}", "+inf"))

    @guarded
    def is_live(self, call_id: str) -> bool:
        """Whether the call goes on, as far as is known."""
        until = self._redis.zscore(keys.LIVE_CALLS, call_id)
        seconds, micros = self._redis.time()
        return until is not None and until > seconds + micros / 1e6

    @guarded
    def snapshot(self, call_id: str) -> dict[str, Any] | None:
        """The whole story of a call as plain data; None where it is not known.

        Members: the summary's fields, `transcript`, `turns`, `intents`, `events`, `bookings`,
        `tool_calls`, `holder`.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(keys.summary(call_id))
        for name in FIELDS:
            entries(pipeline, call_id, name)
        pipeline.hget(keys.bookings(call_id), "public")
        pipeline.hget(keys.lease(call_id), "process")
        pipeline.zrange(keys.effects(call_id), 0, -1)
        found = pipeline.execute()
        if not any(found):
            return None
        for member in found[-1]:
            pipeline.hgetall(keys.effect(call_id, member.decode()))
        return tell(call_id, found, pipeline.execute() if found[-1] else [])

    @guarded
    def _append(self, key: str, values: Sequence[Mapping[str, Any]], most: int) -> None:
        if not values:
            return
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.rpush(key, *[orjson.dumps(value) for value in values])
        pipeline.ltrim(key, -most, -1)
        pipeline.expire(key, self._keep_s)
        pipeline.execute()
