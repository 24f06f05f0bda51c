"""A call's news as the worker sees it: what its webhooks said, and when to look again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters import queue
from app.adapters.calls.intake import (
    QUEUED_LEASE_MS,
    STARTED_LEASE_MS,
    WAKE,
    encoded,
    lifetimes_ms,
    new_job,
)
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.core.requests.transcript import Heard
from app.protocol.retell_transcript import Entry
from app.protocol.retell_webhook import LEFT
from app.settings import Settings

MAX_ACTS = 50
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class News:
    """What is known of a call from its webhooks.

    `facts` are merged by how final they are, `rank` is the most final one seen. `entries` is the
    newest transcript of Retell's, `heard` what a plain sender told. `acts` are the actions that
    finals have led to, `summary` the call's own fields, `effects` the keys of its tool calls.
    """

    call_id: str
    rank: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    acts: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    last_ms: int = 0

    @property
    def over(self) -> bool:
        """Whether the caller has left for good."""
        return self.rank >= LEFT

    @property
    def held(self) -> bool:
        """Whether the call was ever on a socket of ours: then its model is ours to ask."""
        return "fence" in self.summary


class NewsStore:
    """Begins and finishes work on a call's news, and wakes calls whose time has come."""

    def __init__(self, client: Redis, settings: Settings) -> None:
        self._redis = client
        self._story_ms, self._work_ms = lifetimes_ms(settings)
        self._begin_job = RedisScript(client, load_script(_HERE, "begin_work"))
        self._finish_job = RedisScript(client, load_script(_HERE, "finish_work"))
        self._wake_call = RedisScript(client, load_script(_HERE, "wake_call"))

    @guarded
    def begin(self, call_id: str, job_id: str, now_ms: int) -> News:
        """A job starts on the call's news: what comes from now on needs another job."""
        names = {
            "work": keys.call(call_id, "job"),
            "wake": WAKE,
            "facts": keys.call(call_id, "facts"),
            "heard": keys.call(call_id, "heard"),
            "acts": keys.call(call_id, "acts"),
            "summary": keys.summary(call_id),
            "effects": keys.effects(call_id),
        }
        values = {"job_id": job_id, "call_id": call_id, "wake_at": now_ms + STARTED_LEASE_MS}
        return _news(call_id, self._begin_job(names, values))

    @guarded
    def finish(self, call_id: str, job_id: str, due_ms: int | None) -> None:
        """The job is through; look at the call again at `due_ms` (unix milliseconds), if at all."""
        names = {"work": keys.call(call_id, "job"), "wake": WAKE}
        due = "" if due_ms is None else due_ms
        self._finish_job(names, {"job_id": job_id, "call_id": call_id, "due": due})

    @guarded
    def wake(self, now_ms: int, limit: int = 100) -> int:
        """Queue a job for every call whose time has come, unless one is on its way; how many."""
        due = cast(list[bytes], self._redis.zrangebyscore(WAKE, "-inf", now_ms, 0, limit))
        return sum(self._wake(item.decode(), now_ms) for item in due)

    def _wake(self, call_id: str, now_ms: int) -> int:
        job = new_job(call_id)
        names = {"work": keys.call(call_id, "job"), "wake": WAKE, **job.keys}
        values = {
            "now": now_ms,
            "call_id": call_id,
            "wake_at": now_ms + QUEUED_LEASE_MS,
            "work_ms": self._work_ms,
            "prefix": queue.job_key(""),
            **job.args,
        }
        return int(self._wake_call(names, values))

    @guarded
    def acted(self, call_id: str, acts: Sequence[Mapping[str, Any]]) -> None:
        """Remember the actions that finals led to, oldest first, with what came of each."""
        key = keys.call(call_id, "acts")
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(key)
        pipeline.rpush(key, *[encoded(dict(act)) for act in acts[-MAX_ACTS:]])
        pipeline.pexpire(key, self._work_ms)
        pipeline.execute()

    @guarded
    def understood(self, call_id: str, analyses: Sequence[Mapping[str, Any]]) -> None:
        """Replace the call's intents by what its finals were found to ask for."""
        key = keys.intents(call_id)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(key)
        if analyses:
            pipeline.rpush(key, *[orjson.dumps(analysis) for analysis in analyses])
            pipeline.pexpire(key, self._story_ms)
        pipeline.execute()


def _news(call_id: str, found: Sequence[Any]) -> News:
    raw, heard, acts, summary, effects = found
    fields = _pairs(raw)
    facts: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name in sorted(fields):
        if name.startswith("rank:"):
            facts.update(orjson.loads(fields[name]))
        elif name.startswith("count:"):
            counts[name.removeprefix("count:")] = int(fields[name])
    return News(
        call_id,
        int(fields.get("rank", b"0")),
        facts,
        orjson.loads(fields.get("transcript", b"[]")),
        [Heard(**orjson.loads(line)) for line in heard],
        counts,
        [orjson.loads(line) for line in acts],
        {name: orjson.loads(value) for name, value in _pairs(summary).items()},
        [key.decode() for key in effects],
        int(fields.get("last_ms", b"0")),
    )


def _pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
