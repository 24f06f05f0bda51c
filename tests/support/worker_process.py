"""A worker process whose tools are the ones below: run as ``python -m tests.support.worker_process
QUEUE``. Everything but the tools is the product's."""

# ruff: noqa: E402
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse
import os
import re
import sys
import time
from typing import Any

from app import logs
from app.adapters.queue import QUEUES
from app.adapters.tools.context import ToolContext
from app.errors import CalendarDown
from app.settings import Settings
from workers.process import Process, job_table
from workers.pulse import Pulse
from workers.runtime import ToolJob, runtime

NAME = "tests.support.worker_process"


def _done(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do it once: the first run for a key leaves its mark, and every run counts."""
    context.redis.incr(f"test:runs:{context.key}")
    context.redis.setnx(f"test:mark:{context.key}", os.getpid())
    return {"ok": True, "output": {"did": arguments.get("what", "")}, "say": None}


def _slow(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Say that it began, take a while, do it."""
    context.redis.rpush(f"test:began:{context.key}", os.getpid())
    time.sleep(float(arguments["seconds"]))
    return _done(context, arguments)


def _held(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Say that it began, and do it once the test lets it."""
    context.redis.rpush(f"test:began:{context.key}", os.getpid())
    while not context.redis.exists(f"test:go:{context.key}"):
        time.sleep(0.05)
    return _done(context, arguments)


def _down(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Fail as often as it is told to, then do it."""
    tries = int(context.redis.incr(f"test:tries:{context.key}"))
    if tries <= int(arguments["times"]):
        raise CalendarDown
    return _done(context, arguments)


def _broken(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Fail in a way nobody thought of."""
    context.redis.incr(f"test:tries:{context.key}")
    raise KeyError("no such thing")


def _refused(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    _done(context, arguments)
    return {"ok": False, "output": {"error": "slot_taken"}, "say": None}


def _murder(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Take the whole process down."""
    context.redis.incr(f"test:tries:{context.key}")
    os.kill(os.getpid(), 9)
    raise AssertionError


def _spin(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute without end, and give way to nobody."""
    context.redis.incr(f"test:tries:{context.key}")
    while True:
        pass


def _swallow(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Fill the memory."""
    context.redis.incr(f"test:tries:{context.key}")
    heap = []
    while True:
        heap.append(b"x" * 1_000_000)


def _regex(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Stay in C, where no signal and no other thread gets a turn."""
    context.redis.incr(f"test:tries:{context.key}")
    re.match(r"(a+)+$", "a" * 60 + "b")
    raise AssertionError


def _nonsense(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    return "done"  # type: ignore[return-value]


TOOLS = {
    "done": _done,
    "slow": _slow,
    "held": _held,
    "down": _down,
    "broken": _broken,
    "refused": _refused,
    "murder": _murder,
    "nonsense": _nonsense,
    "spin": _spin,
    "swallow": _swallow,
    "regex": _regex,
    "check_availability": _done,
}


def job(name: str, seconds: float = 0.0, fail: int = 0) -> None:
    """A background job: takes `seconds`, raises the first `fail` times."""
    client = runtime().redis
    client.rpush(f"test:job:began:{name}", os.getpid())
    client.rpush(f"test:job:began_at:{name}", time.time())
    time.sleep(seconds)
    if int(client.incr(f"test:job:tries:{name}")) <= fail:
        raise ValueError("poison")
    client.rpush(f"test:job:done:{name}", os.getpid())


def spin(name: str) -> None:
    """A background job that computes without end."""
    runtime().redis.rpush(f"test:job:began:{name}", os.getpid())
    while True:
        pass


def main() -> int:
    """Serve."""
    settings = Settings.from_env(os.environ)
    logs.setup("INFO")
    parser = argparse.ArgumentParser()
    parser.add_argument("queue", choices=QUEUES)
    parser.add_argument("--pulse", type=int, default=-1)
    parser.add_argument("--held-by", default="")
    given = parser.parse_args()
    pulse = Pulse.open(given.pulse)
    return Process(
        settings,
        given.queue,
        jobs={**job_table(), f"{NAME}.job": job, f"{NAME}.spin": spin},
        tools={name: ToolJob(handler) for name, handler in TOOLS.items()},
        pulse=pulse,
        held_by=given.held_by,
    ).run()


if __name__ == "__main__":
    sys.exit(main())
