"""Jobs: how they get onto RQ's queues, in the same step as the state they belong to.

Together with `workers.rq_worker` and `workers.upkeep` this is all that knows how RQ keeps its jobs
in Redis; `tests/unit/adapters/test_library_parts.py` compares it with the RQ that is installed.

A job is put on a queue together with the caller's own writes, in one MULTI (`enqueue`) or one
script (`prepare`). Both ways end in `lua/enqueue.lua`, which writes what RQ's own `enqueue` writes.
Every job may run more than once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast
from uuid import uuid4

import orjson
from redis import Redis
from rq import Queue, Retry
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app.adapters.redis import keys
from app.adapters.redis.scripts import SHARED, load_script

QueueName = Literal["live", "background"]
#: `live`: a caller waits. `background`: nobody does.
QUEUES: tuple[QueueName, ...] = ("live", "background")

JOB_TIMEOUT_S = 15
#: A job that waited this long in a queue is forgotten, as are the calls of that time.
QUEUED_TTL_S = 7 * 24 * 3600
#: How long a job that was given up can be seen, and put on its queue again.
DEAD_TTL_S = 7 * 24 * 3600
#: Seconds before each further attempt of a job that raised.
RETRY_DELAYS_S = (2, 10, 60)
#: A worker process that gave no sign of life for this long is taken to be dead.
WORKER_SILENT_S = 6.0

QUEUES_KEY = Queue.redis_queues_keys
RETRIES_LEFT = "retries_left"
PUT_JOB = load_script(SHARED, "put_job")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job as it goes into Redis, for scripts that put it on its queue with `lua/enqueue.lua`.

    `keys` and `args` are what such a script is given for it. `fields` is what it writes.
    """

    job_id: str
    queue: str
    fields: dict[str, str]

    @property
    def keys(self) -> dict[str, str]:
        """The script's keys: `job`, `queue`, `queues`."""
        return {
            "job": job_key(self.job_id),
            "queue": queue_key(self.queue),
            "queues": QUEUES_KEY,
        }

    @property
    def args(self) -> dict[str, Any]:
        """The script's arguments: `job_id`, `job_ttl_s`, `job_fields`."""
        return {
            "job_id": self.job_id,
            "job_ttl_s": QUEUED_TTL_S,
            "job_fields": orjson.dumps(self.fields),
        }


#: Keys and arguments of a script that is given no job.
NO_JOB_KEYS = {"job": "", "queue": "", "queues": ""}
NO_JOB_ARGS = {"job_id": "", "job_ttl_s": "", "job_fields": ""}


def prepare(
    function: str,
    args: Sequence[Any],
    *,
    queue: QueueName = "background",
    job_id: str | None = None,
    timeout_s: int = JOB_TIMEOUT_S,
    retry_delays_s: Sequence[int] = RETRY_DELAYS_S,
    about: str | None = None,
) -> Prepared:
    """Make a job that calls `function` (a dotted path in `workers`) with JSON arguments.

    If it raises it is tried again after each of `retry_delays_s`, then it is a dead letter.
    `about` is shown to people; it must not hold what may not be logged.
    """
    shared = _shared_fields(function, queue, timeout_s, tuple(retry_delays_s), about or function)
    stamp = _stamp(time.time())
    fields = {
        **shared,
        "data": orjson.dumps([function, None, list(args), {}]).decode(),
        "created_at": stamp,
        "enqueued_at": stamp,
    }
    return Prepared(job_id or uuid4().hex, queue, fields)


@lru_cache(maxsize=64)
def _shared_fields(
    function: str, queue: str, timeout_s: int, retry_delays_s: tuple[int, ...], about: str
) -> dict[str, str]:
    """What RQ writes of every such job alike."""
    job = Job.create(
        function,
        args=(),
        id="any",
        connection=_NO_CONNECTION,
        serializer=JSONSerializer,
        status=JobStatus.QUEUED,
        timeout=timeout_s,
        result_ttl=0,
        failure_ttl=DEAD_TTL_S,
        ttl=QUEUED_TTL_S,
        origin=queue,
        description=about,
    )
    if retry_delays_s:
        retry = Retry(max=len(retry_delays_s), interval=list(retry_delays_s))
        job.retries_left = retry.max
        job.retry_intervals = retry.intervals
    own = ("data", "created_at", "enqueued_at")
    fields = {
        name: str(value)
        for name, value in job.to_dict().items()
        if value is not None and name not in own
    }
    return {**fields, "status": JobStatus.QUEUED.value}


def _stamp(at: float) -> str:
    """The time as RQ writes it."""
    seconds, fraction = divmod(at, 1)
    return f"{_second(int(seconds))}.{int(fraction * 1e6):06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def enqueue(
    pipeline: Any,
    function: str,
    args: Sequence[Any],
    *,
    queue: QueueName = "background",
    job_id: str | None = None,
    timeout_s: int = JOB_TIMEOUT_S,
    retry_delays_s: Sequence[int] = RETRY_DELAYS_S,
    about: str | None = None,
) -> str:
    """Add the command that queues a job to `pipeline` (which is a MULTI, so that the job is queued
    exactly if the caller's own writes are made); give the job's id. Arguments as for `prepare`."""
    job = prepare(
        function,
        args,
        queue=queue,
        job_id=job_id,
        timeout_s=timeout_s,
        retry_delays_s=retry_delays_s,
        about=about,
    )
    put(pipeline, job)
    return job.job_id


def schedule(
    pipeline: Any, function: str, args: Sequence[Any], at: float, *, about: str | None = None
) -> str:
    """Add to `pipeline`, a MULTI, what queues a background job at `at` (Unix seconds); give its
    id. Workers look for what is due twice a second."""
    job = prepare(function, args, about=about)
    key = job_key(job.job_id)
    pipeline.hset(key, mapping={**job.fields, "status": JobStatus.SCHEDULED.value})
    pipeline.expire(key, QUEUED_TTL_S)
    pipeline.sadd(QUEUES_KEY, queue_key(job.queue))
    pipeline.zadd(scheduled_key(job.queue), {job.job_id: int(at)})
    return job.job_id


def put(pipeline: Any, job: Prepared) -> None:
    """Add the command that queues a prepared job to `pipeline`, a MULTI."""
    names, values = PUT_JOB.order(job.keys, job.args)
    pipeline.eval(PUT_JOB.source, len(names), *names, *values)


def job_key(job_id: str) -> str:
    """RQ's key of a job."""
    return f"{Job.redis_job_namespace_prefix}{job_id}"


def queue_key(queue: str) -> str:
    """RQ's key of a queue."""
    return f"{Queue.redis_queue_namespace_prefix}{queue}"


def failed_key(queue: str) -> str:
    """RQ's sorted set of a queue's failed jobs, by the time at which they are forgotten."""
    return f"rq:failed:{queue}"


def scheduled_key(queue: str) -> str:
    """RQ's sorted set of a queue's jobs that wait for another attempt, by its time."""
    return f"rq:scheduled:{queue}"


def execution_key(entry: str) -> str:
    """RQ's hash of one execution; `entry` is a member of its registry of started jobs."""
    return f"rq:execution:{entry}"


def results_key(job_id: str) -> str:
    """RQ's stream of a job's results."""
    return f"rq:results:{job_id}"


def rq_queue(redis: Redis, queue: str) -> Queue:
    """RQ's own object for a queue, with the serializer that all jobs here use."""
    return Queue(queue, connection=redis, serializer=JSONSerializer)


@dataclass(frozen=True, slots=True)
class JobCall:
    """What a job in Redis calls."""

    function: str
    args: tuple[Any, ...]


def read_job(redis: Redis, job_id: str) -> JobCall | None:
    """What a job calls; None where it is gone or cannot be read."""
    try:
        job = Job.fetch(job_id, redis, serializer=JSONSerializer)
        return JobCall(str(job.func_name), tuple(job.args))
    except (NoSuchJobError, DeserializationError, ValueError, TypeError):
        return None


def forbid_retries(redis: Redis, job_id: str) -> None:
    """Have a job that is under way buried when it fails, however many attempts it had left."""
    if redis.exists(job_key(job_id)):
        redis.hset(job_key(job_id), RETRIES_LEFT, 0)


def workers_alive(redis: Redis, queue: QueueName) -> int:
    """How many worker processes of this queue gave a sign of life in the last seconds."""
    server_s, _ = redis.time()
    return redis.zcount(keys.workers(queue), server_s - WORKER_SILENT_S, "+inf")


def releases_alive(redis: Redis, queue: QueueName) -> set[str]:
    """The releases of the program that this queue's living worker processes run."""
    server_s, _ = redis.time()
    key = keys.worker_releases(queue)
    found = cast(list[bytes], redis.zrangebyscore(key, server_s - WORKER_SILENT_S, "+inf"))
    return {member.decode().partition(" ")[0] for member in found}


def depth(redis: Redis, queue: QueueName) -> int:
    """How many jobs wait in this queue."""
    return redis.llen(queue_key(queue))


class _NoConnection:
    """Stands where RQ wants a client for a job that is only written down."""


_NO_CONNECTION = cast(Redis, _NoConnection())
