"""One worker process: several RQ workers on one queue, each in a greenlet, and their upkeep.

Its Redis connections are one for each worker, and `SPARE_CONNECTIONS` for all that happens beside
the jobs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Mapping
from functools import partial
from uuid import uuid4

import gevent
import redis
from gevent.event import Event
from rq.exceptions import StopRequested

from app import logs, metrics
from app.adapters import job_names, queue
from app.adapters.calls.inbox import NewsStore
from app.adapters.calls.lapsed import LapsedCalls
from app.adapters.calls.recordings import RecordKeeper
from app.adapters.calls.reports import ReportStore
from app.adapters.calls.sound import SoundStore
from app.adapters.queue import QueueName
from app.adapters.redis.worker_metrics import WorkerMetrics
from app.errors import Unavailable
from app.settings import Settings
from workers import calls, effects, noted, notifications
from workers.after_call import budgets, deliveries, reports
from workers.booking.office import office_tools
from workers.bookings import booking_tools
from workers.desk import drafts
from workers.held_jobs import give_up_held
from workers.own.servers import REFRESH_S
from workers.pulse import Pulse, TurnKeeper
from workers.rq_worker import GreenletWorker, Jobs
from workers.runtime import Runtime, ToolJob, open_runtime
from workers.upkeep import Chore, Upkeep

SPARE_CONNECTIONS = 2
#: How long jobs at hand may take to end after SIGTERM. Platforms kill after 30 s.
GRACE_S = 20.0
#: How long sessions with other servers may take to close.
CLOSE_S = 6.0
TICK_S = 0.1
METRICS_S = 3.0
#: After an error of the loop itself; doubled each time, up to this.
MAX_PAUSE_S = 5.0

log = logs.get(__name__)


def job_table() -> Jobs:
    """Every job by the name under which it lies in Redis.

    A name that was ever queued stays here for `queue.QUEUED_TTL_S` after its last use.
    """
    return {
        job_names.RUN_EFFECT: effects.run,
        job_names.WORK_OFF_CALL: calls.work_off,
        job_names.FINISH_NOTED: noted.finish,
        job_names.FORGET_BOOKING: noted.forget,
        job_names.ANNOUNCE: notifications.announce,
        job_names.DELIVER: notifications.deliver,
        job_names.KEEP_DRAFT: drafts.keep_draft,
        job_names.MAKE_REPORT: reports.make,
        job_names.ANNOUNCE_REPORT: deliveries.announce,
        job_names.DELIVER_REPORT: deliveries.deliver,
        job_names.TELL_BUDGET: budgets.announce,
        job_names.DELIVER_BUDGET: budgets.deliver,
    }


class Process:
    """The workers of one queue in this process."""

    def __init__(
        self,
        settings: Settings,
        name: QueueName,
        *,
        jobs: Jobs,
        tools: Mapping[str, ToolJob],
        parent: int = 0,
        pulse: Pulse | None = None,
        held_by: str = "",
    ) -> None:
        """`jobs` and `tools` are what the process can run, by name. `pulse` is where the supervisor
        looks for signs of life; `held_by` names the process before and the job that held it,
        `PID:JOB`, if it was ended for that."""
        self._name = name
        self._jobs = jobs
        self._parent = parent
        self._turns = TurnKeeper(pulse or Pulse.open(-1))
        self._held_by = held_by
        self._count = settings.live_workers if name == "live" else settings.background_workers
        self._id = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._runtime = open_runtime(
            settings, connections=self._count + SPARE_CONNECTIONS, tools=tools
        )
        self._upkeep = Upkeep(
            self._runtime.redis,
            name,
            self._id,
            self._runtime.effects,
            NewsStore(self._runtime.redis, settings),
            _chores(self._runtime) if name == "background" else (),
        )
        self._metrics = WorkerMetrics(self._runtime.redis)
        self._metrics_due = 0.0
        self._workers: dict[int, GreenletWorker] = {}
        self._stop = Event()

    def stop(self) -> None:
        """End after the jobs at hand; safe to call from a signal handler, and again."""
        self._stop.set()
        for worker in self._workers.values():
            worker.stop()

    def run(self) -> int:
        """Work until `stop` is called or the parent process is gone; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self.stop)
        gevent.signal_handler(signal.SIGHUP, self._runtime.agent_desk.follower.reread)
        self._runtime.agent_desk.follower.start()
        self._turns.start()
        upkeep = [gevent.spawn(self._keep_up), gevent.spawn(self._keep_up_servers)]
        workers = [gevent.spawn(self._work, number) for number in range(self._count)]
        log.info("worker started", extra={"queue": self._name, "workers": self._count})
        while not self._stop.wait(1.0):
            if self._parent and os.getppid() != self._parent:
                log.warning("the parent process is gone")
                self.stop()
        left = gevent.joinall(workers, timeout=GRACE_S)
        gevent.killall(upkeep)
        self._runtime.agent_desk.follower.stop()
        gevent.with_timeout(CLOSE_S, self._runtime.servers.close, timeout_value=None)
        self._turns.stop()
        with contextlib.suppress(redis.RedisError, Unavailable, OSError):
            gevent.with_timeout(1.0, self._upkeep.leave, timeout_value=None)
            gevent.with_timeout(1.0, self._metrics.report, timeout_value=None)
        unfinished = self._count - len(left)
        log.info("worker ended", extra={"queue": self._name, "unfinished": unfinished})
        return 0

    def _work(self, number: int) -> None:
        with self._turns.worker(number + 1):
            self._keep_working(number)

    def _keep_working(self, number: int) -> None:
        """Keep one RQ worker going. RQ ends a worker on errors of its own loop."""
        life, pause = 0, 0.1
        while not self._stop.is_set():
            life += 1
            began = time.monotonic()
            try:
                worker = GreenletWorker(
                    queue.rq_queue(self._runtime.redis, self._name),
                    f"{self._id}.{number}.{life}",
                    self._jobs,
                    partial(self._turns.begin, number + 1),
                )
                self._workers[number] = worker
                if self._stop.is_set():
                    return
                worker.work(logging_level="WARNING")
            except StopRequested:
                return
            except (redis.RedisError, OSError) as error:
                log.warning("a worker waits for redis", extra={"error": type(error).__name__})
            except Exception:
                log.exception("a worker's loop failed")
                metrics.ERRORS_TOTAL.labels("worker").inc()
            if time.monotonic() - began > 30:
                pause = 0.1
            self._stop.wait(pause)
            pause = min(MAX_PAUSE_S, pause * 2)

    def _keep_up_servers(self) -> None:
        """Keep up what MCP servers offer, or the sessions in which calls use them."""
        servers = self._runtime.servers
        keep_up = servers.refresh_all if self._name == "background" else servers.open_all
        while True:
            keep_up(self._runtime.agents.all)
            gevent.sleep(REFRESH_S)

    def _keep_up(self) -> None:
        while True:
            try:
                if self._held_by:
                    give_up_held(self._runtime, self._held_by)
                    self._held_by = ""
                self._upkeep.step()
                if time.monotonic() >= self._metrics_due:
                    self._metrics_due = time.monotonic() + METRICS_S
                    self._metrics.report()
            except (redis.RedisError, Unavailable, OSError) as error:
                log.warning("upkeep waits for redis", extra={"error": type(error).__name__})
                gevent.sleep(0.5)
            except Exception:
                log.exception("upkeep failed")
                metrics.ERRORS_TOTAL.labels("upkeep").inc()
                gevent.sleep(1.0)
            gevent.sleep(TICK_S)


def _chores(at_work: Runtime) -> tuple[Chore, ...]:
    """What the processes of the background queue see to beside their jobs."""
    redis, settings = at_work.redis, at_work.settings
    return (
        Chore("records", 15.0, RecordKeeper(redis, settings).sweep, alone=True),
        Chore("recordings", 15.0, SoundStore(redis, settings).sweep, alone=True),
        Chore("lapsed", 5.0, LapsedCalls(redis, at_work.calls).sweep),
        Chore("reports", 0.25, ReportStore(redis, settings).queue_due),
    )


def serve(
    settings: Settings,
    name: QueueName,
    *,
    parent: int = 0,
    pulse: Pulse | None = None,
    held_by: str = "",
) -> int:
    """Run this process's workers until it is told to end. The caller has patched the standard
    library for gevent before anything else was imported."""
    return Process(
        settings,
        name,
        jobs=job_table(),
        tools={**booking_tools(), **office_tools()},
        parent=parent,
        pulse=pulse,
        held_by=held_by,
    ).run()
