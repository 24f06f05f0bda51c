"""RQ's worker, several of them in one process, each in a greenlet.

RQ's own `Worker` forks for every job and `SimpleWorker` owns its process: signals, alarms and a
thread that listens for commands. Here the process owns those (`workers.process`), and the upkeep
that RQ does between jobs is done by one greenlet for all (`workers.upkeep`).
"""

from __future__ import annotations

import time
from typing import Any

import gevent
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import get_version

#: A wait for jobs ends after this long, to look whether the process is asked to end.
WAIT_S = 1
#: RQ's hash of a worker outlives its last heartbeat by a minute more than this.
WORKER_TTL_S = 60
HEARTBEAT_S = 15.0


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


class GreenletWorker(SimpleWorker):
    """Works on one queue until `stop`."""

    death_penalty_class = GreenletTimeout

    def __init__(self, queue: Queue, name: str) -> None:
        super().__init__(
            [queue],
            name=name,
            connection=queue.connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            log_job_description=False,
        )
        self._beaten = 0.0

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
            if time.monotonic() - self._beaten > HEARTBEAT_S:
                self.heartbeat()
                self._beaten = time.monotonic()
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
            if found is not None:
                found[0].redis_server_version = get_version(self.connection)
            return found
        raise StopRequested

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
