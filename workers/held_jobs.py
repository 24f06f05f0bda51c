"""What becomes of a job that held its worker process until it was ended.

It is not tried again: it would hold the next process too, with all the callers whose tools run
there. An effect is settled as failed, so that its caller is answered; any other job becomes a dead
letter. Both can be tried again by hand (`python -m app jobs`).
"""

from __future__ import annotations

import socket

from app import logs, metrics
from app.adapters import queue
from app.adapters.job_names import RUN_EFFECT
from workers import effects
from workers.runtime import Runtime

WHY = "it held its worker process and was ended"

log = logs.get(__name__)


def give_up_held(at_work: Runtime, held_by: str) -> None:
    """Settle the job that `held_by` (`PID:JOB`) names. Raises `RedisError` or `Unavailable`, and
    may then be called again."""
    pid, _, job_id = held_by.partition(":")
    job = queue.read_job(at_work.redis, job_id)
    if job is None:
        return
    metrics.ERRORS_TOTAL.labels("held").inc()
    queue.forbid_retries(at_work.redis, job_id)
    if job.function != RUN_EFFECT:
        log.error("a job held its worker", extra={"job": job_id, "function": job.function})
        return
    call_id, key = (str(part) for part in job.args)
    with logs.bind(call_id=call_id):
        log.error("a tool held its worker", extra={"job": job_id, "key": key})
        effects.give_up_held(at_work, call_id, key, f"{socket.gethostname()}-{pid}-", WHY)
