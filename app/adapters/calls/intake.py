"""Webhook events into Redis: one atomic step dedupes, stores and queues, before anybody says 2xx.

What is kept of a call's events, every key with a time to live (`app.adapters.redis.keys`):

- ``facts``: a hash; what the events say about the call, by how final it is, and the newest
  transcript;
- ``heard``: the last 500 finals and interruptions of a plain sender, ``partials`` what is being
  said now;
- ``job``: which job works on the call's news (`lua/take_event.lua`);
- ``events``: one line for each event, in the call's own record.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast
from uuid import uuid4

import orjson
from redis import Redis

from app import logs
from app.adapters import queue
from app.adapters.job_names import WORK_OFF_CALL
from app.adapters.redis import keys
from app.adapters.redis.batch import ScriptSender
from app.adapters.redis.breaker import Breaker
from app.adapters.redis.scripts import LuaScript, load_script
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

_HERE = Path(__file__).parent
_TAKE = load_script(_HERE, "take_event")
_FILE = load_script(_HERE, "file_event")
FILE_EARLY_INTENT = load_script(_HERE, "file_early_intent")


class Intake:
    """Takes events in. One per process, safe to use from any greenlet."""

    def __init__(self, client: Redis, settings: Settings, breaker: Breaker | None = None) -> None:
        self._breaker = breaker or Breaker()
        self._story_ms, self._work_ms = lifetimes_ms(settings)
        self._sender = ScriptSender(client, [_TAKE, _FILE])

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
        needs_job = event.kind != "unknown" and not partial and event.event != "interruption"
        job = new_job(call_id) if needs_job else None
        names = {
            "seen": keys.call(call_id, f"seen:{event.key}"),
            "signature": keys.signature(signature),
            "facts": keys.call(call_id, "facts"),
            "events": keys.events(call_id),
            "heard": keys.call(call_id, "heard"),
            "partials": keys.call(call_id, "partials"),
            "work": keys.call(call_id, "job"),
            "wake": WAKE,
            "recent": keys.RECENT_CALLS,
            "summary": keys.summary(call_id),
            **(job.keys if job else queue.NO_JOB_KEYS),
        }
        values = {
            "now": now_ms,
            "seen_ms": event.keep_s * 1000,
            "call_id": call_id,
            "story_ms": self._story_ms,
            "work_ms": self._work_ms,
            "rank": event.rank,
            "blob": blob,
            "status": orjson.dumps(event.status) if event.status is not None else "",
            "channel": CHANNELS[event.subject],
            "counter": f"count:{event.event}" if event.kind in ("transfer", "plain") else "",
            "entry": orjson.dumps(entry),
            "progress": progress,
            "transcript": transcript,
            "said": said,
            "partial": partial,
            "signature_ms": SIGNATURE_MS if signature else "",
            "wake_at": now_ms + QUEUED_LEASE_MS,
            **(job.args if job else queue.NO_JOB_ARGS),
        }
        return cast(Outcome, self._run(_TAKE, names, values))

    def _file(self, event: WebhookEvent, now_ms: int) -> Outcome:
        name = "alerts" if event.kind == "alert" else "unknown"
        entry = {"at": now_ms / 1000, "event": event.event, "id": event.id, **event.facts}
        names = {
            "seen": f"webhooks:seen:{name}:{event.id}:{event.key}",
            "list": f"webhooks:{name}",
        }
        values = {
            "now": now_ms,
            "seen_ms": event.keep_s * 1000,
            "keep_ms": self._story_ms,
            "entry": encoded(entry),
        }
        return cast(Outcome, self._run(_FILE, names, values))

    def _run(self, script: LuaScript, names: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        with self._breaker.guard():
            answer: bytes = self._sender.run(script, names, values, limit_s=LIMIT_S)
            return answer.decode()


def lifetimes_ms(settings: Settings) -> tuple[int, int]:
    """How long a call's story is kept, and how long what is only needed to work off its news:
    until the last event of its life is surely there."""
    story_s = max(settings.record_retention_s, settings.live_call_ttl_s)
    return story_s * 1000, max(settings.live_call_ttl_s, 86_400) * 1000


def new_job(call_id: str) -> queue.Prepared:
    """The job that works off a call's news."""
    job_id = uuid4().hex
    return queue.prepare(WORK_OFF_CALL, [call_id, job_id], job_id=job_id, about="a call's webhooks")


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
