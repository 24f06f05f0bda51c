"""RQ reads what `queue` writes."""

from __future__ import annotations

from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from app.adapters import queue


def test_rq_reads_a_job_from_its_queue(redis: Redis) -> None:
    with redis.pipeline(transaction=True) as pipeline:
        job_id = queue.enqueue(pipeline, "workers.calls.work_off", ("c1", "j1"), about="x")
        pipeline.execute()
    assert queue.rq_queue(redis, "background").job_ids == [job_id]
    job = Job.fetch(job_id, redis, serializer=JSONSerializer)
    assert (job.func_name, list(job.args)) == ("workers.calls.work_off", ["c1", "j1"])
    assert (job.get_status(), job.origin, job.retries_left) == ("queued", "background", 3)
    assert 0 < redis.ttl(queue.job_key(job_id)) <= queue.QUEUED_TTL_S
