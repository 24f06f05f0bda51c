"""Messages for the business: what a caller was promised, until somebody has seen to it.

Each is in the list that `GET /api/messages` and `python -m app jobs` show, and a job tells the
business of it on every channel that is set up. Left twice under one id it is one message. Each
business has its own list: the messages for one never make room for another's.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

import orjson
import redis
from redis import Redis

from app.adapters import queue
from app.adapters.job_names import ANNOUNCE, KEEP_DRAFT
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.reference import AgentRef

MAX_MESSAGES = 2000
"""Messages of one business that are kept."""
DRAFT_TTL_S = 24 * 3600
#: How often it is looked whether the caller who began a message is still there, in seconds.
DRAFT_CHECK_S = 15.0

Kind = Literal["callback", "noted_done", "noted_failed", "request", "message"]


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be done for a caller. `at` is in Unix seconds.

    taken: of a message that the caller left, `app.core.messages.draft.Draft` as JSON, and
    `confirmed`: false if they hung up before they had agreed to it.
    """

    id: str
    kind: Kind
    who: AgentRef
    call_id: str
    caller_number: str
    at: float
    text: str
    taken: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As the list shows it."""
        about = asdict(self)
        del about["who"], about["taken"]
        return {**about, **self.taken, "agent": self.who.agent, "business": self.who.business}


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages of all businesses; every method raises `Unavailable` where Redis is away."""

    redis: Redis
    keep_s: int

    @guarded
    def leave(self, message: Message, *, announce: bool = True, drop_draft: bool = False) -> bool:
        """Put a message into the list and have the business told; False if it is there already.

        announce: False where no channel is set up, and the list is all there is. drop_draft: what
        the call was about to leave is left with it.
        """
        business = message.who.business
        own, by_time = keys.messages(business), keys.messages_by_time(business)
        of_call, listed = keys.messages_of(message.call_id), keys.BUSINESSES_WITH_MESSAGES
        with self.redis.pipeline(transaction=True) as pipeline:
            try:
                pipeline.watch(own)  # type: ignore[no-untyped-call]
                known = (pipeline.hexists(key, message.id) for key in (own, keys.UNSCOPED_MESSAGES))
                if any(known):
                    if drop_draft:
                        self.redis.delete(keys.message_draft(message.call_id))
                    return False
                oldest = pipeline.zrange(by_time, 0, -MAX_MESSAGES)
                pipeline.multi()
                if oldest:
                    pipeline.hdel(own, *oldest)
                    pipeline.zrem(by_time, *oldest)
                pipeline.hset(own, message.id, orjson.dumps(message.to_json()))
                pipeline.zadd(by_time, {message.id: message.at})
                pipeline.sadd(of_call, message.id)
                pipeline.zadd(listed, {business: message.at}, gt=True)
                # Messages of drafts are kept from when they were left, later than their own time.
                pipeline.zremrangebyscore(listed, "-inf", message.at - 2 * self.keep_s)
                for key in (own, by_time, of_call, listed):
                    pipeline.expire(key, self.keep_s)
                if drop_draft:
                    pipeline.delete(keys.message_draft(message.call_id))
                if announce:
                    about = f"tell of a {message.kind}"
                    queue.enqueue(pipeline, ANNOUNCE, (_change(message),), about=about)
                pipeline.execute()
            except redis.WatchError:
                return self.leave(message, announce=announce, drop_draft=drop_draft)
        return True

    @guarded
    def of_call(self, call_id: str, business: str) -> list[dict[str, Any]]:
        """The messages that were left in a call of this business, oldest first."""
        ids = sorted(cast(set[bytes], self.redis.smembers(keys.messages_of(call_id))))
        both = (keys.messages(business), keys.UNSCOPED_MESSAGES)
        found = [message for key in both for message in self._read(key, ids)]
        return sorted(found, key=lambda message: float(message["at"]))

    @guarded
    def all(self, limit: int = 100, business: str = "") -> list[dict[str, Any]]:
        """The newest first; those of one business where it is named."""
        wanted = [business] if business else self._businesses(limit)
        pipeline = self.redis.pipeline(transaction=False)
        for each in wanted:
            pipeline.zrevrange(keys.messages_by_time(each), 0, max(limit - 1, 0), withscores=True)
        entries = [
            (at, each, message_id)
            for each, newest in zip(wanted, pipeline.execute(), strict=True)
            for message_id, at in newest
        ]
        ids: dict[str, list[bytes]] = {}
        for _, each, message_id in heapq.nlargest(limit, entries):
            ids.setdefault(each, []).append(message_id)
        found = [
            message
            for each, mine in ids.items()
            for message in self._read(keys.messages(each), mine)
        ]
        unscoped = cast(list[bytes], self.redis.hvals(keys.UNSCOPED_MESSAGES))
        before = [orjson.loads(blob) for blob in unscoped]
        found += [one for one in before if business in ("", one["business"])]
        return heapq.nlargest(limit, found, key=lambda message: float(message["at"]))

    def _businesses(self, most: int) -> list[str]:
        """Those with the newest messages: no other has one among the newest `most`."""
        newest = self.redis.zrevrange(keys.BUSINESSES_WITH_MESSAGES, 0, max(most - 1, 0))
        return [name.decode() for name in cast(list[bytes], newest)]

    def _read(self, key: str, ids: Sequence[bytes]) -> list[dict[str, Any]]:
        blobs = cast(list[bytes | None], self.redis.hmget(key, list(ids))) if ids else []
        return [orjson.loads(blob) for blob in blobs if blob]

    @guarded
    def keep_draft(self, draft: Message) -> None:
        """Keep the message that is being taken; if it is not left, a job leaves it later."""
        key = keys.message_draft(draft.call_id)
        blob = orjson.dumps({**asdict(draft), "who": draft.who.to_json()})
        with self.redis.pipeline(transaction=True) as pipeline:
            if not self.redis.exists(key):
                self.watch_draft(pipeline, draft.call_id, draft.at)
            pipeline.set(key, blob, ex=DRAFT_TTL_S)
            pipeline.execute()

    @guarded
    def drop_draft(self, call_id: str) -> None:
        """Forget the message that was being taken."""
        self.redis.delete(keys.message_draft(call_id))

    def watch_draft(self, pipeline: Any, call_id: str, now: float) -> None:
        """Add to `pipeline` the job that looks after a draft in a while."""
        about = "keep a message that was not ended"
        queue.schedule(pipeline, KEEP_DRAFT, (call_id,), now + DRAFT_CHECK_S, about=about)

    @guarded
    def draft(self, call_id: str) -> Message | None:
        """The message that is being taken in a call; `at` is when something was last added."""
        blob = cast(bytes | None, self.redis.get(keys.message_draft(call_id)))
        if blob is None:
            return None
        kept = orjson.loads(blob)
        return Message(**{**kept, "who": AgentRef.from_json(kept["who"])})


def promised_callback(
    who: AgentRef, call_id: str, caller_number: str, at: float, why: str
) -> Message:
    """The call back that a caller was promised; one for each call."""
    return Message(f"callback-{call_id}", "callback", who, call_id, caller_number, at, why)


def request_not_done(
    who: AgentRef, call_id: str, caller_number: str, at: float, why: str
) -> Message:
    """What a caller asked for in a call of another model's, and why it was not done; one for each
    call."""
    return Message(f"request-{call_id}", "request", who, call_id, caller_number, at, why)


def _change(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "booking": None,
        "wish": "that we call back" if message.kind == "callback" else "",
        "reason": message.text,
        "caller_number": message.caller_number,
        "call_id": message.call_id,
        "message": message.taken or None,
        **message.who.to_json(),
    }
