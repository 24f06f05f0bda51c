"""Reports in Redis: due with the end, made once, made again when something changed."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from app.adapters import queue
from app.adapters.calls import reports
from app.adapters.calls.lapsed import LapsedCalls
from app.adapters.calls.reports import ReportStore
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.tools.store import EffectStore
from app.settings import Settings


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(redis_url=redis_url)


@pytest.fixture
def calls(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


@pytest.fixture
def store(redis: Redis, settings: Settings) -> ReportStore:
    return ReportStore(redis, settings)


def due_now(redis: Redis, call_id: str = "c1") -> None:
    assert redis.zadd(keys.REPORTS_DUE, {call_id: 1}, xx=True, ch=True) == 1


def jobs(redis: Redis) -> list[Any]:
    found = [
        queue.read_job(redis, job_id) for job_id in queue.rq_queue(redis, "background").job_ids
    ]
    return [(job.function, *job.args) for job in found if job]


def test_the_end_makes_a_report_due_once(
    redis: Redis, calls: CallStore, store: ReportStore
) -> None:
    calls.merge("c1", {"agent": "Mia"}, live=True)
    assert not store.touch("c1"), "a call that goes on has no report"
    for _ in range(3):
        calls.end("c1")
    assert store.queue_due() == 0, "what belongs to the end may still come"
    due_now(redis)
    assert (store.queue_due(), store.queue_due()) == (1, 0)
    assert jobs(redis) == [("workers.after_call.reports.make", "c1")]
    mark = store.begin("c1")
    store.finish("c1", mark)
    assert redis.zscore(keys.REPORTS_DUE, "c1") is None
    assert 0 < redis.ttl(keys.report_work("c1")) <= 7 * 86_400


def test_a_change_while_it_is_made_makes_it_due_again(
    redis: Redis, calls: CallStore, store: ReportStore
) -> None:
    calls.end("c1")
    mark = store.begin("c1")
    assert store.touch("c1")
    store.finish("c1", mark)
    due_now(redis)
    store.finish("c1", store.begin("c1"))
    assert redis.zscore(keys.REPORTS_DUE, "c1") is None


def test_a_lost_job_is_queued_again_and_given_up_in_the_end(
    redis: Redis, calls: CallStore, store: ReportStore
) -> None:
    calls.end("c1")
    for _ in range(reports.MAX_CLAIMS):
        due_now(redis)
        assert store.queue_due() == 1
        redis.delete(queue.queue_key("background"))
    due_now(redis)
    assert store.queue_due() == 0
    assert redis.zscore(keys.REPORTS_DUE, "c1") is None


def test_webhooks_do_not_wait_behind_reports(
    redis: Redis, calls: CallStore, store: ReportStore
) -> None:
    for number in range(20):
        calls.end(f"c{number}")
        due_now(redis, f"c{number}")
    assert store.queue_due() == reports.AT_ONCE
    assert store.queue_due() == 0
    redis.delete(queue.queue_key("background"))
    assert store.queue_due() == reports.AT_ONCE


def test_only_a_report_that_differs_is_a_revision(redis: Redis, store: ReportStore) -> None:
    assert store.get("c1") is None
    assert [store.keep("c1", {"outcome": o}) for o in ("ended", "ended", "booked", "booked")] == [
        1, 0, 2, 0,
    ]  # fmt: skip
    found = store.get("c1")
    assert found is not None
    assert found.shown() == {"outcome": "booked", "id": "report-c1", "revision": 2}
    assert len(jobs(redis)) == 2
    for number in range(reports.MAX_REVISIONS):
        store.keep("c1", {"outcome": number})
    found = store.get("c1")
    assert found is not None
    assert found.revision == reports.MAX_REVISIONS


def test_a_result_after_the_end_makes_it_due_again(
    redis: Redis, calls: CallStore, store: ReportStore, settings: Settings
) -> None:
    effects = EffectStore(redis, settings)
    for key in ("early", "late"):
        effects.ask("c1", key, "book_appointment", {}, f"t-{key}", {})
        assert effects.begin("c1", key, key)[0] == "begun"
    result = {"ok": True, "output": {}}
    assert effects.finish("c1", "early", "early", "done", result)
    assert redis.zscore(keys.REPORTS_DUE, "c1") is None
    calls.end("c1")
    store.finish("c1", store.begin("c1"))
    assert effects.finish("c1", "late", "late", "done", result)
    assert redis.zscore(keys.REPORTS_DUE, "c1") is not None


def test_a_silent_call_is_ended_at_its_last_sign(
    redis: Redis, calls: CallStore, settings: Settings
) -> None:
    lease = calls.take("c1", "web-1")
    calls.merge("c2", {}, live=True)
    sweep = LapsedCalls(redis, calls, patience_s=0.0)
    assert sweep.sweep() == 0, "both live"
    assert calls.active() == 2
    seconds = float(redis.time()[0])
    redis.hset(keys.lease("c1"), "until", seconds - 100)
    redis.zadd(keys.LIVE_CALLS, {"c1": seconds - 100})
    assert calls.active() == 1
    assert LapsedCalls(redis, calls, patience_s=60.0).sweep() == 0, "it may only seem silent"
    assert sweep.sweep() == 1
    summary = calls.summary("c1")
    assert summary is not None
    assert summary["status"] == "ended"
    assert abs(summary["ended_at"] - (seconds - 130)) < 1
    assert redis.zscore(keys.REPORTS_DUE, "c1") is not None
    assert sweep.sweep() == 0
    calls.renew([lease])
    calls.end("c1")
    told = calls.summary("c1")
    assert told is not None
    assert told["ended_at"] >= seconds, "its real end counts"
    assert "lapsed" not in told
    calls.end("c1")
    again = calls.summary("c1")
    assert again is not None
    assert again["ended_at"] == told["ended_at"]


def test_a_call_that_comes_back_goes_on(redis: Redis, calls: CallStore) -> None:
    calls.take("c1", "web-1")
    redis.zadd(keys.LIVE_CALLS, {"c1": 1})
    assert LapsedCalls(redis, calls, patience_s=0.0).sweep() == 1
    assert calls.take("c1", "web-2").status == "ongoing"
    summary = calls.summary("c1")
    assert summary is not None
    assert "ended_at" not in summary
    assert calls.active() == 1


def test_a_caller_who_was_handed_over_still_calls(redis: Redis, calls: CallStore) -> None:
    lease = calls.take("c1", "web-1")
    calls.save("c1", {"ending": {"kind": "transfer", "number": "+1"}}, fence=lease.fence)
    calls.release(lease)
    redis.zadd(keys.LIVE_CALLS, {"c1": 1})
    sweep = LapsedCalls(redis, calls, patience_s=0.0)
    assert sweep.sweep() == 0
    assert calls.active() == 1
    redis.delete(keys.state("c1"))
    redis.zadd(keys.LIVE_CALLS, {"c1": 1})
    assert sweep.sweep() == 1


def test_a_call_that_is_heard_of_again_is_not_ended(redis: Redis, calls: CallStore) -> None:
    calls.take("c1", "web-1")
    assert not calls.end("c1", lapsed_at=5.0)
    summary = calls.summary("c1")
    assert summary is not None
    assert "ended_at" not in summary
