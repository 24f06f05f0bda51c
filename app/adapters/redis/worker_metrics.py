"""What the workers count, shown by one web machine: workers have no address of their own.

Each worker process adds what its counters have gained to one hash in Redis; `/metrics` of one web
machine adds the hash to what it counts itself: shown by all, a sum over machines would count it
several times. The machine that was scraped first has that part, until it is not scraped any more.
Times and gauges stay in their process. Where workers share `PROMETHEUS_MULTIPROC_DIR` with the web,
all that is counted is there already.
"""

from __future__ import annotations

import os
from typing import cast

import orjson
from prometheus_client import REGISTRY, CollectorRegistry
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.metrics import Counts

#: Counts of workers that are gone are kept so long after the last one that counts.
KEEP_S = 30 * 86_400
#: A machine that is not scraped for so long leaves the workers' counters to another.
SHOWN_S = 150


class WorkerMetrics:
    """One per process: `report` in workers, `read` in web processes."""

    def __init__(self, redis: Redis, registry: CollectorRegistry = REGISTRY) -> None:
        self._redis = redis
        self._registry = registry
        self._told: Counts = {}

    @guarded
    def report(self) -> None:
        """Add what was counted since the last report. Raises `Unavailable`; nothing is lost then,
        and what was told twice by a broken connection is counted twice."""
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return
        now = self._counted()
        gained = {
            sample: value - self._told.get(sample, 0.0)
            for sample, value in now.items()
            if value > self._told.get(sample, 0.0)
        }
        if not gained:
            return
        pipeline = self._redis.pipeline()
        for (name, labels), value in gained.items():
            pipeline.hincrbyfloat(keys.WORKER_METRICS, orjson.dumps([name, labels]), value)
        pipeline.expire(keys.WORKER_METRICS, KEEP_S)
        pipeline.execute()
        self._told = now

    @guarded
    def read(self, machine: str) -> Counts:
        """What all workers have counted; nothing where another machine than `machine` shows it.
        Raises `Unavailable`."""
        self._redis.set(keys.METRICS_SHOWN_BY, machine, nx=True, ex=SHOWN_S)
        if self._redis.get(keys.METRICS_SHOWN_BY) != machine.encode():
            return {}
        self._redis.expire(keys.METRICS_SHOWN_BY, SHOWN_S)
        found = cast(dict[bytes, bytes], self._redis.hgetall(keys.WORKER_METRICS))
        out: Counts = {}
        for field, value in found.items():
            name, labels = orjson.loads(field)
            out[name, tuple((label, text) for label, text in labels)] = float(value)
        return out

    def _counted(self) -> Counts:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for metric in self._registry.collect()
            if metric.type == "counter"
            for sample in metric.samples
            if sample.name.endswith("_total")
        }
