"""Jobs as they are written: what RQ's own enqueue would write, JSON only, every key with an end."""

from __future__ import annotations

import time
from typing import Any

import orjson
from rq.job import Job
from rq.serializers import JSONSerializer

from app.adapters import queue


class Pipeline:
    """Notes the commands it is given."""

    def __init__(self) -> None:
        self.commands: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> object:
        def command(*args: object, **kwargs: object) -> None:
            self.commands.append((name, *args, *kwargs.values()))

        return command


def test_a_job_is_json_and_bounded() -> None:
    job = queue.prepare("workers.effects.run", ("call 1", "k"), queue="live", job_id="j1")
    assert job.keys == {"job": "rq:job:j1", "queue": "rq:queue:live", "queues": "rq:queues"}
    data = orjson.loads(job.fields["data"])
    assert data == ["workers.effects.run", None, ["call 1", "k"], {}]
    assert job.fields["result_ttl"] == "0"
    assert job.fields["failure_ttl"] == str(queue.DEAD_TTL_S)
    assert job.fields["timeout"] == str(queue.JOB_TIMEOUT_S)
    assert orjson.loads(job.fields["retry_intervals"]) == list(queue.RETRY_DELAYS_S)
    assert job.fields["retries_left"] == str(len(queue.RETRY_DELAYS_S))
    assert job.fields["status"] == "queued"
    assert all(isinstance(value, str) for value in job.fields.values())
    assert orjson.loads(job.args["job_fields"]) == job.fields
    assert (job.args["job_id"], job.args["job_ttl_s"]) == ("j1", queue.QUEUED_TTL_S)


def test_rq_reads_what_was_written() -> None:
    job = queue.prepare("workers.calls.work_off", ("c1",), timeout_s=7, retry_delays_s=(1, 2))
    stored = {name.encode(): value.encode() for name, value in job.fields.items()}
    nowhere: Any = object()
    read = Job("x", connection=nowhere, serializer=JSONSerializer)
    read.restore(stored)
    assert (read.func_name, tuple(read.args)) == ("workers.calls.work_off", ("c1",))
    assert (read.timeout, read.retries_left, read.retry_intervals) == (7, 2, [1, 2])
    assert (read.origin, read.result_ttl) == ("background", 0)


def test_no_retry() -> None:
    fields = queue.prepare("workers.calls.work_off", (), retry_delays_s=()).fields
    assert "retries_left" not in fields


def test_enqueue_adds_one_command_and_sends_none() -> None:
    pipeline = Pipeline()
    job_id = queue.enqueue(pipeline, "workers.calls.work_off", ("c1",))
    [(name, source, count, *given)] = pipeline.commands
    assert (name, source, count) == ("eval", queue.PUT_JOB.source, 3)
    assert given[:5] == [
        f"rq:job:{job_id}",
        "rq:queue:background",
        "rq:queues",
        job_id,
        queue.QUEUED_TTL_S,
    ]


def test_rqs_times() -> None:
    job = queue.prepare("workers.calls.work_off", ())
    nowhere: Any = object()
    read = Job("x", connection=nowhere, serializer=JSONSerializer)
    read.restore({name.encode(): value.encode() for name, value in job.fields.items()})
    for at in (read.created_at, read.enqueued_at):
        assert at is not None
        assert abs(at.timestamp() - time.time()) < 60


def test_ids_differ() -> None:
    assert queue.prepare("a.b", ()).job_id != queue.prepare("a.b", ()).job_id
