"""Finding calls: by business, agent, outcome and tool, in order of their beginning, page by page.

Each value has a sorted set of call ids, scored by the Unix time at which the call was first heard
of. A page walks the smallest set that fits and checks the rest on the calls' summaries; it looks at
a bounded number of calls, so that a search of 100,000 costs no more than one of 1,000. Every method
raises `Unavailable` where Redis is away.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.calls import story
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.call.outcome import outcome
from app.errors import BadRequest

CHUNK = 200
MAX_SCANNED = 5000
"""Calls looked at for one page. A page may hold fewer than its limit and still have a next one."""
MAX_SEARCHED = 1000
"""The same where transcripts are searched."""
_MAX_TOOLS = 100
_VALUE_CHARS = 64
_SEARCHED = ("call_id", "agent", "business", "from_number", "to_number", "last_intent")


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls are wanted. Blank members leave everything in; `business` and `agent` are ids,
    times are Unix seconds."""

    business: str = ""
    agent: str = ""
    outcome: str = ""
    tool: str = ""
    text: str = ""
    since: float | None = None
    until: float | None = None

    @property
    def named(self) -> dict[str, str]:
        """The members that have a set of their own."""
        named = {
            "business": self.business,
            "agent": self.agent,
            "outcome": self.outcome,
            "tool": self.tool,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Page:
    """Summaries of calls, newest first; `next` is the cursor of the following page, or None."""

    calls: list[dict[str, Any]]
    next: str | None


class CallIndex:
    """Reads and writes the sets. `keep_s` is how long a call is kept."""

    def __init__(self, redis: Redis, keep_s: int) -> None:
        self._redis = redis
        self._keep_s = keep_s

    @guarded
    def refresh(self, call_id: str) -> None:
        """Put the call where its summary, bookings and tools say that it belongs now."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(keys.summary(call_id))
        pipeline.zscore(keys.RECENT_CALLS, call_id)
        pipeline.hget(keys.bookings(call_id), "public")
        pipeline.zrange(keys.effects(call_id), 0, _MAX_TOOLS - 1)
        fields, began, bookings, members = pipeline.execute()
        if not fields or began is None:
            return
        summary = story.decode_fields(call_id, fields)
        for member in members:
            pipeline.hmget(keys.effect(call_id, member.decode()), ["tool", "state"])
        effects = [(tool.decode(), state) for tool, state in pipeline.execute() if tool]
        tools = sorted({tool for tool, _ in effects})
        done = {tool for tool, state in effects if state == b"done"}
        became = outcome(summary, story.value(bookings) if bookings else [], done)
        wanted = [("outcome", became), *(("tool", tool) for tool in tools)]
        wanted += [("agent", story.answerer_of(summary)), ("business", story.owner_of(summary))]
        before = str(summary.get("outcome") or "")
        if before and before != became:
            pipeline.zrem(keys.calls_by("outcome", before), call_id)
        for name, value in wanted:
            if not value:
                continue
            key = keys.calls_by(name, value[:_VALUE_CHARS])
            pipeline.zadd(key, {call_id: began})
            pipeline.zremrangebyscore(key, "-inf", began - self._keep_s)
            pipeline.expire(key, self._keep_s)
        for name, found in (("outcome", became), ("tools", tools)):
            pipeline.hset(keys.summary(call_id), name, orjson.dumps(found))
        pipeline.execute()

    @guarded
    def page(self, query: CallQuery, limit: int, cursor: str = "") -> Page:
        """The next calls that fit, newest first. Raises `BadRequest` for an unknown cursor."""
        key = self._smallest(query)
        most = MAX_SEARCHED if query.text else MAX_SCANNED
        found: list[dict[str, Any]] = []
        last: tuple[float, str] | None = None
        scanned = 0
        for score, call_id, summary in self._walk(key, query, parse_cursor(cursor)):
            if len(found) == limit or scanned == most:
                return Page(found, make_cursor(*last) if last else None)
            last, scanned = (score, call_id), scanned + 1
            if summary is not None and _fits(summary, query):
                found.append(summary)
        return Page(found, None)

    def _smallest(self, query: CallQuery) -> str:
        """The set with the fewest calls of the time that is asked for."""
        names = [keys.calls_by(name, v[:_VALUE_CHARS]) for name, v in query.named.items()]
        if not names:
            return keys.RECENT_CALLS
        if len(names) == 1:
            return names[0]
        pipeline = self._redis.pipeline(transaction=False)
        for name in names:
            pipeline.zcount(name, _low(query), _high(query))
        sizes = pipeline.execute()
        return names[sizes.index(min(sizes))]

    def _walk(
        self, key: str, query: CallQuery, after: tuple[float, str] | None
    ) -> Iterator[tuple[float, str, dict[str, Any] | None]]:
        """The calls of a set from `after` on, newest first; None for one whose summary is gone."""
        high: float | str = _high(query)
        if after is not None:
            high = after[0] if high == "+inf" else min(after[0], float(high))
        start = 0
        while True:
            entries = cast(
                list[tuple[bytes, float]],
                self._redis.zrevrangebyscore(
                    key, high, _low(query), start=start, num=CHUNK, withscores=True
                ),
            )
            start += len(entries)
            ids = [
                (score, member.decode())
                for member, score in entries
                if after is None or (score, member.decode()) < after
            ]
            for (score, call_id), summary in zip(ids, self._read(ids, query), strict=True):
                yield score, call_id, summary
            if len(entries) < CHUNK:
                return

    def _read(
        self, ids: Sequence[tuple[float, str]], query: CallQuery
    ) -> list[dict[str, Any] | None]:
        pipeline = self._redis.pipeline(transaction=False)
        for _, call_id in ids:
            pipeline.hgetall(keys.summary(call_id))
            if query.text:
                pipeline.get(keys.transcript(call_id))
        raw = pipeline.execute() if ids else []
        step = 2 if query.text else 1
        found: list[dict[str, Any] | None] = []
        for place, (_, call_id) in enumerate(ids):
            fields = raw[place * step]
            summary = story.decode_fields(call_id, fields) if fields else None
            if summary is not None and query.text:
                said = raw[place * step + 1] or b""
                hit = query.text.lower() in _searchable(summary, said)
                summary = summary if hit else None
            found.append(summary)
        return found


def _fits(summary: Mapping[str, Any], query: CallQuery) -> bool:
    """Whether the summary is of a call that was asked for."""
    has = {
        "business": (story.owner_of(summary),),
        "agent": (story.answerer_of(summary),),
        "outcome": (summary.get("outcome"),),
        "tool": summary.get("tools") or (),
    }
    return all(value in has[name] for name, value in query.named.items())


def _searchable(summary: Mapping[str, Any], transcript: bytes) -> str:
    """What a search looks through: the call's names and numbers, and what was said."""
    words = [str(summary.get(name) or "") for name in _SEARCHED]
    return "\n".join((*words, transcript.decode("utf-8", "replace"))).lower()


def _low(query: CallQuery) -> float | str:
    return "-inf" if query.since is None else query.since


def _high(query: CallQuery) -> float | str:
    return "+inf" if query.until is None else query.until


def make_cursor(score: float, call_id: str) -> str:
    """A cursor that goes on behind this call."""
    return base64.urlsafe_b64encode(f"{score!r} {call_id}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[float, str] | None:
    """The call behind which a page begins. Raises `BadRequest`."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        score, _, call_id = text.partition(" ")
        return float(score), call_id
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadRequest("cursor is not one that this route gave") from None
