"""The benchmark of the list of calls: 100,000 of them, by page, filter and words.

Each call is written as the program does: its fields and its end, its transcript, and what its
report says of it.
"""

from __future__ import annotations

import http.client
import random
import time
from statistics import median, quantiles
from typing import cast
from urllib.parse import urlencode

import orjson
from redis import Redis

from app.adapters.calls.query import make_cursor
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.redis.client import connect
from app.core.report.faults import WORDS
from app.settings import Settings
from bench.calls import Bench
from bench.parts import Ours
from bench.tables import Table

CALLS, SPAN_S = 100_000, 6 * 86_400
REQUESTS, WARM, MOST_FAILED = 20, 3, 5
#: Writing everything may take as long as it takes.
PATIENCE_S = 60.0
#: Words of all calls, the first far more common than the last, as in speech; and one of few calls.
VOCABULARY, WORDS_EACH, RARE, RARE_EACH = 4000, 180, "zanzibar", 5000
INTENTS = ("schedule_meeting", "query_availability", "cancel_meeting", "reschedule_meeting")


def tables(bench: Bench, calls: int = CALLS) -> list[Table]:
    """How long pages of the list take, and what its indexes cost."""
    with Ours(bench.ports, workers=False) as server:
        settings = Settings(redis_url=server.redis.url)
        with connect(settings, command_s=PATIENCE_S) as redis:
            began = time.monotonic()
            fill(redis, settings, calls)
            took = time.monotonic() - began
            cases = _cases(redis, calls)
            space = _space(redis, calls)
        table = Table(
            f"The list of {calls:,} calls (one web process on one core, pages of 50)",
            (
                *("asked for", "calls on the page", "p50 (ms)", "p95 (ms)"),
                *("CPU of the web (ms)", "not 200"),
            ),
            notes=[f"Written in {took:.0f} s. Redis: {space}."],
        )
        for name, path in cases:
            _measure(table, server, name, path)
        return [table, _export(server, calls)]


def fill(redis: Redis, settings: Settings, calls: int) -> None:
    """Write so many calls, the newest now, all of two businesses."""
    store, chance, now = CallStore(redis, settings), random.Random(1), time.time()
    words = [f"word{number}" for number in range(VOCABULARY)]
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
    for number in range(calls):
        call_id = f"call_{number:06}"
        at = now - SPAN_S + SPAN_S * number / calls
        length = chance.expovariate(1 / 90)
        redis.zadd(keys.RECENT_CALLS, {call_id: at})
        redis.hset(keys.summary(call_id), "first_at", orjson.dumps(at))
        said = chance.choices(words, weights, k=WORDS_EACH)
        if number % RARE_EACH == 7:
            said[9] = RARE
        entries = [
            {"role": ("agent", "user")[place % 2], "content": " ".join(said[place * 15 :][:15])}
            for place in range(WORDS_EACH // 15)
        ]
        store.set_transcript(call_id, entries)
        business = chance.choice(("Harbor Dental", "Corner Bakery"))
        redis.hset(keys.summary(call_id), "ended_at", orjson.dumps(at + length))
        store.end(
            call_id,
            fields={
                "agent": "Mia" if business == "Harbor Dental" else "Ada",
                "business": business,
                "channel": "retell",
                "direction": "inbound",
                "from_number": f"+1415{5550000 + number % 9999:07}",
                "to_number": "+14155550100",
                "started_at": at,
                "turns_count": chance.randrange(1, 20),
                "disconnection_reason": "user_hangup",
                "pending_action": "transfer" if number % 40 == 0 else None,
                "cost": {"usd": round(chance.expovariate(1 / 0.06), 4), "complete": True},
            },
        )
        faults = [chance.choice(list(WORDS))] if number % 50 == 0 else []
        store.index.describe(call_id, chance.sample(INTENTS, 1), faults, entries)


def _cases(redis: Redis, calls: int) -> list[tuple[str, str]]:
    rank = calls // 2
    ((member, score),) = cast(
        list[tuple[bytes, float]], redis.zrevrange(keys.RECENT_CALLS, rank, rank, withscores=True)
    )
    deep = make_cursor(score, member.decode())
    asked: list[tuple[str, dict[str, str]]] = [
        ("first page", {}),
        (f"page behind {rank:,} calls", {"cursor": deep}),
        ("business", {"business": "corner-bakery"}),
        ("agent", {"agent": "mia"}),
        ("outcome", {"outcome": "transferred"}),
        ("intent", {"intent": "cancel_meeting"}),
        ("fault, of 0.1 % of the calls", {"fault": "gave_up"}),
        ("five minutes or longer", {"min_seconds": "300"}),
        ("$0.50 or dearer, of 0.02 %", {"min_usd": "0.5"}),
        ("one day", {"since": _day(3), "until": _day(2)}),
        (
            "business, intent, outcome and a minute at least",
            {
                "business": "corner-bakery",
                "intent": "cancel_meeting",
                "outcome": "transferred",
                "min_seconds": "60",
            },
        ),
        ("two filters that exclude each other", {"business": "corner-bakery", "agent": "mia"}),
        ("a common word", {"q": "word3"}),
        ("two words", {"q": "word150 word151"}),
        (f"a word of {calls // RARE_EACH} calls", {"q": RARE}),
        ("a word of no call", {"q": "unheard"}),
        ("the end of a number", {"q": "0123"}),
        ("a word behind half the calls", {"q": "word40", "cursor": deep}),
    ]
    api = [(name, f"/api/calls?{urlencode({**args, 'limit': '50'})}") for name, args in asked]
    return [*api, ("first page, as the console shows it", "/console/calls")]


def _day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * 86_400))


def _measure(table: Table, server: Ours, name: str, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    took: list[float] = []
    found, failed, before = 0, 0, 0.0
    while len(took) < WARM + REQUESTS:
        if len(took) == WARM:
            before = server.cpu_s()
        since = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            failed += 1
            if failed > MOST_FAILED:
                raise RuntimeError(f"{path} is answered with {answer.status}: {body[:200]!r}")
            continue
        took.append((time.perf_counter() - since) * 1000)
        found = len(orjson.loads(body)["calls"]) if path.startswith("/api") else 50
    cpu = (server.cpu_s() - before) * 1000 / REQUESTS
    connection.close()
    measured = took[WARM:]
    table.add(name, found, median(measured), quantiles(measured, n=20)[-1], cpu, failed)


def _export(server: Ours, calls: int) -> Table:
    table = Table(
        f"{calls:,} calls as CSV", ("what", "seconds", "first line (ms)", "MB", "web grew by (MB)")
    )
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    before, since, size, peak = server.rss(), time.perf_counter(), 0, 0
    connection.request("GET", "/api/calls?format=csv")
    answer = connection.getresponse()
    first = answer.readline()
    began = (time.perf_counter() - since) * 1000
    while piece := answer.read(1 << 20):
        size += len(piece)
        peak = max(peak, server.rss())
    seconds = time.perf_counter() - since
    table.add("all", seconds, began, (size + len(first)) / 1e6, max(0, peak - before) / 1e6)
    return table


def _space(redis: Redis, calls: int) -> str:
    """What the kinds of keys take, by a sample of each."""
    parts = {
        "sets of values": "calls:by:*",
        "words": "calls:words:*",
        "stories": "call:{call_0000*",
    }
    told = []
    for name, pattern in parts.items():
        names = list(redis.scan_iter(pattern, count=10_000))
        size = sum(redis.memory_usage(key) or 0 for key in names)
        if name == "stories":
            told.append(f"{size / 100 / 1000:.1f} kB the story of a call")
        else:
            told.append(f"{size / calls:.0f} bytes a call the {name}")
    return ", ".join(told)
