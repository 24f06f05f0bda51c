"""Messages for the business: what a caller was promised, until somebody has seen to it.

Each is in the list that `GET /api/messages` and `python -m app jobs` show, and a job tells the
business of it on every channel that is set up. Left twice under one id it is one message.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import orjson
import redis
from redis import Redis

from app.adapters import queue
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.agent.reference import AgentRef

ANNOUNCE = "workers.notifications.announce"
MAX_MESSAGES = 2000


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be done for a caller. `at` is in Unix seconds."""

    id: str
    kind: Literal["callback", "noted_done", "noted_failed", "request"]
    who: AgentRef
    call_id: str
    caller_number: str
    at: float
    text: str

    def to_json(self) -> dict[str, Any]:
        """As the list shows it."""
        about = asdict(self)
        del about["who"]
        return {**about, "agent": self.who.agent, "business": self.who.business}


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages of all businesses; every method raises `Unavailable` where Redis is away."""

    redis: Redis
    keep_s: int

    @guarded
    def leave(self, message: Message, *, announce: bool = True) -> bool:
        """Put a message into the list and have the business told; False if it is there already.

        announce: False where no channel is set up, and the list is all there is.
        """
        with self.redis.pipeline(transaction=True) as pipeline:
            try:
                pipeline.watch(keys.MESSAGES)  # type: ignore[no-untyped-call]
                if pipeline.hexists(keys.MESSAGES, message.id):
                    return False
                oldest = pipeline.zrange(keys.MESSAGES_BY_TIME, 0, -MAX_MESSAGES)
                pipeline.multi()
                if oldest:
                    pipeline.hdel(keys.MESSAGES, *oldest)
                    pipeline.zrem(keys.MESSAGES_BY_TIME, *oldest)
                pipeline.hset(keys.MESSAGES, message.id, orjson.dumps(message.to_json()))
                pipeline.zadd(keys.MESSAGES_BY_TIME, {message.id: message.at})
                for key in (keys.MESSAGES, keys.MESSAGES_BY_TIME):
                    pipeline.expire(key, self.keep_s)
                if announce:
                    about = f"tell of a {message.kind}"
                    queue.enqueue(pipeline, ANNOUNCE, (_change(message),), about=about)
                pipeline.execute()
            except redis.WatchError:
                return self.leave(message, announce=announce)
        return True

    @guarded
    def all(self, limit: int = 100, business: str = "") -> list[dict[str, Any]]:
        """The newest first; those of one business where it is named."""
        ids = cast(list[bytes], self.redis.zrevrange(keys.MESSAGES_BY_TIME, 0, MAX_MESSAGES))
        blobs = cast(list[bytes | None], self.redis.hmget(keys.MESSAGES, ids)) if ids else []
        found = [orjson.loads(blob) for blob in blobs if blob]
        return [one for one in found if business in ("", one["business"])][:limit]


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
        **message.who.to_json(),
    }
