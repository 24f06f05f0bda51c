"""RQ's worker, several of them in one process, each in a greenlet.

RQ's own `Worker` forks for every job and `SimpleWorker` owns its process: signals, alarms and a
thread that listens for commands. Here the process owns those (`workers.process`), and the upkeep
that RQ does between jobs is done by one greenlet for all (`workers.upkeep`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import gevent
import redis
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import get_version, now

from app import logs, metrics
from app.adapters.queue import DEAD_TTL_S, failed_key, job_key

#: A wait for jobs ends after this long, to look whether the process is asked to end.
WAIT_S = 1
#: RQ's hash of a worker outlives its last heartbeat by a minute more than this.
WORKER_TTL_S = 60
HEARTBEAT_S = 15.0

Jobs = Mapping[str, Callable[..., Any]]
"""The jobs that a worker can run, by the names under which they lie in Redis."""

log = logs.get(__name__)


class GreenletTimeout(BaseDeathPenalty):
    """Raises RQ's timeout in the greenlet that runs the job."""

    def setup_death_penalty(self) -> None:
        """Start the clock."""
        self._timer: gevent.Timeout | None = None
        if self._timeout > 0:
            error = self._exception(f"took longer than {self._timeout} s")
            self._timer = gevent.Timeout.start_new(self._timeout, error)

    def cancel_death_penalty(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.close()


class UnknownJob(LookupError):
    """A job of a name that this release does not have."""


class LeanJob(Job):
    """A job that runs without asking Redis for anything more.

    Its function is looked up in `jobs`, never imported by the name that lies in Redis.
    """

    jobs: Jobs = MappingProxyType({})

    @property
    def func(self) -> Callable[..., Any]:
        """The function. Raises `UnknownJob`."""
        try:
            return self.jobs[self.func_name or ""]
        except KeyError:
            raise UnknownJob(f"no job is named {self.func_name!r}") from None

    def perform(self) -> Any:
        """Run the function."""
        self._result = self._execute()
        return self._result


class GreenletWorker(SimpleWorker):
    """Works on one queue until `stop`.

    Of RQ's bookkeeping it does what recovery needs, in one step before a job and one after it:
    every further round trip is time that a caller waits.
    """

    death_penalty_class = GreenletTimeout
    job_class = LeanJob

    def __init__(
        self,
        queue: Queue,
        name: str,
        jobs: Jobs,
        at_job: Callable[[str], None] = lambda job_id: None,
    ) -> None:
        """`jobs` are the functions by name; `at_job` is told the id of each job that begins, and an
        empty one when it has ended."""
        super().__init__(
            [queue],
            name=name,
            connection=queue.connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            log_job_description=False,
        )
        self._beaten = 0.0
        self._jobs = jobs
        self._at_job = at_job

    def stop(self) -> None:
        """End after the job at hand, or within `WAIT_S`."""
        self._stop_requested = True

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one wait for a job."""
        return WAIT_S

    @property
    def connection_timeout(self) -> int:
        """RQ raises the pool's time limit to this; a wait must fit in."""
        return WAIT_S + 1

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Never: `workers.upkeep` does."""
        return False

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for a job. Raises `StopRequested` when asked to end."""
        while not self._stop_requested:
            self.heartbeat()
            try:
                found: tuple[Job, Queue] | None = self.queue_class.dequeue_any(
                    self.queues,
                    self.dequeue_timeout,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )
            except DequeueTimeout:
                continue
            except Exception as error:
                job_id = getattr(error, "job_id", None)
                if job_id is None or isinstance(error, redis.RedisError):
                    raise
                self._bury(job_id, error)
                continue
            if found is not None:
                job, queue = found
                if isinstance(job, LeanJob):
                    job.jobs = self._jobs
                job.origin = job.origin or queue.name
                job.redis_server_version = get_version(self.connection)
            return found
        raise StopRequested

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: StartedJobRegistry | None = None,
        exc_string: str = "",
    ) -> None:
        """As RQ's, but whatever comes without a time to live gets one."""
        if job.failure_ttl is None:
            job.failure_ttl = DEAD_TTL_S
        super().handle_job_failure(job, queue, started_job_registry, exc_string)

    def _bury(self, job_id: str, error: Exception) -> None:
        """A job that cannot even be read: to the dead letters, so that nobody takes it again."""
        log.error("a job cannot be read", extra={"job": job_id, "error": type(error).__name__})
        metrics.ERRORS_TOTAL.labels("worker").inc()
        [queue] = self.queues
        pipeline = self.connection.pipeline()
        pipeline.lrem(queue.intermediate_queue.key, 1, job_id)
        pipeline.hset(job_key(job_id), "status", "failed")
        pipeline.expire(job_key(job_id), DEAD_TTL_S)
        pipeline.zadd(failed_key(queue.name), {job_id: time.time() + DEAD_TTL_S})
        pipeline.execute()

    def prepare_execution(self, job: Job) -> Execution:
        """Write down who runs the job since when; from here on it is found if this worker dies."""
        self._at_job(job.id)
        with self.connection.pipeline() as pipeline:
            self.execution = Execution.create(
                job, self.get_heartbeat_ttl(job), pipeline=pipeline, worker_name=self.name
            )
            job.prepare_for_execution(self.name, pipeline=pipeline)
            pipeline.lrem(self.queues[0].intermediate_queue.key, 1, job.id)
            pipeline.execute()
        return self.execution

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Done by `prepare_execution`."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """The job ended, well or not."""
        self._at_job("")
        job.ended_at = now()

    def handle_job_success(
        self, job: Job, queue: Queue, started_job_registry: StartedJobRegistry
    ) -> None:
        """Forget a job that went well, unless it is to be kept."""
        if job.get_result_ttl(self.default_result_ttl) != 0:
            super().handle_job_success(job, queue, started_job_registry)
            return
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline=pipeline)
            pipeline.delete(job.key, job.execution_registry.key)
            pipeline.execute()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell RQ that this worker lives; not with every job."""
        if time.monotonic() - self._beaten > HEARTBEAT_S:
            self._beaten = time.monotonic()
            super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Kept here only."""
        self._state = state

    def check_for_suspension(self, burst: bool) -> None:
        """Suspension is not offered: it would stop callers' tools."""

    def subscribe(self) -> None:
        """No thread, no connection for RQ's remote commands."""

    def _install_signal_handlers(self) -> None:
        """The process has its own."""

    def _set_ip_address(self, connection: Any) -> None:
        """Not asked for: it would rename a connection that is shared."""
        self.ip_address = "unknown"

    def procline(self, message: str) -> None:
        """The process's title is not one worker's to set."""
