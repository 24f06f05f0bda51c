"""`python -m workers`: the worker. One process for each queue, started again if it ends.

`--queue NAME` is one of those processes alone.
"""

from __future__ import annotations

import sys

if "--queue" in sys.argv:
    # Before anything else is imported: the jobs of one process run in greenlets.
    from gevent import monkey

    monkey.patch_all()

import argparse
import ctypes
import os
import signal
from collections.abc import Sequence

from app import logs
from app.adapters.queue import QUEUES
from app.errors import SettingsError
from app.settings import Settings
from workers.runtime import open_runtime
from workers.supervisor import EX_CONFIG, Supervisor, commands

_PR_SET_PDEATHSIG = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run; the exit status: 0 after SIGTERM, 78 where settings are missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--queue", choices=QUEUES, help="run the process of this queue only")
    parser.add_argument("--parent", type=int, default=0, help="end when this process is gone")
    parser.add_argument("--pulse", type=int, default=-1, help="file descriptor for signs of life")
    parser.add_argument("--held-by", default="", help="PID:JOB that held the process before")
    arguments = parser.parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        logs.setup(settings.log_level)
        if arguments.queue is None:
            open_runtime(
                settings, connections=1, tools={}, strict=True
            )  # names what is wrong once, not in each process
            limit = settings.worker_memory_mb * 2**20
            return Supervisor(commands(QUEUES), memory_bytes=limit).run()
        from workers.process import serve
        from workers.pulse import Pulse

        _end_with(arguments.parent)
        return serve(
            settings,
            arguments.queue,
            parent=arguments.parent,
            pulse=Pulse.open(arguments.pulse),
            held_by=arguments.held_by,
        )
    except SettingsError as error:
        print("workers: " + "; ".join(error.problems), file=sys.stderr)
        return EX_CONFIG


def _end_with(parent: int) -> None:
    """Get SIGTERM when the parent ends, where the system offers that (Linux)."""
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
