"""Workers: alive for each queue, not behind, and of the same release as the web."""

from __future__ import annotations

import redis as redis_client

from app.adapters import queue
from app.adapters.checks.finding import Finding
from app.adapters.redis import client as redis
from app.settings import Settings

#: So many jobs may wait before it is told of.
MANY_JOBS = 20


def workers(found: Settings, web_release: str = "") -> list[Finding]:
    """The workers of each queue. `web_release` is what the web processes run, blank where that is
    not known."""
    out = []
    try:
        with redis.connect(found, connections=1) as client:
            for name in queue.QUEUES:
                alive, waiting = queue.workers_alive(client, name), queue.depth(client, name)
                if not alive:
                    what = f"nobody works on the queue {name}; {waiting} jobs wait"
                    cure = "start `python -m workers` (the worker process of the Procfile)"
                    out.append(Finding("workers", "bad", what, cure))
                elif waiting > MANY_JOBS:
                    cure = "start more workers, or raise LIVE_WORKERS and BACKGROUND_WORKERS"
                    out.append(Finding("workers", "warn", f"{waiting} jobs wait in {name}", cure))
                else:
                    what = f"queue {name}: {alive} alive, {waiting} jobs wait"
                    out.append(Finding("workers", "ok", what))
            out += _releases(client, web_release)
    except redis_client.RedisError:
        out.append(Finding("workers", "bad", "not known: Redis does not answer"))
    return out


def _releases(client: redis_client.Redis, web: str) -> list[Finding]:
    """Whether all workers run one release, and the web the same."""
    found = {one for name in queue.QUEUES for one in queue.releases_alive(client, name)}
    if not found:
        return []
    cure = "deploy web and workers together; during a deploy look again in a minute"
    if len(found) > 1:
        what = f"workers of several releases are at work: {', '.join(sorted(found))}"
        return [Finding("workers", "warn", what, cure)]
    (only,) = found
    if web and web != only:
        what = f"workers run release {only}, the web runs {web}"
        return [Finding("workers", "bad", what, cure)]
    same = "the same release as the web" if web else "one release"
    return [Finding("workers", "ok", f"all run {same}, {only}")]
