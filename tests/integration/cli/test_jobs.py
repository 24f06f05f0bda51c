"""`python -m app jobs` on a real Redis: dead letters seen, inspected, tried again, forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from redis import Redis

from app.__main__ import main
from app.adapters import queue
from app.adapters.redis.client import connect
from app.adapters.tools.store import EffectStore
from app.settings import Settings


@pytest.fixture
def redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("APP_ENV", "development")
    client = connect(Settings(redis_url=redis_url))
    yield client
    client.close()


@pytest.fixture
def effect(redis: Redis) -> str:
    """An effect that was given up; its letter's id."""
    store = EffectStore(redis, Settings())
    store.ask("call 1", "book-1", "book_appointment", {"name": "Ann"}, "t1", {})
    store.begin("call 1", "book-1", "w1")
    failed = {"ok": False, "output": {}, "say": None}
    store.finish(
        "call 1", "book-1", "w1", "failed", failed, error="call +1 555 010 9999", dead=True
    )
    return "effect:book-1@call 1"


@pytest.fixture
def job(redis: Redis) -> str:
    """A background job that was given up; its letter's id."""
    with redis.pipeline(transaction=True) as pipeline:
        job_id = queue.enqueue(pipeline, "workers.calls.work_off", ("call 2",), about="news")
        pipeline.hset(queue.job_key(job_id), "status", "failed")
        pipeline.zadd("rq:failed:background", {job_id: 2e9})
        pipeline.delete(queue.queue_key("background"))
        pipeline.execute()
    return job_id


def test_nothing_was_given_up(redis: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    told = capsys.readouterr().out
    assert "0 waiting, 0 worker processes" in told
    assert "no dead letters" in told


def test_list(redis: Redis, effect: str, job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    told = capsys.readouterr().out
    assert "2 dead letters" in told
    assert effect in told
    assert job in told
    assert "0109999" not in told.replace(" ", "")
    assert main(["jobs", "list", "--json"]) == 0
    letters = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(letter["id"], letter["call_id"]) for letter in letters} == {
        (effect, "call 1"),
        (job, "call 2"),
    }


def test_show(redis: Redis, effect: str, job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", "show", effect]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["what"], told["details"]["arguments"]) == ("book_appointment", {"name": "Ann"})
    assert main(["jobs", "show", job]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["what"], told["details"]["args"]) == ("workers.calls.work_off", ["call 2"])


def test_requeue(redis: Redis, effect: str, job: str) -> None:
    assert main(["jobs", "requeue", effect, job]) == 0
    again = EffectStore(redis, Settings()).get("call 1", "book-1")
    assert again is not None
    assert (again.state, again.attempts) == ("asked", 0)
    assert redis.lrange(queue.queue_key("background"), 0, -1) == [job.encode()]
    assert redis.hget(queue.job_key(job), "status") == b"queued"
    assert main(["jobs", "requeue", effect]) == 1, "it is no dead letter any more"


def test_requeue_and_forget_all(redis: Redis, effect: str, job: str) -> None:
    assert main(["jobs", "forget", "all"]) == 0
    assert not redis.exists(queue.job_key(job))
    assert main(["jobs", "requeue", "all"]) == 0
    assert queue.depth(redis, "background") == 0


def test_what_cannot_be_done_is_told_in_a_line(
    redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", "show", "absent"]) == 1
    assert main(["jobs", "requeue"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "jobs: no dead letter absent",
        "jobs: requeue needs the id of a dead letter, or all",
    ]
