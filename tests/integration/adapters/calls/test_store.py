"""Calls in Redis: one holder, a state to resume from, a bounded story that ends by itself."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from app.adapters.calls import store as calls_module
from app.adapters.calls.query import CallQuery
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.settings import Settings


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


def assert_every_key_ends(redis: Redis) -> None:
    for key in redis.scan_iter("*"):
        assert redis.ttl(key) > 0, key


def test_newest_socket_wins_and_the_older_ones_saves_are_refused(store: CallStore) -> None:
    first = store.take("c1", "web-1")
    assert (first.before, first.state, first.status) == ("", None, "ongoing")
    assert store.save("c1", {"turn": 1}, fence=first.fence)
    second = store.take("c1", "web-2")
    assert second.fence > first.fence
    assert second.before == "web-1"
    assert second.state == {"turn": 1}
    assert store.owner("c1") == "web-2"
    assert not store.save("c1", {"turn": 99}, fence=first.fence, fields={"status": "broken"})
    assert store.load("c1") == {"turn": 1}
    assert store.save("c1", {"turn": 2}, fence=second.fence, fields={"last_intent": "none"})
    assert store.load("c1") == {"turn": 2}
    summary = store.summary("c1")
    assert summary is not None
    assert (summary["status"], summary["last_intent"]) == ("ongoing", "none")


def test_the_process_that_loses_a_call_is_told(store: CallStore, redis: Redis) -> None:
    store.take("c1", "web-1")
    fence = store.take("c1", "web-2").fence
    told: Any = redis.xrange(keys.replies("web-1"))
    [(_, fields)] = told
    assert fields == {b"taken": b"c1", b"fence": str(fence).encode()}
    assert redis.ttl(keys.replies("web-1")) > 0


def test_the_same_process_can_take_a_call_again(store: CallStore, redis: Redis) -> None:
    store.take("c1", "web-1")
    again = store.take("c1", "web-1")
    assert again.before == "web-1"
    assert redis.xlen(keys.replies("web-1")) == 1


def test_renew_names_the_calls_that_are_lost(store: CallStore) -> None:
    mine, other = store.take("mine", "web-1"), store.take("other", "web-1")
    store.take("other", "web-2")
    assert store.renew([mine, other]) == [other]
    assert store.renew([]) == []


def test_release_by_the_holder_only(store: CallStore) -> None:
    old = store.take("c1", "web-1")
    new = store.take("c1", "web-2")
    assert not store.release(old)
    assert store.owner("c1") == "web-2"
    assert store.release(new)
    assert store.owner("c1") is None
    assert store.active() == 1, "it still counts for a while: another socket may come"
    assert store.take("c1", "web-3").fence > new.fence


def test_a_silent_holder_is_no_owner(store: CallStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "LEASE_S", -1)
    store.take("c1", "web-1")
    assert store.owner("c1") is None


def test_active_counts_calls_until_they_end(store: CallStore) -> None:
    store.merge("by-webhook", {"channel": "retell_webhook"}, live=True)
    store.take("by-socket", "web-1")
    store.merge("known-only", {"channel": "retell_webhook"})
    assert store.active() == 2
    store.end("by-webhook")
    store.merge("by-webhook", {"late": "news"}, live=True)
    store.end("by-socket")
    assert store.active() == 0


def test_end_keeps_the_story_and_shortens_the_state(
    store: CallStore, redis: Redis, settings: Settings
) -> None:
    lease = store.take("c1", "web-1")
    store.save("c1", {"turn": 1}, fence=lease.fence)
    store.add_event("c1", {"kind": "greeted"})
    store.end("c1", fields={"reason": "user_hangup"})
    assert 0 < redis.ttl(keys.state("c1")) <= settings.ended_call_ttl_s
    assert redis.ttl(keys.summary("c1")) > settings.ended_call_ttl_s
    summary = store.summary("c1")
    assert summary is not None
    assert (summary["status"], summary["reason"]) == ("ended", "user_hangup")
    ended_at = summary["ended_at"]
    assert store.save("c1", {"turn": 2}, fence=lease.fence), "its last words are still saved"
    assert 0 < redis.ttl(keys.state("c1")) <= settings.ended_call_ttl_s
    store.end("c1", status="error")
    summary = store.summary("c1")
    assert summary is not None
    assert (summary["status"], summary["ended_at"]) == ("error", ended_at)


def test_lists_are_bounded(store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_TURNS", "MAX_EVENTS", "MAX_TRANSCRIPT"):
        monkeypatch.setattr(calls_module, name, 3)
    for number in range(5):
        store.append_turn("c1", {"turn": number})
        store.add_event("c1", {"event": number})
    store.set_transcript("c1", [{"role": "user", "content": str(n)} for n in range(5)])
    store.merge("c1", {"agent_id": "a"})
    story = store.snapshot("c1")
    assert story is not None
    assert story["turns"] == [{"turn": 2}, {"turn": 3}, {"turn": 4}]
    assert story["events"] == [{"event": 2}, {"event": 3}, {"event": 4}]
    assert [entry["content"] for entry in story["transcript"]] == ["2", "3", "4"]
    assert_every_key_ends(redis)


def test_the_index_is_bounded(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "MAX_RECENT", 3)
    for number in range(5):
        store.merge(f"c{number}", {"number": number})
    assert redis.zcard(keys.RECENT_CALLS) == 3
    assert [call["call_id"] for call in store.index.page(CallQuery(), 50).calls] == [
        "c4",
        "c3",
        "c2",
    ]
    assert [call["number"] for call in store.index.page(CallQuery(), 1).calls] == [4]


def test_the_record_is_kept_in_order_and_bounded(
    store: CallStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.record("c1", [])
    for number in range(7):
        assert store.record("c1", [b'{"n":%d}' % number, b'{"m":%d}' % number])
    lines = list(store.read_record("c1", page=2))
    assert lines == [line for n in range(7) for line in (b'{"n":%d}' % n, b'{"m":%d}' % n)]
    pages = list(store.follow_record("c1", page=3))
    position = pages[-1][0]
    assert list(store.follow_record("c1", position)) == []
    store.record("c1", [b"new"])
    assert list(store.read_record("c1", position)) == [b"new"]
    monkeypatch.setattr(calls_module, "MAX_RECORD_BYTES", 200)
    while store.record("c1", [b"x" * 50]):
        pass
    summary = store.summary("c1")
    assert summary is not None
    assert summary["record_full"] is True
    assert_every_key_ends(redis)


def test_fields_keep_their_types_and_unknown_calls_are_none(store: CallStore) -> None:
    assert store.summary("nobody") is None
    assert store.snapshot("nobody") is None
    assert store.load("nobody") is None
    assert store.owner("nobody") is None
    store.merge("c1", {"text": "123", "number": 5, "none": None, "list": [1, "é"], "no": False})
    store.count("c1", turns=2, interruptions=1)
    store.count("c1", turns=1)
    summary = store.summary("c1")
    assert summary is not None
    assert (summary["text"], summary["number"], summary["list"]) == ("123", 5, [1, "é"])
    assert (summary["no"], summary["turns"], summary["interruptions"]) == (False, 3, 1)
    assert "none" not in summary


def test_calls_do_not_touch_each_other(store: CallStore) -> None:
    store.merge("a}b:{c", {"x": 1})
    store.merge("a", {"x": 2})
    summaries = {call["call_id"]: call["x"] for call in store.index.page(CallQuery(), 50).calls}
    assert summaries == {"a}b:{c": 1, "a": 2}
