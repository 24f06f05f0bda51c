"""What keeps jobs and effects going when workers die: one greenlet per worker process.

RQ finds a job whose worker died after its time limit and another minute. Here every worker process
gives a sign of life (`workers:<queue>`), and the jobs of one that went silent go back to the queue
within seconds. Any number of processes may do all this at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis
from rq import worker_registration
from rq.registry import StartedJobRegistry, clean_registries

from app import logs
from app.adapters import queue
from app.adapters.calls.inbox import NewsStore
from app.adapters.queue import QueueName
from app.adapters.redis import keys
from app.adapters.redis.scripts import SHARED, RedisScript, load_script
from app.adapters.release import release
from app.adapters.tools.store import EffectStore

BEAT_S = 2.0
EFFECTS_S = 0.2
SCHEDULED_S = 0.5
WAKE_S = 0.25
LOST_S = 1.0
REGISTRIES_S = 15.0
#: How long a job may be popped and not started, or its process silent, before it is moved.
#: Counted from when this process first saw it so: after a stop of Redis all look silent.
PATIENCE_S = 5.0
MAX_DEAD = 1000

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so many seconds; `alone`: by one process at a time."""

    name: str
    every_s: float
    do: Callable[[], object]
    alone: bool = False


class Upkeep:
    """The upkeep of one queue by one process. `step` is to be called a few times a second."""

    def __init__(
        self,
        redis: Redis,
        name: QueueName,
        process: str,
        effects: EffectStore,
        news: NewsStore,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._chores = chores
        self._redis = redis
        self._news = news
        self._name = name
        self._process = process
        self._release = f"{release()} {process}"
        self._effects = effects
        self._queue = queue.rq_queue(redis, name)
        self._popped_key = self._queue.intermediate_queue.key
        self._started = StartedJobRegistry(queue=self._queue)
        self._queue_due = RedisScript(redis, load_script(SHARED, "queue_due"))
        self._requeue_popped = RedisScript(redis, load_script(SHARED, "requeue_popped"))
        self._popped: dict[bytes, float] = {}
        self._silent: dict[str, float] = {}
        self._next: dict[str, float] = {}

    def step(self) -> None:
        """Do whatever is due. Raises `redis.RedisError` or `Unavailable` where Redis is away."""
        if self._is_due("beat", BEAT_S):
            self.beat()
        if self._name == "live" and self._is_due("effects", EFFECTS_S):
            self._effects.take_up_expired()
        if self._name == "background" and self._is_due("wake", WAKE_S):
            self._news.wake(int(time.time() * 1000))
        for chore in self._chores:
            due = self._is_due(chore.name, chore.every_s)
            if due and (not chore.alone or self._locked(chore.name, chore.every_s)):
                chore.do()
        if self._is_due("scheduled", SCHEDULED_S):
            self.move_scheduled()
        if self._is_due("lost", LOST_S):
            self.find_popped()
            self.find_abandoned()
        if self._is_due("registries", REGISTRIES_S) and self._locked("registries", REGISTRIES_S):
            self.clean()

    def beat(self) -> None:
        """Tell that this process lives."""
        seconds, micros = self._redis.time()
        signs = {
            keys.workers(self._name): self._process,
            keys.worker_releases(self._name): self._release,
        }
        pipeline = self._redis.pipeline(transaction=False)
        for key, member in signs.items():
            pipeline.zadd(key, {member: seconds + micros / 1e6})
            pipeline.zremrangebyscore(key, "-inf", seconds - 60)
            pipeline.expire(key, 3600)
        pipeline.execute()

    def leave(self) -> None:
        """Tell that this process ends."""
        self._redis.zrem(keys.workers(self._name), self._process)
        self._redis.zrem(keys.worker_releases(self._name), self._release)

    def move_scheduled(self) -> None:
        """Queue the jobs whose next attempt is due."""
        self._queue_due(
            keys={"schedule": queue.scheduled_key(self._name), "queue": self._queue.key},
            args={"prefix": queue.job_key("")},
        )

    def find_popped(self) -> None:
        """Queue jobs again that a worker took and never started."""
        now = time.monotonic()
        ids = cast(list[bytes], self._redis.lrange(self._popped_key, 0, 99))
        self._popped = {job_id: self._popped.get(job_id, now) for job_id in ids}
        for job_id, since in self._popped.items():
            if now - since < PATIENCE_S:
                continue
            put_back = self._requeue_popped(
                keys={"popped": self._popped_key, "queue": self._queue.key},
                args={"prefix": queue.job_key(""), "job_id": job_id},
            )
            if put_back:
                log.warning("job was popped but not started", extra={"job": job_id.decode()})

    def find_abandoned(self) -> None:
        """Give the jobs of processes that went silent back to RQ, to be tried again or buried."""
        started = [
            entry.decode()
            for entry in cast(list[bytes], self._redis.zrange(self._started.key, 0, 499))
        ]
        if not started:
            self._silent.clear()
            return
        pipeline = self._redis.pipeline(transaction=False)
        for entry in started:
            pipeline.hget(queue.execution_key(entry), "worker_name")
        owners = {
            entry: process_of(name.decode())
            for entry, name in zip(started, pipeline.execute(), strict=True)
            if name
        }
        gone = self._gone(set(owners.values()))
        lost = [entry for entry, process in owners.items() if process in gone]
        if not lost or not self._locked("abandoned", PATIENCE_S):
            return
        log.warning("abandoned jobs requeued", extra={"jobs": len(lost), "workers": sorted(gone)})
        pipeline = self._redis.pipeline()
        for entry in lost:
            pipeline.zadd(self._started.key, {entry: 1}, xx=True)
            pipeline.lrem(self._popped_key, 1, entry.partition(":")[0])
        pipeline.execute()
        self._started.cleanup()

    def clean(self) -> None:
        """RQ's own upkeep, and bounds to what it keeps of failed jobs."""
        clean_registries(self._queue)
        worker_registration.clean_worker_registry(self._queue)
        self._redis.zremrangebyrank(queue.failed_key(self._name), 0, -MAX_DEAD - 1)

    def _gone(self, processes: set[str]) -> set[str]:
        """Those that have been silent for long enough, by what this process saw itself."""
        now = time.monotonic()
        seconds, _ = self._redis.time()
        pipeline = self._redis.pipeline(transaction=False)
        names = sorted(processes)
        for name in names:
            pipeline.zscore(keys.workers(self._name), name)
        silent = {
            name
            for name, beat in zip(names, pipeline.execute(), strict=True)
            if beat is None or float(beat) < seconds - queue.WORKER_SILENT_S
        }
        self._silent = {name: self._silent.get(name, now) for name in silent}
        return {name for name, since in self._silent.items() if now - since >= PATIENCE_S}

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every_s
        return True

    def _locked(self, what: str, for_s: float) -> bool:
        """True for one process in a while; the lock is not given back."""
        name = f"upkeep:{self._name}:{what}"
        return bool(self._redis.set(name, self._process, nx=True, px=int(for_s * 900)))


def process_of(worker_name: str) -> str:
    """The process of a worker named `<process>.<number>.<life>`."""
    return worker_name.rsplit(".", 2)[0]
