"""Tells the process that holds a call what somebody at the console does in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from redis import Redis

from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.redis.client import guard
from app.core.call.events import StepIn
from app.errors import NotFound

#: As for the other replies of a process.
MAX_WAITING, KEEP_S = 2000, 120


def step_in(redis: Redis, calls: CallStore, call_id: str, event: StepIn) -> None:
    """Hand `event` to the holder of the call, which does it at once and notes it in the record.

    Raises `NotFound` where nobody holds the call, `Unavailable` where Redis is away.
    """
    process = calls.owner(call_id)
    if process is None:
        raise NotFound("the call is not going on")
    told: dict[Any, Any] = {"call": call_id, "step_in": orjson.dumps(asdict(event))}
    stream = keys.replies(process)
    with guard():
        pipeline = redis.pipeline(transaction=True)
        pipeline.xadd(stream, told, maxlen=MAX_WAITING, approximate=True)
        pipeline.expire(stream, KEEP_S)
        pipeline.execute()
