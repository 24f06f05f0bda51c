"""Finding calls by their names, their length and cost and the words said in them, page by page.

Each value has a sorted set of call ids, scored by the Unix time at which the call was first heard
of; lengths and costs have one for each class of values. A page walks the smallest set that fits,
asks the other sets about the calls of a stretch at once, and reads the summaries of those that are
left; it looks at a bounded number of calls, so that a page of 100,000 costs no more than one of
1,000. Where words are wanted, calls are looked at that began at the seconds of `WordIndex`, and
those of the newest that have no report yet: their words are not filed. Every method raises
`Unavailable` where Redis is away.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.calls import story
from app.adapters.calls.query import VALUE_CHARS, CallQuery, Page, make_cursor, parse_cursor
from app.adapters.calls.words import WordIndex
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.core.call.outcome import outcome
from app.core.report.findable import (
    BOUNDS,
    Search,
    class_of,
    cost_of,
    length_of,
    words_of,
)

CHUNK = 200
MAX_SCANNED = 10_000
"""Calls looked at for one page. A page may hold fewer than its limit and still have a next one."""
MAX_SEARCHED = 1000
"""The same where words are looked for: each call's transcript is read."""
_MAX_TOOLS = 100

Entry = tuple[float, str]
"""A call's score and id. The newest is the greatest."""


class CallIndex:
    """Reads and writes the sets. `keep_s` is how long a call is kept."""

    def __init__(self, redis: Redis, keep_s: int) -> None:
        self._redis = redis
        self._keep_s = keep_s
        self._words = WordIndex(redis, keep_s)

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
        for name, value in (("seconds", length_of(summary)), ("usd", cost_of(summary))):
            if value is not None:
                mine = class_of(name, value)
                wanted.append((name, str(mine)))
                for other in {*range(len(BOUNDS[name]) + 1)} - {mine}:
                    pipeline.zrem(keys.calls_by(name, str(other)), call_id)
        self._put(pipeline, call_id, began, wanted)
        for name, found in (("outcome", became), ("tools", tools)):
            pipeline.hset(keys.summary(call_id), name, orjson.dumps(found))
        pipeline.execute()

    @guarded
    def describe(
        self,
        call_id: str,
        intents: Collection[str],
        faults: Collection[str],
        transcript: Iterable[Any],
    ) -> None:
        """Have an ended call found by its intents, its faults (their kinds) and its words, too."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(keys.summary(call_id))
        pipeline.zscore(keys.RECENT_CALLS, call_id)
        fields, began = pipeline.execute()
        if not fields or began is None:
            return
        named = {"intents": sorted(intents), "faults": sorted(faults)}
        wanted = [("intent", value) for value in named["intents"]]
        self._put(pipeline, call_id, began, wanted + [("fault", one) for one in named["faults"]])
        for name, found in named.items():
            pipeline.hset(keys.summary(call_id), name, orjson.dumps(found))
        pipeline.execute()
        summary = story.decode_fields(call_id, fields)
        self._words.file(call_id, began, words_of(summary, transcript))

    def _put(
        self, pipeline: Any, call_id: str, began: float, wanted: Iterable[tuple[str, str]]
    ) -> None:
        """Add the commands that put a call into the sets of these values."""
        for name, value in wanted:
            if not value:
                continue
            key = keys.calls_by(name, value[:VALUE_CHARS])
            pipeline.zadd(key, {call_id: began})
            pipeline.zremrangebyscore(key, "-inf", began - self._keep_s)
            pipeline.expire(key, self._keep_s)

    @guarded
    def page(self, query: CallQuery, limit: int, cursor: str = "") -> Page:
        """The next calls that fit, newest first. Raises `BadRequest` for an unknown cursor."""
        after = parse_cursor(cursor)
        search = Search.of(query.text) if query.text else None
        walked, others = self._sets(query)
        if search is not None:
            entries = self._with_words(walked, query, search, after)
        else:
            entries = self._walk(walked, query, after)
        most = MAX_SCANNED if search is None else MAX_SEARCHED
        found: list[dict[str, Any]] = []
        last: Entry | None = None
        scanned = 0
        for stretch in _stretches(entries, min(CHUNK, max(limit + 1, 20))):
            summaries = self._read(self._held(stretch, others), search)
            for entry in stretch:
                if len(found) == limit or scanned == most:
                    return Page(found, make_cursor(*last) if last else None)
                last, scanned = entry, scanned + 1
                summary = summaries.get(entry[1])
                if summary is not None and query.fits(summary):
                    found.append(summary)
        return Page(found, None)

    def _sets(self, query: CallQuery) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The filter with the fewest calls of the time that is asked for, by its sets, and the sets
        of the others."""
        filters = query.sets
        if not filters:
            return (keys.RECENT_CALLS,), []
        if len(filters) == 1:
            return filters[0], []
        pipeline = self._redis.pipeline(transaction=False)
        for names in filters:
            for name in names:
                pipeline.zcount(name, _low(query), _high(query))
        counts = iter(pipeline.execute())
        sizes = [sum(next(counts) for _ in names) for names in filters]
        smallest = sizes.index(min(sizes))
        return filters[smallest], filters[:smallest] + filters[smallest + 1 :]

    def _walk(self, names: Sequence[str], query: CallQuery, after: Entry | None) -> Iterator[Entry]:
        """The calls of these sets from `after` on, newest first."""
        walks = [self._walk_one(name, query, after) for name in names]
        return walks[0] if len(walks) == 1 else heapq.merge(*walks, reverse=True)

    def _walk_one(self, name: str, query: CallQuery, after: Entry | None) -> Iterator[Entry]:
        high: float | str = _high(query)
        if after is not None:
            high = after[0] if high == "+inf" else min(after[0], float(high))
        skip = 0
        while True:
            found = self._between(name, _low(query), high, skip)
            yield from (entry for entry in found if after is None or entry < after)
            if len(found) < CHUNK:
                return
            # On from the last score: to skip many entries costs Redis time for each of them.
            same = sum(score == found[-1][0] for score, _ in found)
            skip = skip + same if found[-1][0] == high else same
            high = found[-1][0]

    def _between(self, name: str, low: float | str, high: float | str, skip: int) -> list[Entry]:
        found = cast(
            list[tuple[bytes, float]],
            self._redis.zrevrangebyscore(name, high, low, start=skip, num=CHUNK, withscores=True),
        )
        return [(score, member.decode()) for member, score in found]

    def _with_words(
        self, names: Sequence[str], query: CallQuery, search: Search, after: Entry | None
    ) -> Iterator[Entry]:
        """The calls of these sets that may have the words, from `after` on, newest first: those
        that began at a second of the words, and the newest ones that are not filed yet."""
        fresh = self._not_described(list(islice(self._walk(names, query, None), CHUNK)))
        merged = heapq.merge(fresh, self._at_seconds(names, query, search, after), reverse=True)
        last: Entry | None = None
        for entry in merged:
            new = (last is None or entry < last) and (after is None or entry < after)
            if new and _in_time(entry, query):
                last = entry
                yield entry

    def _not_described(self, entries: Sequence[Entry]) -> list[Entry]:
        pipeline = self._redis.pipeline(transaction=False)
        for _, call_id in entries:
            pipeline.hexists(keys.summary(call_id), "intents")
        described = pipeline.execute() if entries else []
        return [entry for entry, done in zip(entries, described, strict=True) if not done]

    def _at_seconds(
        self, names: Sequence[str], query: CallQuery, search: Search, after: Entry | None
    ) -> Iterator[Entry]:
        now = time.time()
        low = max(query.since or 0.0, now - self._keep_s)
        high = min(now if after is None else after[0], now if query.until is None else query.until)
        found = [self._words.seconds(words, low, high) for words in search.filed_as]
        seconds = heapq.merge(*found, reverse=True)
        while some := _different(seconds, CHUNK):
            pipeline = self._redis.pipeline(transaction=False)
            for second in some:
                for name in names:
                    pipeline.zrangebyscore(name, second, f"({second + 1}", withscores=True)
            answers = pipeline.execute()
            for number in range(len(some)):
                began = [
                    (score, member.decode())
                    for answer in answers[number * len(names) : (number + 1) * len(names)]
                    for member, score in answer
                ]
                yield from sorted(began, reverse=True)

    def _held(self, entries: Sequence[Entry], others: Sequence[tuple[str, ...]]) -> list[str]:
        """The ids of those entries that every other filter holds in one of its sets."""
        ids = [call_id for _, call_id in entries]
        if not ids or not others:
            return ids
        pipeline = self._redis.pipeline(transaction=False)
        for names in others:
            for name in names:
                pipeline.zmscore(name, ids)
        answers = iter(pipeline.execute())
        for names in others:
            scores = [next(answers) for _ in names]
            held = {
                call_id
                for place, (_, call_id) in enumerate(entries)
                if any(score[place] is not None for score in scores)
            }
            ids = [call_id for call_id in ids if call_id in held]
        return ids

    def _read(self, ids: Sequence[str], search: Search | None) -> dict[str, dict[str, Any]]:
        """The summaries of calls by id; where something is looked for, of those that have it."""
        pipeline = self._redis.pipeline(transaction=False)
        for call_id in ids:
            pipeline.hgetall(keys.summary(call_id))
            if search is not None:
                pipeline.get(keys.transcript(call_id))
        raw = pipeline.execute() if ids else []
        step = 1 if search is None else 2
        found: dict[str, dict[str, Any]] = {}
        for place, call_id in enumerate(ids):
            fields = raw[place * step]
            if not fields:
                continue
            summary = story.decode_fields(call_id, fields)
            if search is not None:
                said = story.value(raw[place * step + 1] or b"[]")
                if not search.found_in(summary, said if isinstance(said, list) else ()):
                    continue
            found[call_id] = summary
        return found


def _stretches(entries: Iterator[Entry], first: int) -> Iterator[list[Entry]]:
    """The entries in stretches that are looked at together: the first one about as long as a page,
    which most pages are full with."""
    size, stretch = first, []
    for entry in entries:
        stretch.append(entry)
        if len(stretch) == size:
            yield stretch
            size, stretch = CHUNK, []
    if stretch:
        yield stretch


def _different(values: Iterator[int], most: int) -> list[int]:
    """The next values, each once, `most` at most; equal ones stand together."""
    return [value for value, _ in islice(groupby(values), most)]


def _in_time(entry: Entry, query: CallQuery) -> bool:
    since, until = query.since, query.until
    return (since is None or since <= entry[0]) and (until is None or entry[0] <= until)


def _low(query: CallQuery) -> float | str:
    return "-inf" if query.since is None else query.since


def _high(query: CallQuery) -> float | str:
    return "+inf" if query.until is None else query.until
