"""Calls are found by agent, business, outcome, tool, time and words, page by page."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from redis import Redis

from app.adapters.calls import index as index_module
from app.adapters.calls.index import CallIndex
from app.adapters.calls.query import CallQuery, make_cursor, parse_cursor
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.errors import BadRequest
from app.settings import Settings


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


def add(store: CallStore, redis: Redis, call_id: str, at: float, **fields: Any) -> None:
    """A call that began at `at` and has ended."""
    redis.zadd(keys.RECENT_CALLS, {call_id: at})
    redis.hset(keys.summary(call_id), "first_at", orjson.dumps(at))
    store.end(call_id, fields=fields)


def ids(index: CallIndex, limit: int = 50, **query: Any) -> list[str]:
    return [call["call_id"] for call in index.page(CallQuery(**query), limit).calls]


def test_each_filter_and_all_together(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", 100.0, agent="Ada", business="Bakery")
    add(store, redis, "c2", 200.0, agent="Ben", business="Bakery", pending_action="transfer")
    add(store, redis, "c3", 300.0, agent="Ada", business="Garage", pending_action="transfer")
    assert ids(store.index) == ["c3", "c2", "c1"]
    assert ids(store.index, agent="ada") == ["c3", "c1"]
    assert ids(store.index, business="bakery") == ["c2", "c1"]
    assert ids(store.index, outcome="transferred") == ["c3", "c2"]
    assert ids(store.index, outcome="transferred", agent="ada", business="garage") == ["c3"]
    assert ids(store.index, since=150.0, until=250.0) == ["c2"]
    assert ids(store.index, agent="nobody") == []


def test_a_call_is_found_by_the_ids_of_its_agent_and_business(
    store: CallStore, redis: Redis
) -> None:
    """Two businesses of one name, with an agent of one name, are two."""
    for number in (1, 2):
        who = {"agent": f"ada-{number}", "business": f"bakery-{number}"}
        add(store, redis, f"c{number}", 100.0, agent="Ada", business="Bakery", agent_ref=who)
    assert ids(store.index, business="bakery-1") == ["c1"]
    assert ids(store.index, agent="ada-2") == ["c2"]
    assert ids(store.index, business="bakery") == []
    assert ids(store.index, business="bakery-1", agent="ada-2") == []


def test_bookings_and_tools_decide_the_outcome(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", 100.0, agent="Ada")
    assert ids(store.index, outcome="ended") == ["c1"]
    redis.hset(keys.bookings("c1"), "public", orjson.dumps([{"status": "booked"}]))
    redis.zadd(keys.effects("c1"), {"k1": 1.0})
    redis.hset(keys.effect("c1", "k1"), mapping={"tool": "book_appointment", "state": "done"})
    store.index.refresh("c1")
    assert ids(store.index, outcome="booked") == ["c1"]
    assert ids(store.index, outcome="ended") == []
    assert ids(store.index, tool="book_appointment") == ["c1"]
    assert ids(store.index, tool="cancel_appointment") == []
    (call,) = store.index.page(CallQuery(), 1).calls
    assert (call["outcome"], call["tools"]) == ("booked", ["book_appointment"])


def test_a_live_call_is_found_by_its_agent(store: CallStore, redis: Redis) -> None:
    lease = store.take("c1", "web-1")
    store.save("c1", {}, fence=lease.fence, fields={"agent": "Ada"})
    assert ids(store.index, agent="ada", outcome="ongoing") == ["c1"]
    assert all(redis.ttl(key) > 0 for key in redis.scan_iter("calls:by:*"))


def say(store: CallStore, call_id: str, text: str) -> None:
    said = [{"role": "user", "content": text}]
    store.set_transcript(call_id, said)
    store.index.describe(call_id, (), (), said)


def test_words_are_looked_for_in_numbers_and_transcripts(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", 100.0, agent="Ada", from_number="+14155550123")
    add(store, redis, "c2", 200.0, agent="Ada")
    store.set_transcript("c2", [{"role": "user", "content": "My crown fell out"}])
    assert ids(store.index, text="+1 (415) 555-0123") == ["c1"]
    assert ids(store.index, text="0123") == ["c1"]
    assert ids(store.index, text="CROWN my") == ["c2"]
    assert ids(store.index, text="crow") == [], "whole words"
    assert ids(store.index, text="root canal") == []
    assert ids(store.index, text="?!") == []


def test_words_of_older_calls_are_found_without_reading_the_rest(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the newest calls only those are read whose words were filed."""
    monkeypatch.setattr(index_module, "CHUNK", 3)
    monkeypatch.setattr(index_module, "MAX_SEARCHED", 8)
    now = time.time()
    for number in range(60):
        add(store, redis, f"c{number:02}", now - 3600 * number, agent="Ada")
        say(store, f"c{number:02}", "crown" if number in (1, 2, 40, 59) else "filling")
    assert ids(store.index, text="crown") == ["c01", "c02", "c40", "c59"]
    assert ids(store.index, text="crown", agent="ada", until=now - 3600 * 30) == ["c40", "c59"]
    assert ids(store.index, text="crown", since=now - 3600 * 41) == ["c01", "c02", "c40"]
    assert ids(store.index, text="crown filling") == []
    pages, cursor = [], ""
    while True:
        page = store.index.page(CallQuery(text="crown"), 3, cursor)
        pages.append([call["call_id"] for call in page.calls])
        if page.next is None:
            break
        cursor = page.next
    assert [one for page in pages for one in page] == ["c01", "c02", "c40", "c59"]
    assert all(redis.ttl(key) > 0 for key in redis.scan_iter("calls:words:*"))
    assert not any(b"crown" in key for key in redis.scan_iter("calls:words:*"))


def test_calls_of_one_second_with_a_word_are_found_once_each(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "CHUNK", 2)
    now = int(time.time()) - 600
    for number in range(24):
        name = f"c{number:02}"
        add(store, redis, name, now + number // 5 + (number % 5) / 10, from_number="+14155550123")
        say(store, name, "0123 crown")
    for text in ("crown", "0123"):
        found = ids(store.index, text=text)
        assert found == [f"c{number:02}" for number in reversed(range(24))]


def test_words_are_filed_once_and_what_is_gone_is_not_found(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", time.time() - 90, agent="Ada")
    for _ in range(3):
        say(store, "c1", "crown")
    (size,) = {redis.strlen(key) for key in redis.scan_iter("calls:words:*")}
    assert size == 4
    redis.delete(keys.transcript("c1"))
    assert ids(store.index, text="crown") == []


def test_intents_faults_length_and_cost(store: CallStore, redis: Redis) -> None:
    for number, (seconds, usd) in enumerate([(20, 0.004), (119, 0.06), (120, 0.3), (1000, 2.0)]):
        fields = {"agent": "Ada", "started_at": 100.0, "cost": {"usd": usd}}
        add(store, redis, f"c{number}", 100.0 + number, **fields)
        redis.hset(keys.summary(f"c{number}"), "ended_at", 100.0 + seconds)
        store.index.refresh(f"c{number}")
        intents = ["cancel_meeting"] if number % 2 else []
        store.index.describe(f"c{number}", intents, ["model_lost"] if number == 3 else [], ())
    assert ids(store.index, intent="cancel_meeting") == ["c3", "c1"]
    assert ids(store.index, fault="model_lost", intent="cancel_meeting") == ["c3"]
    assert ids(store.index, seconds=(100, 130)) == ["c2", "c1"]
    assert ids(store.index, seconds=(None, 20)) == ["c0"]
    assert ids(store.index, seconds=(120.5, None)) == ["c3"]
    assert ids(store.index, usd=(0.055, 0.3), seconds=(0, 119)) == ["c1"]
    assert ids(store.index, usd=(5, None)) == []
    (call,) = store.index.page(CallQuery(fault="model_lost"), 1).calls
    assert (call["intents"], call["faults"]) == (["cancel_meeting"], ["model_lost"])


def test_a_call_whose_cost_grew_is_found_by_the_new_one(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", 100.0, agent="Ada", cost={"usd": 0.001})
    store.end("c1", fields={"cost": {"usd": 0.5}})
    assert ids(store.index, usd=(0.4, None)) == ["c1"]
    assert redis.zscore(keys.calls_by("usd", "0"), "c1") is None


def test_many_calls_of_one_moment_are_walked_once_each(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "CHUNK", 4)
    for number in range(30):
        add(store, redis, f"c{number:02}", 100.0 + number // 11, agent="Ada")
    seen = ids(store.index)
    assert seen == [f"c{number:02}" for number in reversed(range(30))]


def test_pages_hold_every_call_once(store: CallStore, redis: Redis) -> None:
    for number in range(23):
        add(store, redis, f"c{number:02}", 100.0 + number // 5, agent="Ada")
    seen: list[str] = []
    cursor = ""
    while True:
        page = store.index.page(CallQuery(agent="ada"), 7, cursor)
        seen += [call["call_id"] for call in page.calls]
        if page.next is None:
            break
        cursor = page.next
        # A call that begins between two pages neither hides nor repeats one.
        add(store, redis, f"late{len(seen)}", 900.0 + len(seen), agent="Ada")
    assert seen == sorted({f"c{number:02}" for number in range(23)}, reverse=True)


def test_one_page_looks_at_a_bounded_number_of_calls(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "MAX_SCANNED", 10)
    for number in range(25):
        add(store, redis, f"c{number:02}", 100.0 + number, agent="Ada" if number == 2 else "Ben")
    found: list[str] = []
    cursor = ""
    query = CallQuery(since=100.0, agent="ada", outcome="ended")
    assert [call["call_id"] for call in store.index.page(query, 5).calls] == ["c02"]
    for number in range(25):
        redis.hset(keys.summary(f"c{number:02}"), "cost", orjson.dumps({"usd": 0.02}))
        store.index.refresh(f"c{number:02}")
    redis.hset(keys.summary("c02"), "cost", orjson.dumps({"usd": 0.04}))
    query = CallQuery(usd=(0.03, None))
    while True:
        page = store.index.page(query, 5, cursor)
        found += [call["call_id"] for call in page.calls]
        if page.next is None:
            break
        cursor = page.next
    assert found == ["c02"]


@pytest.mark.parametrize("cursor", ["!", "YWJj", "\u00e9", "bm90YW51bWJlciB4"])
def test_a_wrong_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        parse_cursor(cursor)


def test_a_cursor_comes_back_as_it_was_made() -> None:
    assert parse_cursor(make_cursor(1795284000.123, "call with blanks")) == (
        1795284000.123,
        "call with blanks",
    )
