"""Workers and Redis killed, stopped, full: every effect ends once, no job is lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from app.__main__ import main
from app.adapters import queue
from app.adapters.calls.store import CallStore
from app.adapters.redis.client import connect
from app.adapters.tools import store as effects_module
from app.adapters.tools.dead_letters import DeadLetters
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.errors import NotFound, Unavailable
from app.local.embedded_redis import RedisServer
from app.local.processes import Part
from app.settings import Settings
from tests.integration.workers.conftest import Start
from tests.support.waiting import eventually
from workers.rq_worker import WORKER_TTL_S

JOB = "tests.support.worker_process.job"


@pytest.fixture
def url(own_redis: RedisServer) -> str:
    """A durable server of the test's own."""
    return own_redis.url


def settled(effects: EffectStore, key: str, timeout: float = 60.0) -> Effect:
    def probe() -> Effect | None:
        try:
            effect = effects.get("c1", key)
        except Unavailable:
            return None
        return effect if effect is not None and effect.settled else None

    effect = eventually(probe, timeout=timeout)
    assert effect is not None
    return effect


def began(redis: Redis, key: str) -> list[int]:
    return [int(pid) for pid in redis.lrange(f"test:began:{key}", 0, -1)]


def put_job(redis: Redis, name: str, *args: float, **options: object) -> str:
    with redis.pipeline(transaction=True) as pipeline:
        job_id = queue.enqueue(pipeline, JOB, (name, *args), **options)  # type: ignore[arg-type]
        pipeline.execute()
    return job_id


def test_a_worker_killed_in_the_middle(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    first = start_worker()
    effects.ask("c1", "k1", "held", {"what": "it"}, "t1", {})
    eventually(lambda: began(redis, "k1"), poll=0.001)
    first.kill()
    redis.set("test:go:k1", 1)
    second = start_worker()
    effect = settled(effects, "k1", timeout=WORKER_TTL_S)  # long before RQ would have noticed
    assert (effect.state, effect.ok, effect.attempts) == ("done", True, 2)
    assert began(redis, "k1") == [first.pid, second.pid]
    assert redis.get("test:runs:k1") == b"1"


@pytest.mark.faults
def test_a_worker_frozen_past_its_lease(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    first = start_worker()
    effects.ask("c1", "k1", "slow", {"seconds": 2}, "t1", {})
    eventually(lambda: began(redis, "k1"), poll=0.001)
    first.send(signal.SIGSTOP)
    second = start_worker()
    effect = settled(effects, "k1")
    assert effect.worker.split("-")[-2] == str(second.pid)
    first.send(signal.SIGCONT)
    eventually(lambda: redis.get("test:runs:k1") == b"2")
    eventually(lambda: "late tool result ignored" in first.tail(50))
    after = effects.get("c1", "k1")
    assert after is not None
    assert (after.state, after.ended_at) == (effect.state, effect.ended_at)


def test_an_effect_whose_job_was_popped_and_lost(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    effects.ask("c1", "k1", "done", {}, "t1", {})
    assert redis.lpop(queue.queue_key("live"))
    start_worker()
    assert settled(effects, "k1").attempts == 1
    assert redis.get("test:runs:k1") == b"1"


@pytest.mark.faults
def test_a_job_that_was_popped_and_not_started(start_worker: Start, redis: Redis) -> None:
    put_job(redis, "a")
    popped = f"{queue.queue_key('background')}:intermediate"
    assert redis.blmove(queue.queue_key("background"), popped, 1)
    start_worker("background")
    eventually(lambda: redis.exists("test:job:done:a"), timeout=60)
    assert redis.llen("test:job:done:a") == 1
    eventually(lambda: redis.llen(popped) == 0)


@pytest.mark.faults
def test_a_background_job_whose_worker_was_killed(start_worker: Start, redis: Redis) -> None:
    first = start_worker("background")
    second = start_worker("background")
    put_job(redis, "a", 4.0)
    began_key = "test:job:began:a"
    began: Any = eventually(lambda: redis.lindex(began_key, 0))
    pid = int(began)
    victim, other = (first, second) if pid == first.pid else (second, first)
    since = time.monotonic()
    victim.kill()
    done: Any = eventually(lambda: redis.lindex("test:job:done:a", 0), timeout=90)
    assert int(done) == other.pid
    assert time.monotonic() - since < 60, "RQ alone takes its time limit and a minute more"


@pytest.mark.faults
def test_an_effect_that_kills_its_worker_is_given_up(
    effects: EffectStore, supervised: Part, redis: Redis
) -> None:
    effects.ask("c1", "k1", "murder", {}, "t1", {})
    effect = settled(effects, "k1", timeout=110)
    assert (effect.state, effect.attempts) == ("failed", effects_module.MAX_ATTEMPTS)
    assert [dead.key for dead in effects.dead()] == ["k1"]
    assert redis.get("test:tries:k1") == str(effects_module.MAX_ATTEMPTS).encode()
    effects.ask("c1", "k2", "done", {}, "t2", {})
    assert settled(effects, "k2").state == "done", "the worker is back each time"


def test_sigterm_finishes_the_job_at_hand(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    part = start_worker()
    effects.ask("c1", "k1", "slow", {"seconds": 2}, "t1", {})
    eventually(lambda: began(redis, "k1"))
    part.send(signal.SIGTERM)
    time.sleep(0.2)
    part.send(signal.SIGTERM)
    effects.ask("c1", "k2", "done", {}, "t2", {})
    eventually(lambda: not part.alive)
    assert part.status == "ended with status 0"
    effect = effects.get("c1", "k1")
    assert effect is not None
    assert (effect.state, effect.attempts) == ("done", 1)
    assert began(redis, "k1") == [part.pid]
    assert queue.workers_alive(redis, "live") == 0
    start_worker()
    assert settled(effects, "k2").state == "done"


@pytest.mark.faults
def test_redis_killed_and_back(
    own_redis: RedisServer, effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    part, background = start_worker(), start_worker("background")
    effects.ask("c1", "busy", "slow", {"seconds": 3}, "t1", {})
    put_job(redis, "busy", 3.0)
    eventually(lambda: began(redis, "busy") and redis.exists("test:job:began:busy"))
    waiting = [f"k{number}" for number in range(10)]
    part.send(signal.SIGSTOP)
    for key in waiting:
        effects.ask("c1", key, "done", {}, f"t-{key}", {})
    time.sleep(1.5)  # the append-only file is flushed each second
    own_redis.kill()
    part.send(signal.SIGCONT)
    with pytest.raises(Unavailable):
        effects.ask("c1", "while-away", "done", {}, "t", {})
    time.sleep(3)
    own_redis.start()
    for key in ("busy", *waiting):
        assert settled(effects, key).state == "done", key
    eventually(lambda: redis.exists("test:job:done:busy"), timeout=60)
    effects.ask("c1", "after", "done", {}, "t", {})
    assert settled(effects, "after").state == "done"
    assert (part.alive, background.alive) == (True, True)


@pytest.mark.faults
def test_redis_stopped_for_a_while(
    own_redis: RedisServer, effects: EffectStore, calls: CallStore, start_worker: Start
) -> None:
    part = start_worker()
    effects.ask("c1", "busy", "slow", {"seconds": 4}, "t1", {})
    lease = calls.take("c1", "web-1")
    assert own_redis.part is not None
    own_redis.part.send(signal.SIGSTOP)
    try:
        for what in (
            lambda: effects.ask("c1", "k1", "done", {}, "t1", {}),
            lambda: calls.save("c1", {}, fence=lease.fence),
            lambda: calls.snapshot("c1"),
        ):
            since = time.monotonic()
            with pytest.raises(Unavailable):
                what()
            assert time.monotonic() - since < 5
        time.sleep(2)
    finally:
        own_redis.part.send(signal.SIGCONT)
    assert settled(effects, "busy").state == "done"
    effects.ask("c1", "after", "done", {}, "t2", {})
    assert settled(effects, "after").state == "done"
    assert part.alive


@pytest.fixture
def full(redis: Redis) -> Iterator[None]:
    yield
    redis.config_set("maxmemory", 0)


@pytest.mark.faults
def test_redis_full_and_emptied(
    effects: EffectStore, calls: CallStore, start_worker: Start, redis: Redis, full: None
) -> None:
    part = start_worker()
    effects.ask("c1", "busy", "slow", {"seconds": 2}, "t1", {})
    eventually(lambda: began(redis, "busy"))
    redis.config_set("maxmemory", "1mb")
    with pytest.raises(Unavailable):
        effects.ask("c1", "k1", "done", {}, "t1", {})
    with pytest.raises(Unavailable):
        calls.take("c1", "web-1")
    time.sleep(4)
    redis.config_set("maxmemory", 0)
    assert settled(effects, "busy").state == "done"
    assert effects.get("c1", "k1") is None, "what was refused was not half written"
    effects.ask("c1", "k1", "done", {}, "t1", {})
    assert settled(effects, "k1").state == "done"
    assert part.alive


def test_redis_read_only(
    effects: EffectStore, calls: CallStore, redis: Redis, settings: Settings
) -> None:
    calls.merge("c1", {"x": 1})
    redis.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(Unavailable):
            effects.ask("c1", "k1", "done", {}, "t1", {})
        with pytest.raises(Unavailable):
            calls.merge("c1", {"x": 2})
        summary = calls.summary("c1")
        assert summary is not None
        assert summary["x"] == 1, "reading goes on"
    finally:
        redis.replicaof("NO", "ONE")
    assert effects.ask("c1", "k1", "done", {}, "t1", {}).state == "asked"


def test_redis_refuses_connections_in_bounded_time(
    own_redis: RedisServer, effects: EffectStore
) -> None:
    own_redis.kill()
    since = time.monotonic()
    with pytest.raises(Unavailable):
        effects.ask("c1", "k1", "done", {}, "t1", {})
    assert time.monotonic() - since < 5


def test_poison_jobs_are_tried_again_then_shown_and_requeued(
    effects: EffectStore,
    start_worker: Start,
    redis: Redis,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    start_worker("background")
    letters = DeadLetters(redis, effects)
    job_id = put_job(redis, "a", 0.0, 4, retry_delays_s=(2, 5))
    [letter] = eventually(letters.all, timeout=60)
    assert (letter.id, letter.what, letter.call_id, letter.attempts) == (job_id, JOB, "a", 3)
    assert "poison" in letter.error
    assert "ValueError" in letters.get(job_id).details["trace"]
    first, second, third = (float(at) for at in redis.lrange("test:job:began_at:a", 0, -1))
    # RQ plans by whole seconds: a try may come up to one early.
    assert (second - first > 0.9, third - second > 3.9) == (True, True), "the delays grow"
    assert main(["jobs"]) == 0
    assert "1 dead letters" not in capsys.readouterr().out
    assert main(["jobs", "show", job_id]) == 0
    assert "poison" in capsys.readouterr().out
    assert main(["jobs", "requeue", job_id]) == 0
    assert letters.all() == []
    eventually(lambda: redis.llen("test:job:done:a") == 1, timeout=60)
    assert redis.llen("test:job:began:a") == 5
    with pytest.raises(NotFound):
        letters.get(job_id)


def test_unreadable_jobs_do_not_stop_the_worker(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    redis.hset(queue.job_key("bad-data"), mapping={"data": b"\x80not json", "origin": "background"})
    redis.hset(
        queue.job_key("bad-time"),
        mapping={"data": b"[]", "created_at": "yesterday", "origin": "background"},
    )
    for job_id in ("bad-data", "bad-time", "not-there"):
        redis.rpush(queue.queue_key("background"), job_id)
    put_job(redis, "good")
    part = start_worker("background", BACKGROUND_WORKERS="1")
    eventually(lambda: redis.exists("test:job:done:good"), timeout=60)
    letters = DeadLetters(redis, effects)
    eventually(lambda: {letter.id for letter in letters.all()} == {"bad-data", "bad-time"})
    letters.forget("bad-data")
    assert part.alive
    eventually(lambda: redis.llen(f"{queue.queue_key('background')}:intermediate") == 0)


def test_dead_letters_that_are_not_there(redis: Redis, effects: EffectStore) -> None:
    letters = DeadLetters(redis, effects)
    job_id = put_job(redis, "waiting")
    for letter_id in ("nothing", job_id, "effect:k1@c1", "effect:"):
        for action in (letters.get, letters.requeue, letters.forget):
            with pytest.raises(NotFound):
                action(letter_id)


def test_every_key_of_a_job_ends(redis: Redis) -> None:
    put_job(redis, "a")
    assert {key for key in redis.scan_iter("*") if redis.ttl(key) < 0} == {
        b"rq:queues",
        queue.queue_key("background").encode(),
    }


def test_a_client_of_a_dead_server_says_no_secret(free_port: int) -> None:
    settings = Settings(redis_url=f"redis://:hunter2@127.0.0.1:{free_port}/0")
    with connect(settings) as client:
        with pytest.raises(Unavailable) as caught:
            EffectStore(client, settings).get("c1", "k1")
        assert "hunter2" not in str(caught.value)
