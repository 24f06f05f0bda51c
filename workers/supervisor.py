"""The parent of the worker processes: starts one for each queue, and again if one ends.

It has no connection to Redis. A process that cannot start for its settings (exit status 78) ends
everything; one that crashes is started again, ever more slowly while it keeps crashing. One that
stands still because a job holds it is killed, replaced, and told which job that was.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app import logs
from workers.pulse import Pulse

#: sysexits.h: the settings are wrong, another start would not help.
EX_CONFIG = 78
POLL_S = 0.1
MAX_PAUSE_S = 10.0
#: A process that ran this long did not crash at its start.
STABLE_S = 10.0
#: Longer than a process takes for its jobs at hand, shorter than the 30 s platforms give.
GRACE_S = 24.0
#: A process may take this long before its first sign of life.
START_S = 60.0
#: A process that gave no sign of life for this long is held up by one of its jobs. They come four
#: times a second; a busy machine delays them by tenths of a second.
HELD_S = 4.0
#: As long without a job, where no job can be what holds it: a very busy machine gives it no time.
IDLE_HELD_S = 30.0
#: A process that has grown too large and was silent for this long is not asked any more.
SILENT_S = 1.0
MEMORY_BYTES = 512 * 2**20

log = logs.get(__name__)


@dataclass
class Child:
    """One worker process and how often it has ended lately."""

    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    pulse: Pulse | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.1
    asked_at: float = -1e9
    """When it was last asked to end for its size."""
    held_by: str = ""
    """`PID:JOB` of the process before, where one of its jobs held it."""

    def start(self) -> None:
        """Start it. It gets the supervisor's standard streams."""
        self.pulse = Pulse.create()
        more = ["--pulse", str(self.pulse.fd)]
        if self.held_by:
            more += ["--held-by", self.held_by]
            self.held_by = ""
        fds = (self.pulse.fd,)
        self.process = subprocess.Popen([*self.command, *more], pass_fds=fds)
        self.started_at = time.monotonic()

    def ended(self, now: float) -> int | None:
        """Its exit status if it has ended; from then on it is due again after a pause."""
        if self.process is None:
            return None
        status = self.process.poll()
        if status is None:
            return None
        self.process = None
        self._close()
        self.pause_s = 0.1 if now - self.started_at > STABLE_S else self.pause_s * 2
        self.start_at = now + min(self.pause_s, MAX_PAUSE_S)
        return status

    def silent_s(self, now: float) -> float:
        """For how long it has given no sign of life; one that only starts has time for that."""
        if self.pulse is None:
            return 0.0
        beaten_at = self.pulse.beaten_at()
        if not beaten_at:
            return max(0.0, now - self.started_at - START_S)
        return now - beaten_at

    @property
    def at_job(self) -> bool:
        """Whether a job has its turn there."""
        return self.pulse is not None and bool(self.pulse.job_at_turn())

    def end(self, now: float) -> str:
        """Kill it, and give the job that held it, if any. The next process is due at once."""
        assert self.process is not None
        assert self.pulse is not None
        self.process.kill()
        self.process.wait()
        job_id = self.pulse.job_at_turn()
        self.held_by = f"{self.process.pid}:{job_id}" if job_id else ""
        self.process = None
        self._close()
        self.start_at = now
        return job_id

    def _close(self) -> None:
        if self.pulse is not None:
            self.pulse.close()
            self.pulse = None


class Supervisor:
    """Runs `commands`, one process each, until SIGTERM or SIGINT.

    A process that gives no sign of life for `held_s` while it is at a job is killed and replaced,
    without a job after `IDLE_HELD_S`; one that has grown
    beyond `memory_bytes` is asked to end, and killed where it does not.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        held_s: float = HELD_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._children = [Child(command) for command in commands]
        self._held_s = held_s
        self._memory_bytes = memory_bytes
        self._stopping = False

    def run(self) -> int:
        """Keep the processes going until told to end; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGHUP, self._asked_to_reread)
        looked_at = time.monotonic()
        while not self._stopping:
            now = time.monotonic()
            # Where this process itself stood still, the machine did, or its clock has jumped.
            awake = now - looked_at < POLL_S + 1.0
            looked_at = now
            for child in self._children:
                status = child.ended(now)
                if status == EX_CONFIG:
                    return self._end(EX_CONFIG)
                if status is not None and not self._stopping:
                    log.warning("a worker process ended", extra={"status": status})
                if child.process is None and now >= child.start_at and not self._stopping:
                    child.start()
                elif awake:
                    self._look_at(child, now)
            time.sleep(POLL_S)
        return self._end(0)

    def _look_at(self, child: Child, now: float) -> None:
        """End a process that stands still, or that has grown too large."""
        if child.process is None:
            return
        pid, silent_s = child.process.pid, child.silent_s(now)
        too_large = resident_bytes(pid) > self._memory_bytes
        held_s = self._held_s if child.at_job else max(self._held_s, IDLE_HELD_S)
        if silent_s > held_s or (too_large and silent_s > SILENT_S):
            job_id = child.end(now)
            told = {"pid": pid, "job": job_id or None, "silent_s": round(silent_s, 1)}
            what = "was held up by a job" if job_id else "stood still"
            log.error(f"a worker process {what} and is replaced", extra=told)
        elif too_large and now - child.asked_at > GRACE_S:
            child.asked_at = now
            log.warning("a worker process has grown too large", extra={"pid": pid})
            child.process.terminate()

    def _asked_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _asked_to_reread(self, *_: object) -> None:
        for child in self._children:
            if child.process is not None and child.pulse is not None and child.pulse.beaten_at():
                child.process.send_signal(signal.SIGHUP)

    def _end(self, status: int) -> int:
        """Have all processes end; those that do not are killed, and their jobs taken up again."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("a worker process did not end", extra={"pid": process.pid})
                process.kill()
                process.wait()
                status = status or 1
        return status


def resident_bytes(pid: int) -> int:
    """The memory a process takes; 0 where the system does not tell (it is told on Linux)."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0


def commands(queues: Sequence[str]) -> list[list[str]]:
    """What starts the worker process of each queue, as a child of this process."""
    parent = str(os.getpid())
    return [
        [sys.executable, "-m", "workers", "--queue", name, "--parent", parent] for name in queues
    ]
