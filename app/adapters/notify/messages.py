"""Messages for the business: what a caller was promised, until somebody has seen to it.

Each is in the list that `GET /api/messages` and `python -m app jobs` show, and a job tells the
business of it on every channel that is set up. Left twice under one id it is one message.
"""

from __future__ import annotations

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
        with self.redis.pipeline(transaction=True) as pipeline:
            try:
                pipeline.watch(keys.MESSAGES)  # type: ignore[no-untyped-call]
                if pipeline.hexists(keys.MESSAGES, message.id):
                    if drop_draft:
                        self.redis.delete(keys.message_draft(message.call_id))
                    return False
                oldest = pipeline.zrange(keys.MESSAGES_BY_TIME, 0, -MAX_MESSAGES)
                pipeline.multi()
                if oldest:
                    pipeline.hdel(keys.MESSAGES, *oldest)
                    pipeline.zrem(keys.MESSAGES_BY_TIME, *oldest)
                pipeline.hset(keys.MESSAGES, message.id, orjson.dumps(message.to_json()))
                pipeline.zadd(keys.MESSAGES_BY_TIME, {message.id: message.at})
                pipeline.sadd(keys.messages_of(message.call_id), message.id)
                for key in (
                    keys.MESSAGES,
                    keys.MESSAGES_BY_TIME,
                    keys.messages_of(message.call_id),
                ):
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
    def of_call(self, call_id: str) -> list[dict[str, Any]]:
        """The messages that were left in a call, oldest first."""
        ids = cast(set[bytes], self.redis.smembers(keys.messages_of(call_id)))
        blobs = cast(list[bytes | None], self.redis.hmget(keys.MESSAGES, list(ids))) if ids else []
        found = [orjson.loads(blob) for blob in blobs if blob]
        return sorted(found, key=lambda message: float(message["at"]))

    @guarded
    def all(self, limit: int = 100, business: str = "") -> list[dict[str, Any]]:
        """The newest first; those of one business where it is named."""
        ids = cast(list[bytes], self.redis.zrevrange(keys.MESSAGES_BY_TIME, 0, MAX_MESSAGES))
        blobs = cast(list[bytes | None], self.redis.hmget(keys.MESSAGES, ids)) if ids else []
        found = [orjson.loads(blob) for blob in blobs if blob]
        return [one for one in found if business in ("", one["business"])][:limit]

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
