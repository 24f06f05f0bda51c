"""Calls are found by agent, business, outcome, tool, time and words, page by page."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from redis import Redis

from app.adapters.calls import index as index_module
from app.adapters.calls.index import CallIndex, CallQuery, make_cursor, parse_cursor
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


def test_words_are_looked_for_in_numbers_and_transcripts(store: CallStore, redis: Redis) -> None:
    add(store, redis, "c1", 100.0, agent="Ada", from_number="+14155550123")
    add(store, redis, "c2", 200.0, agent="Ada")
    store.set_transcript("c2", [{"role": "user", "content": "My crown fell out"}])
    assert ids(store.index, text="5550123") == ["c1"]
    assert ids(store.index, text="CROWN") == ["c2"]
    assert ids(store.index, text="root canal") == []


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
    query = CallQuery(text="ada")
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
