"""Dead letters: jobs and effects that were given up, to be seen, tried again, or forgotten.

RQ keeps its failed jobs, the effect store its failed effects; here both are one list. Each letter
has an id: RQ's own for a job, `effect:<key>@<call id>` for an effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis import exceptions as redis_errors
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from app import logs
from app.adapters import queue
from app.adapters.redis.client import guarded
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.errors import BadRequest, NotFound

log = logs.get(__name__)

_EFFECT = "effect:"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One job or effect that was given up. `at` is Unix seconds."""

    id: str
    queue: str
    what: str
    call_id: str
    at: float
    error: str
    attempts: int
    details: dict[str, Any]


class DeadLetters:
    """All dead letters, newest first."""

    def __init__(self, redis: Redis, effects: EffectStore) -> None:
        self._redis = redis
        self._effects = effects

    @guarded
    def all(self, limit: int = 100) -> list[DeadLetter]:
        """The newest `limit` of them."""
        found = [_of_effect(effect) for effect in self._effects.dead(limit)]
        found += self._jobs(limit)
        return sorted(found, key=lambda letter: letter.at, reverse=True)[:limit]

    @guarded
    def get(self, letter_id: str) -> DeadLetter:
        """One of them. Raises `NotFound`."""
        if letter_id.startswith(_EFFECT):
            effect = self._effects.get(*_parse(letter_id))
            if effect is None or effect.state != "failed":
                raise NotFound(f"no dead letter {letter_id}")
            return _of_effect(effect)
        return _of_job(letter_id, self._job(letter_id))

    @guarded
    def requeue(self, letter_id: str) -> None:
        """Try it again, with all its attempts. Raises `NotFound`."""
        if letter_id.startswith(_EFFECT):
            if not self._effects.revive(*_parse(letter_id)):
                raise NotFound(f"no dead letter {letter_id}")
            return
        job = self._job(letter_id)
        if job is None:
            raise BadRequest(f"job {letter_id} cannot be read: it can only be forgotten")
        name = cast(queue.QueueName, job.origin)
        fresh = queue.prepare(
            str(job.func_name),
            job.args,
            queue=name,
            job_id=job.id,
            timeout_s=int(job.timeout or queue.JOB_TIMEOUT_S),
            retry_delays_s=job.retry_intervals or queue.RETRY_DELAYS_S,
            about=job.description,
        )
        pipeline = self._redis.pipeline()
        pipeline.zrem(queue.failed_key(name), job.id)
        queue.put(pipeline, fresh)
        pipeline.execute()

    @guarded
    def forget(self, letter_id: str) -> None:
        """Take it off the list for good. Raises `NotFound`."""
        if letter_id.startswith(_EFFECT):
            if not self._effects.forget(*_parse(letter_id)):
                raise NotFound(f"no dead letter {letter_id}")
            return
        self._job(letter_id)
        pipeline = self._redis.pipeline()
        pipeline.delete(queue.job_key(letter_id), queue.results_key(letter_id))
        for name in queue.QUEUES:
            pipeline.zrem(queue.failed_key(name), letter_id)
        pipeline.execute()

    def _jobs(self, limit: int) -> Iterator[DeadLetter]:
        for name in queue.QUEUES:
            found = cast(list[bytes], self._redis.zrevrange(queue.failed_key(name), 0, limit - 1))
            for item in found:
                job_id = item.decode()
                try:
                    yield _of_job(job_id, self._job(job_id), name)
                except NotFound:
                    continue

    def _job(self, job_id: str) -> Job | None:
        """The failed job; None where it cannot be read. Raises `NotFound`."""
        status = cast(bytes | None, self._redis.hget(queue.job_key(job_id), "status"))
        if status is None:
            raise NotFound(f"no dead letter {job_id}")
        if status != b"failed":
            raise NotFound(f"job {job_id} was not given up: it is {status.decode()}")
        try:
            return Job.fetch(job_id, self._redis, serializer=JSONSerializer)
        except redis_errors.RedisError:
            raise
        except Exception as error:  # whatever was put there under this id
            log.warning("a job cannot be read", extra={"error": type(error).__name__})
            return None


def _parse(letter_id: str) -> tuple[str, str]:
    key, _, call_id = letter_id.removeprefix(_EFFECT).partition("@")
    return call_id, key


def _of_effect(effect: Effect) -> DeadLetter:
    return DeadLetter(
        id=f"{_EFFECT}{effect.key}@{effect.call_id}",
        queue="live",
        what=effect.tool,
        call_id=effect.call_id,
        at=effect.ended_at,
        error=effect.error,
        attempts=effect.attempts,
        details=effect.to_json(),
    )


def _of_job(job_id: str, job: Job | None, name: str = "") -> DeadLetter:
    if job is None:
        return DeadLetter(job_id, name, "unreadable", "", 0.0, "cannot be read", 0, {})
    try:
        what, args = str(job.func_name), list(job.args)
    except DeserializationError:
        what, args = "unreadable", []
    result = job.latest_result()
    text = result.exc_string if result else None
    lines = (text or "").strip().splitlines()
    delays = list(job.retry_intervals or [])
    first = args[0] if args else ""
    return DeadLetter(
        id=job.id,
        queue=job.origin,
        what=what,
        call_id=first if isinstance(first, str) else "",
        at=job.ended_at.timestamp() if job.ended_at else 0.0,
        error=lines[-1] if lines else "its worker was lost each time",
        attempts=len(delays) - (job.retries_left or 0) + 1,
        details={
            "args": args,
            "about": job.description,
            "enqueued_at": job.enqueued_at.isoformat() if job.enqueued_at else None,
            "trace": text,
        },
    )
