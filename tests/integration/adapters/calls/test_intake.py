"""Events into a real Redis: once each, whatever the order, and never half."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from app.adapters import queue
from app.adapters.calls.inbox import NewsStore
from app.adapters.calls.intake import WAKE, Intake
from app.adapters.job_names import WORK_OFF_CALL as JOB
from app.adapters.redis import keys
from app.errors import Unavailable
from app.protocol.retell_webhook import parse
from app.rehearsal.webhook_samples import SAMPLES, sample
from app.settings import Settings

NOW = 1_795_300_000_000


@pytest.fixture
def intake(redis: Redis, settings: Settings) -> Intake:
    return Intake(redis, settings)


@pytest.fixture
def news(redis: Redis, settings: Settings) -> NewsStore:
    return NewsStore(redis, settings)


def event(name: str, call_id: str = "call_1", **changes: Any) -> Any:
    payload = sample(name, call_id, NOW)
    holder = next((payload[key] for key in ("call", "chat") if key in payload), payload)
    holder.update(changes)
    return parse(orjson.dumps(payload))


def jobs(redis: Redis) -> int:
    return redis.llen(queue.queue_key("background"))


HOOKS = sorted(name for name in SAMPLES if not name.endswith("_inbound"))


@pytest.mark.parametrize("name", HOOKS)
def test_every_event_is_stored_once(intake: Intake, redis: Redis, name: str) -> None:
    assert intake.take(event(name), NOW) in ("stored", "queued")
    before = {key: redis.dump(key) for key in redis.keys("*")}
    assert intake.take(event(name), NOW + 1) == "duplicate"
    assert {key: redis.dump(key) for key in redis.keys("*")} == before


@pytest.mark.parametrize("name", HOOKS)
def test_every_key_has_an_end(intake: Intake, redis: Redis, name: str) -> None:
    intake.take(event(name), NOW)
    lasting = {keys.RECENT_CALLS.encode(), WAKE.encode(), queue.QUEUES_KEY.encode(),
               queue.queue_key("background").encode()}  # fmt: skip
    assert {key for key in redis.keys("*") if redis.ttl(key) == -1} <= lasting


def test_the_job_is_one_that_rq_can_read(intake: Intake, redis: Redis) -> None:
    assert intake.take(event("call_ended"), NOW) == "queued"
    queued: list[Any] = redis.lrange(queue.queue_key("background"), 0, -1)
    (job_id,) = queued
    job = Job.fetch(job_id.decode(), connection=redis, serializer=JSONSerializer)
    assert job.func_name == JOB
    assert list(job.args) == ["call_1", job.id]
    assert job.origin == "background"
    assert job.get_status() == "queued"
    assert job.retries_left == len(queue.RETRY_DELAYS_S)
    assert job.enqueued_at is not None
    assert abs((job.enqueued_at - job.created_at).total_seconds()) < 1


def test_the_job_is_written_as_queue_would_write_it(intake: Intake, redis: Redis) -> None:
    intake.take(event("call_ended"), NOW)
    queued: list[Any] = redis.lrange(queue.queue_key("background"), 0, -1)
    (job_id,) = queued
    found: dict[Any, Any] = redis.hgetall(queue.job_key(job_id.decode()))
    ours = queue.prepare(JOB, ["call_1", job_id.decode()], about="a call's webhooks").fields
    assert {name.decode() for name in found} == set(ours)
    for name in set(ours) - {"data", "created_at", "enqueued_at"}:
        wanted = ours[name] if isinstance(ours[name], bytes) else str(ours[name]).encode()
        assert found[name.encode()] == wanted


def test_a_burst_queues_one_job_and_keeps_the_latest_transcript(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    entries = [{"role": "user", "content": f"word {count}"} for count in range(40)]
    outcomes = [
        intake.take(event("transcript_updated", transcript_with_tool_calls=entries[:count]), NOW)
        for count in (*range(1, 41, 2), *range(2, 40, 2))
    ]
    assert outcomes.count("queued") == 1
    assert jobs(redis) == 1
    assert len(news.begin("call_1", "job", NOW).entries) == 39


def test_after_a_job_began_the_next_event_queues_another(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    assert intake.take(event("call_started"), NOW) == "queued"
    assert intake.take(event("transcript_updated"), NOW) == "stored"
    news.begin("call_1", "job", NOW)
    assert intake.take(event("call_ended"), NOW) == "queued"
    assert jobs(redis) == 2


LIFE = ("call_started", "transcript_updated", "transfer_started", "call_ended", "call_analyzed")


@pytest.mark.parametrize("order", list(itertools.permutations(LIFE)))
def test_the_order_of_arrival_does_not_matter(
    intake: Intake, redis: Redis, news: NewsStore, order: tuple[str, ...]
) -> None:
    for name in order:
        intake.take(event(name), NOW)
    found = news.begin("call_1", "job", NOW)
    assert redis.hget(keys.summary("call_1"), "status") == b'"ended"'
    assert found.over
    assert found.facts["status"] == "ended"
    assert found.facts["disconnection_reason"] == "agent_hangup"
    assert found.facts["call_analysis"]["call_successful"] is True
    assert [entry["role"] for entry in found.entries][:3] == ["agent", "user", "agent"]


def test_a_call_that_never_connected_is_a_call(intake: Intake, news: NewsStore) -> None:
    fields = {"call_status": "not_connected", "disconnection_reason": "dial_no_answer"}
    intake.take(event("call_ended", **fields), NOW)
    found = news.begin("call_1", "job", NOW)
    assert found.summary["status"] == "not_connected"
    assert found.over


def test_the_final_transcript_wins_over_a_longer_update(intake: Intake, news: NewsStore) -> None:
    final = [{"role": "user", "content": "one"}]
    longer = [{"role": "user", "content": "one"}, {"role": "agent", "content": "two"}]
    intake.take(event("call_ended", transcript_with_tool_calls=final), NOW)
    intake.take(event("transcript_updated", transcript_with_tool_calls=longer), NOW)
    assert len(news.begin("call_1", "job", NOW).entries) == 1


def test_plain_events_are_heard_in_order(intake: Intake, redis: Redis, news: NewsStore) -> None:
    intake.take(event("session_start", "s-1"), NOW)
    assert intake.take(event("transcript", "s-1", transcript="Bo", isFinal=False), NOW) == "stored"
    assert redis.llen(keys.call("s-1", "partials")) == 1
    intake.take(event("interruption", "s-1"), NOW + 10)
    assert redis.llen(keys.call("s-1", "partials")) == 0
    intake.take(event("transcript", "s-1", transcript="Book it", isFinal=True), NOW + 20)
    found = news.begin("s-1", "job", NOW)
    assert [(item.text, item.interruption) for item in found.heard] == [
        ("", True), ("Book it", False),
    ]  # fmt: skip
    assert found.counts == {"session_start": 1, "transcript": 2, "interruption": 1}
    assert not found.over


def test_partials_are_bounded(intake: Intake, redis: Redis) -> None:
    for count in range(80):
        text = {"transcript": f"word {count}", "isFinal": False}
        intake.take(event("transcript", "s-1", **text), NOW + count)
    assert redis.llen(keys.call("s-1", "partials")) == 50
    assert jobs(redis) == 0


def test_the_same_words_seconds_apart_are_said_twice(intake: Intake, redis: Redis) -> None:
    said = event("transcript", "s-1", transcript="yes", isFinal=True)
    assert intake.take(said, NOW) == "queued"
    assert intake.take(said, NOW + 200) == "duplicate"
    redis.delete(keys.call("s-1", f"seen:{said.key}"))  # as three seconds would
    assert intake.take(said, NOW + 4000) == "stored"


def test_unknown_events_and_alerts_are_filed(intake: Intake, redis: Redis) -> None:
    assert intake.take(parse(b'{"event":"new_thing","x":1}'), NOW) == "stored"
    assert intake.take(parse(b'{"event":"new_thing","x":1}'), NOW) == "duplicate"
    intake.take(event("alert_triggered", "incident_1"), NOW)
    assert redis.llen("webhooks:unknown") == 1
    alert: Any = redis.lindex("webhooks:alerts", 0)
    assert orjson.loads(alert)["name"] == "Custom LLM errors"
    intake.take(parse(b'{"event":"new_thing","call":{"call_id":"call_9"}}'), NOW)
    (line,) = redis.lrange(keys.events("call_9"), 0, -1)
    assert orjson.loads(line)["ignored"] is True
    assert jobs(redis) == 0


def test_a_deep_object_costs_only_itself(intake: Intake, news: NewsStore) -> None:
    payload = sample("call_ended", "call_1", NOW)
    raw = orjson.dumps(payload)
    text = b'{"d":' * 400 + b"1" + b"}" * 400
    raw = raw.replace(b'"metadata":{"contact":"c_88121"}', b'"metadata":' + text)
    assert intake.take(parse(raw), NOW) == "queued"
    facts = news.begin("call_1", "job", NOW).facts
    assert "metadata" not in facts
    assert facts["from_number"] == "+14155550142"


def test_a_full_redis_takes_nothing_and_later_everything(intake: Intake, redis: Redis) -> None:
    used = redis.info("memory")["used_memory"]
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", used // 2)
    try:
        with pytest.raises(Unavailable):
            intake.take(event("call_ended"), NOW)
        assert redis.keys("*") == []
    finally:
        redis.config_set("maxmemory", 0)
    assert intake.take(event("call_ended"), NOW) == "queued"


def test_a_read_only_redis_takes_nothing(intake: Intake, redis: Redis) -> None:
    redis.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(Unavailable):
            intake.take(event("call_ended"), NOW)
    finally:
        redis.replicaof("no", "one")
    assert intake.take(event("call_ended"), NOW) == "queued"


def test_a_flushed_script_cache_is_no_loss(intake: Intake, redis: Redis) -> None:
    intake.take(event("call_started"), NOW)
    redis.script_flush()
    assert intake.take(event("call_ended"), NOW) == "stored"


def test_wake_brings_back_what_a_dead_worker_had(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    intake.take(event("call_ended"), NOW)
    popped: Any = redis.lpop(queue.queue_key("background"))
    job_id = popped.decode()
    news.begin("call_1", job_id, NOW)
    redis.hset(queue.job_key(job_id), "status", "started")
    assert news.wake(NOW + 29_000) == 0
    assert news.wake(NOW + 31_000) == 1
    assert news.wake(NOW + 31_000) == 0
    assert jobs(redis) == 1


@pytest.mark.parametrize("status", ["queued", "scheduled"])
def test_wake_leaves_alone_what_waits_for_a_worker_or_a_retry(
    intake: Intake, redis: Redis, news: NewsStore, status: str
) -> None:
    intake.take(event("call_ended"), NOW)
    queued: Any = redis.lindex(queue.queue_key("background"), 0)
    job_id = queued.decode()
    redis.hset(queue.job_key(job_id), "status", status)
    assert news.wake(NOW + 61_000) == 0
    assert redis.zscore(WAKE, "call_1") == NOW + 61_000 + 60_000


def test_wake_does_not_bring_back_a_dead_letter(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    intake.take(event("call_ended"), NOW)
    popped: Any = redis.lpop(queue.queue_key("background"))
    job_id = popped.decode()
    news.begin("call_1", job_id, NOW)
    redis.hset(queue.job_key(job_id), "status", "failed")
    assert news.wake(NOW + 31_000) == 0
    assert redis.zscore(WAKE, "call_1") is None
    assert intake.take(event("call_analyzed"), NOW) == "queued"


def test_finish_forgets_a_call_or_wakes_it_later(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    intake.take(event("call_started"), NOW)
    news.begin("call_1", "job-1", NOW)
    news.finish("call_1", "job-1", NOW + 1500)
    assert news.wake(NOW + 1499) == 0
    assert news.wake(NOW + 1500) == 1
    news.begin("call_1", "job-2", NOW)
    news.finish("call_1", "job-2", None)
    assert redis.zcard(WAKE) == 0


def test_finish_keeps_the_wake_time_of_a_job_queued_meanwhile(
    intake: Intake, redis: Redis, news: NewsStore
) -> None:
    intake.take(event("call_started"), NOW)
    news.begin("call_1", "job-1", NOW)
    intake.take(event("call_ended"), NOW + 5)
    news.finish("call_1", "job-1", None)
    assert redis.zscore(WAKE, "call_1") == NOW + 5 + 60_000
