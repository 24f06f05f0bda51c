"""Jobs as they are written: what RQ's own enqueue would write, JSON only, every key with an end."""

from __future__ import annotations

import zlib

import orjson
from rq.job import Job

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
    assert (job.job_id, job.job_key, job.queue_key) == ("j1", "rq:job:j1", "rq:queue:live")
    data = orjson.loads(zlib.decompress(job.fields["data"]))
    assert data == ["workers.effects.run", None, ["call 1", "k"], {}]
    assert job.fields["result_ttl"] == 0
    assert job.fields["failure_ttl"] == queue.DEAD_TTL_S
    assert job.fields["timeout"] == queue.JOB_TIMEOUT_S
    assert orjson.loads(job.fields["retry_intervals"]) == list(queue.RETRY_DELAYS_S)
    assert job.fields["retries_left"] == len(queue.RETRY_DELAYS_S)
    assert job.fields["status"] == "queued"
    assert None not in job.fields.values()


def test_flat_is_what_hset_takes() -> None:
    job = queue.prepare("workers.calls.work_off", ())
    flat = job.flat()
    assert dict(zip(flat[::2], flat[1::2], strict=True)) == job.fields
    assert all(isinstance(part, (str, bytes, int, float)) for part in flat)


def test_rq_reads_what_was_written() -> None:
    job = queue.prepare("workers.calls.work_off", ("c1",), timeout_s=7, retry_delays_s=(1, 2))
    stored = {
        name.encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in job.fields.items()
    }
    read = Job("x", connection=object(), serializer=queue.JSONSerializer)
    read.restore(stored)
    assert (read.func_name, tuple(read.args)) == ("workers.calls.work_off", ("c1",))
    assert (read.timeout, read.retries_left, read.retry_intervals) == (7, 2, [1, 2])
    assert (read.origin, read.result_ttl) == ("background", 0)


def test_no_retry() -> None:
    fields = queue.prepare("workers.calls.work_off", (), retry_delays_s=()).fields
    assert "retries_left" not in fields


def test_enqueue_adds_commands_and_sends_none() -> None:
    pipeline = Pipeline()
    job_id = queue.enqueue(pipeline, "workers.calls.work_off", ("c1",))
    names = [command[0] for command in pipeline.commands]
    assert names == ["hset", "expire", "sadd", "rpush"]
    assert pipeline.commands[1][1:] == (f"rq:job:{job_id}", queue.QUEUED_TTL_S)
    assert pipeline.commands[3][1:] == ("rq:queue:background", job_id)


def test_ids_differ() -> None:
    assert queue.prepare("a.b", ()).job_id != queue.prepare("a.b", ()).job_id
