"""Webhook events into Redis: one atomic step dedupes, stores and queues, before anybody says 2xx.

What is kept of a call's events, every key with a time to live (`app.adapters.redis.keys`):

- ``facts``: a hash; what the events say about the call, by how final it is, and the newest
  transcript;
- ``heard``: the last 500 finals and interruptions of a plain sender, ``partials`` what is being
  said now;
- ``job``: which job works on the call's news (`app.adapters.calls.intake_scripts`);
- ``events``: one line for each event, in the call's own record.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, Literal, cast
from uuid import uuid4

import orjson
from redis import Redis

from app import logs
from app.adapters import queue
from app.adapters.calls import intake_scripts
from app.adapters.redis import keys
from app.adapters.redis.batch import ScriptSender
from app.adapters.redis.breaker import Breaker
from app.protocol.retell_webhook import ENDED, WebhookEvent
from app.settings import Settings

log = logs.get(__name__)

Outcome = Literal["stored", "queued", "duplicate", "foreign"]

#: How long a signature is remembered: longer than it is good for, either way.
SIGNATURE_MS = 660_000

#: A webhook is answered within this many seconds, whatever Redis does. Retell waits 10.
LIMIT_S = 2.0
#: When a call is looked at again if its job was neither done nor given up, in milliseconds: while
#: it waits for a worker, and once it was started.
QUEUED_LEASE_MS = 60_000
STARTED_LEASE_MS = 30_000
#: Of a longer text the end is kept: that is what the speaker came to.
MAX_TEXT = 4000

#: The summary's `channel` of a call first heard of by an event, as JSON.
CHANNELS = {
    "call": b'"retell_webhook"',
    "chat": b'"retell_chat"',
    "session": b'"webhook"',
}

#: Calls with something left to work off, scored by when to look at them again (unix milliseconds).
WAKE = "webhooks:wake"


class Intake:
    """Takes events in. One per process, safe to use from any greenlet."""

    def __init__(self, client: Redis, settings: Settings, breaker: Breaker | None = None) -> None:
        self._breaker = breaker or Breaker()
        self._story_ms, self._work_ms = lifetimes_ms(settings)
        scripts = {"TAKE": intake_scripts.TAKE, "FILE": intake_scripts.FILE}
        self._sender = ScriptSender(client, scripts)

    def take(self, event: WebhookEvent, now_ms: int, signature: str = "") -> Outcome:
        """Store `event` and queue its job; what was given back has survived.

        A `signature` is good once: again it is a repeat, or "foreign" if another route took it.

        Raises `Unavailable` where Redis is away, stalled, full or read-only: the sender should
        send it again.
        """
        if event.subject in ("none", "alert"):
            return self._file(event, now_ms)
        call_id = event.id
        blob = transcript = b""
        if event.status is not None:
            filed = {**event.facts, "status": event.status, "subject": event.subject}
            blob = encoded(filed)
        progress = event.progress
        if event.entries is not None:
            transcript = encoded(event.entries)
            if event.rank >= ENDED:
                progress += event.rank * 10**15  # the last word on it, however it compares
        said, partial = _spoken(event, now_ms)
        entry = {"at": now_ms / 1000, "kind": "webhook", "event": event.event}
        if event.kind == "unknown":
            entry["ignored"] = True
        names = [
            keys.call(call_id, f"seen:{event.key}"),
            keys.signature(signature),
            keys.call(call_id, "facts"),
            keys.events(call_id),
            keys.call(call_id, "heard"),
            keys.call(call_id, "partials"),
            keys.call(call_id, "job"),
            WAKE,
            keys.RECENT_CALLS,
            keys.summary(call_id),
        ]
        values: list[Any] = [
            now_ms,
            event.keep_s * 1000,
            call_id,
            self._story_ms,
            self._work_ms,
            event.rank,
            blob,
            orjson.dumps(event.status) if event.status is not None else "",
            CHANNELS[event.subject],
            f"count:{event.event}" if event.kind in ("transfer", "plain") else "",
            orjson.dumps(entry),
            progress,
            transcript,
            said,
            partial,
            SIGNATURE_MS if signature else "",
        ]
        if event.kind != "unknown" and not partial and event.event != "interruption":
            more, its = new_job(call_id)
            names += more
            values += [now_ms + QUEUED_LEASE_MS, *its]
        return cast(Outcome, self._run("TAKE", names, values))

    def _file(self, event: WebhookEvent, now_ms: int) -> Outcome:
        name = "alerts" if event.kind == "alert" else "unknown"
        entry = {"at": now_ms / 1000, "event": event.event, "id": event.id, **event.facts}
        names = [f"webhooks:seen:{name}:{event.id}:{event.key}", f"webhooks:{name}"]
        values = [now_ms, event.keep_s * 1000, self._story_ms, encoded(entry)]
        return cast(Outcome, self._run("FILE", names, values))

    def _run(self, name: str, names: list[str], values: list[Any]) -> str:
        with self._breaker.guard():
            answer: bytes = self._sender.run(name, names, values, limit_s=LIMIT_S)
            return answer.decode()


def lifetimes_ms(settings: Settings) -> tuple[int, int]:
    """How long a call's story is kept, and how long what is only needed to work off its news:
    until the last event of its life is surely there."""
    story_s = max(settings.record_retention_s, settings.live_call_ttl_s)
    return story_s * 1000, max(settings.live_call_ttl_s, 86_400) * 1000


def new_job(call_id: str) -> tuple[list[str], list[Any]]:
    """The keys and values with which a script queues the job that works off a call's news."""
    job_id = uuid4().hex
    seconds, fraction = divmod(time.time(), 1)
    stamp = f"{_second(int(seconds))}.{int(fraction * 1e6):06}Z"
    names = [f"{_JOB_PREFIX}{job_id}", _QUEUE_KEY, queue.QUEUES_KEY]
    return names, [job_id, orjson.dumps([intake_scripts.JOB, None, [call_id, job_id], {}]), stamp]


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


_JOB_PREFIX = queue.job_key("")
_QUEUE_KEY = queue.queue_key("background")


def encoded(value: Any) -> bytes:
    """`value` as JSON. Members nested too deeply to be written again are left out."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        if not isinstance(value, dict):
            raise
    kept = {}
    for name, member in value.items():
        try:
            orjson.dumps(member)
        except orjson.JSONEncodeError:
            log.warning("a field of a webhook was left out", extra={"field": name})
        else:
            kept[name] = member
    return orjson.dumps(kept)


def _spoken(event: WebhookEvent, now_ms: int) -> tuple[bytes, bytes]:
    """What a plain event adds to what was heard, and to what is being said."""
    if event.event == "interruption":
        return orjson.dumps({"at_ms": now_ms, "interruption": True}), b""
    if event.event != "transcript" or not event.text:
        return b"", b""
    line = orjson.dumps({"at_ms": now_ms, "text": event.text[-MAX_TEXT:]})
    return (line, b"") if event.final else (b"", line)
