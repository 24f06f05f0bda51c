"""Names of jobs as they lie in Redis: each is a function, and an old job still runs."""

from __future__ import annotations

from importlib import import_module

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from app.adapters import queue
from app.adapters.job_names import JOB_NAMES


@pytest.mark.parametrize("name", JOB_NAMES)
def test_a_name_is_a_function(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))


def test_the_names_stay() -> None:
    """Jobs lie in Redis for days: a name that was once queued must go on to work."""
    assert set(JOB_NAMES) >= {
        "workers.effects.run",
        "workers.calls.work_off",
        "workers.noted.finish",
        "workers.noted.forget",
        "workers.notifications.announce",
        "workers.notifications.deliver",
    }


def test_rq_reads_a_job_from_its_queue(redis: Redis) -> None:
    with redis.pipeline(transaction=True) as pipeline:
        job_id = queue.enqueue(pipeline, "workers.calls.work_off", ("c1", "j1"), about="x")
        pipeline.execute()
    assert queue.rq_queue(redis, "background").job_ids == [job_id]
    job = Job.fetch(job_id, redis, serializer=JSONSerializer)
    assert (job.func_name, list(job.args)) == ("workers.calls.work_off", ["c1", "j1"])
    assert (job.get_status(), job.origin, job.retries_left) == ("queued", "background", 3)
    assert 0 < redis.ttl(queue.job_key(job_id)) <= queue.QUEUED_TTL_S
