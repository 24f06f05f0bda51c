"""The parent of the worker processes: starts one for each queue, and again if one ends.

It has no connection to Redis. A process that cannot start for its settings (exit status 78) ends
everything; one that crashes is started again, ever more slowly while it keeps crashing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app import logs

#: sysexits.h: the settings are wrong, another start would not help.
EX_CONFIG = 78
POLL_S = 0.1
MAX_PAUSE_S = 10.0
#: A process that ran this long did not crash at its start.
STABLE_S = 10.0
#: Longer than a process takes for its jobs at hand, shorter than the 30 s platforms give.
GRACE_S = 24.0

log = logs.get(__name__)


@dataclass
class Child:
    """One worker process and how often it has ended lately."""

    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = 0.1

    def start(self) -> None:
        """Start it. It gets the supervisor's standard streams."""
        self.process = subprocess.Popen(list(self.command))
        self.started_at = time.monotonic()

    def ended(self, now: float) -> int | None:
        """Its exit status if it has ended; from then on it is due again after a pause."""
        if self.process is None:
            return None
        status = self.process.poll()
        if status is None:
            return None
        self.process = None
        self.pause_s = 0.1 if now - self.started_at > STABLE_S else self.pause_s * 2
        self.start_at = now + min(self.pause_s, MAX_PAUSE_S)
        return status


class Supervisor:
    """Runs `commands`, one process each, until SIGTERM or SIGINT."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._children = [Child(command) for command in commands]
        self._stopping = False

    def run(self) -> int:
        """Keep the processes going until told to end; the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        while not self._stopping:
            now = time.monotonic()
            for child in self._children:
                status = child.ended(now)
                if status == EX_CONFIG:
                    return self._end(EX_CONFIG)
                if status is not None and not self._stopping:
                    log.warning("a worker process ended", extra={"status": status})
                if child.process is None and now >= child.start_at and not self._stopping:
                    child.start()
            time.sleep(POLL_S)
        return self._end(0)

    def _asked_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _end(self, status: int) -> int:
        """Have all processes end; those that do not are killed, and their jobs taken up anew."""
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


def commands(queues: Sequence[str]) -> list[list[str]]:
    """What starts the worker process of each queue, as a child of this process."""
    parent = str(os.getpid())
    return [
        [sys.executable, "-m", "workers", "--queue", name, "--parent", parent] for name in queues
    ]
